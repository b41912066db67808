/* gpfdist_session.c -- where each segment of a statement stands. */
#include "prelude.h"

#include <inttypes.h>

#include "err.h"
#include "gpfdist_headers.h"
#include "gpfdist_session.h"

struct gpfdist_session {
	char statement[GPFDIST_STATEMENT_LEN]; /* "": none has opened */
	struct gpfdist_segment **segments;     /* one by one: others hold pointers to them */
	size_t n, room;
};

struct gpfdist_session *
gpfdist_session_new(void)
{
	return mem_alloc(sizeof(struct gpfdist_session));
}

void
gpfdist_session_free(struct gpfdist_session *s)
{
	if (s == NULL)
		return;
	for (size_t i = 0; i < s->n; i++)
		free(s->segments[i]);
	free(s->segments);
	free(s);
}

struct gpfdist_segment *
gpfdist_session_find(struct gpfdist_session *s, const struct gpfdist_post *post)
{
	if (strcmp(s->statement, post->statement) != 0)
		return NULL;
	for (size_t i = 0; i < s->n; i++)
		if (s->segments[i]->id == post->segment)
			return s->segments[i];
	return NULL;
}

static void
open_segment(struct gpfdist_session *s, const struct gpfdist_post *post)
{
	struct gpfdist_segment *segment = mem_alloc(sizeof(*segment));

	memcpy(s->statement, post->statement, sizeof(s->statement));
	segment->id = post->segment;
	segment->last = 1;
	portion_init(&segment->turn, 1);
	if (s->n == s->room) {
		s->room = s->room > 0 ? 2 * s->room : 16;
		s->segments = mem_grow(s->segments, s->room * sizeof(*s->segments));
	}
	s->segments[s->n++] = segment;
}

static enum gpfdist_verdict
judge_end(struct gpfdist_segment *segment, uint64_t seq, struct err *e)
{
	if (seq != segment->last) {
		err_set(e, ERR_FAILED, "segment %d ends at %" PRIu64 ", but the last taken is %" PRIu64, segment->id,
		    seq, segment->last);
		return GPFDIST_WRONG;
	}
	segment->done = true;
	return GPFDIST_NOTED;
}

static enum gpfdist_verdict
judge_rows(const struct gpfdist_segment *segment, uint64_t seq, struct err *e)
{
	if (seq == segment->last)
		return GPFDIST_REPEAT;
	if (seq == segment->last + 1 && !segment->done)
		return GPFDIST_TAKE;
	err_set(e, ERR_FAILED, "wrong sequence number %" PRIu64 ": the last taken from segment %d is %" PRIu64 "%s",
	    seq, segment->id, segment->last, segment->done ? ", its end" : "");
	return GPFDIST_WRONG;
}

enum gpfdist_verdict
gpfdist_session_judge(struct gpfdist_session *s, const struct gpfdist_post *post, struct err *e)
{
	struct gpfdist_segment *segment = gpfdist_session_find(s, post);

	if (segment != NULL)
		return post->done ? judge_end(segment, post->seq, e) : judge_rows(segment, post->seq, e);
	if (post->done)
		return GPFDIST_NOTED;
	if (s->statement[0] != '\0' && strcmp(s->statement, post->statement) != 0) {
		err_set(e, ERR_FAILED, "another statement has begun to write to this location");
		return GPFDIST_OTHER;
	}
	if (post->seq != 1) {
		err_set(e, ERR_FAILED, "wrong sequence number %" PRIu64 ": segment %d has not opened", post->seq,
		    post->segment);
		return GPFDIST_WRONG;
	}
	open_segment(s, post);
	return GPFDIST_NOTED;
}

void
gpfdist_session_taken(struct gpfdist_segment *segment)
{
	segment->last++;
}

unsigned
gpfdist_session_count(const struct gpfdist_session *s, unsigned *unfinished)
{
	*unfinished = 0;
	for (size_t i = 0; i < s->n; i++)
		*unfinished += !s->segments[i]->done;
	return (unsigned)s->n;
}

void
gpfdist_session_cancel(struct gpfdist_session *s, const void *owner)
{
	for (size_t i = 0; i < s->n; i++)
		portion_cancel(&s->segments[i]->turn, owner);
}
