/* gpfdist_session.h -- where each segment of a statement stands: what came once is not taken again.
 *
 * A segment opens with 1, sends bodies 2, 3, …, each once it has the answer to the one before, and ends with
 * the last number again.  What it has no answer to it sends again, maybe over another connection. */
#ifndef GPM_GPFDIST_SESSION_H
#define GPM_GPFDIST_SESSION_H

#include "portion.h"

struct err;
struct gpfdist_post;

struct gpfdist_segment {
	int id;
	uint64_t last;     /* the number of the last request that was taken */
	bool done;
	struct portion turn; /* of 1: one request at a time is judged and taken */
};

struct gpfdist_session; /* one statement */

struct gpfdist_session *gpfdist_session_new(void) GPM_NODISCARD;
void gpfdist_session_free(struct gpfdist_session *); /* NULL is fine */

enum gpfdist_verdict {
	GPFDIST_TAKE,   /* the body's rows; gpfdist_session_taken when they are safe */
	GPFDIST_NOTED,  /* opened, ended, or nothing to end */
	GPFDIST_REPEAT, /* it was taken before: drop the body, say that it is fine */
	GPFDIST_OTHER,  /* another statement than the one that opened first; E says so */
	GPFDIST_WRONG   /* out of order; E says how */
};

/* gpfdist_session_find(s, post): the segment of this statement that POST is of, NULL when it has not
 * opened.  Take its turn before the judgement. */
struct gpfdist_segment *gpfdist_session_find(struct gpfdist_session *, const struct gpfdist_post *);

/* gpfdist_session_judge(s, post, e): what to do with it. */
enum gpfdist_verdict gpfdist_session_judge(struct gpfdist_session *, const struct gpfdist_post *,
    struct err *) GPM_NODISCARD;

void gpfdist_session_taken(struct gpfdist_segment *);

/* gpfdist_session_count(s, unfinished): segments that opened; of them, those without an end. */
unsigned gpfdist_session_count(const struct gpfdist_session *, unsigned *unfinished);

/* gpfdist_session_cancel(s, owner): portion_cancel for every turn. */
void gpfdist_session_cancel(struct gpfdist_session *, const void *owner);

#endif
