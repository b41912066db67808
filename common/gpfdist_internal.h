/* gpfdist_internal.h -- what the parts of the receiver know of each other.
 *
 * gpfdist_server.c speaks HTTP, a thread a connection; gpfdist_request.c reads one request; gpfdist_reception.c
 * decides what is done with it. */
#ifndef GPM_GPFDIST_INTERNAL_H
#define GPM_GPFDIST_INTERNAL_H

#include "gpfdist_receive.h"
#include "portion.h"

struct gpfdist_post;

struct receiver {
	pthread_mutex_t mutex;        /* over all that follows, and what it leads to */
	struct reception *receptions; /* the open ones */
	struct portion memory, spill;   /* what bodies may take of each */
	uint64_t memory_body_max;     /* a larger one goes into a temporary file */
	uint64_t body_max;
	unsigned wait_seconds;
	receiver_unknown *unknown;    /* these two never change */
	void *unknown_ctx;
	struct gpfdist_endpoint endpoint;
};

/* A request's answer: an HTTP status and, unless it is 200, why. */
#define HTTP_OK 200u
#define HTTP_BAD_REQUEST 400u
#define HTTP_NOT_FOUND 404u
#define HTTP_BAD_METHOD 405u
#define HTTP_AGAIN 408u
#define HTTP_CONFLICT 409u
#define HTTP_TOO_LARGE 413u
#define HTTP_FAILED 500u

/* reception_find(r, path): the open reception whose token PATH begins with, held until reception_release;
 * NULL when there is none, and the receiver's owner opens none for it. */
struct reception *reception_find(struct receiver *, const char *path);
void reception_release(struct reception *);

/* reception_room(r, share, n, until, e): N bytes of SHARE for a body; HTTP_OK and portion_give is the caller's
 * to do, HTTP_AGAIN, or HTTP_NOT_FOUND when the reception has ended. */
unsigned reception_room(struct reception *, struct portion *, uint64_t n, const struct timespec *until, struct err *);

/* reception_take(r, post, data, until, e): judge a request that is whole, give its rows to the sink once
 * the segment's and the lane's turn has come by UNTIL. */
unsigned reception_take(struct reception *, const struct gpfdist_post *, const char *data,
    const struct timespec *until, struct err *);

/* reception_refuse(r, e): count a refusal and keep the first one's reason.  reception_fail(r, e): refuse whatever
 * comes from now on. */
void reception_refuse(struct reception *, const struct err *);
void reception_fail(struct reception *, const struct err *);

#endif
