/* gpfdist_request.c -- one request, from its head to its answer.
 *
 * A connection that is closed with bytes unread may lose its answer, and the segment would send all of it again.  So
 * a body that is refused is read to its end first, unless it is large or the segment waits to be told to send it. */
#include "prelude.h"

#include <inttypes.h>

#include "err.h"
#include "gpfdist_body.h"
#include "gpfdist_headers.h"
#include "gpfdist_internal.h"
#include "gpfdist_request.h"

#define DRAIN_MAX ((uint64_t)1 << 20)

struct gpfdist_request {
	struct receiver *receiver;
	struct reception *reception; /* NULL: there is none */
	struct gpfdist_post post;
	struct timespec until;      /* its turn has to come by then */
	unsigned status;            /* that it will be refused with; 0: not yet */
	struct err why;
	struct portion *room;         /* what its body takes of; NULL: nothing */
	struct gpfdist_body *body;  /* NULL: none, or what comes is dropped */
};

static void
refuse_later(struct gpfdist_request *q, unsigned status, const struct err *why)
{
	q->status = status;
	q->why = *why;
}

static unsigned
check_head(struct gpfdist_request *q, bool post, const struct gpfdist_headers *h, struct err *e)
{
	unsigned status;

	if (!post) {
		err_set(e, ERR_FAILED, "rows come by POST");
		return HTTP_BAD_METHOD;
	}
	if ((status = gpfdist_headers_read(h, &q->post, e)) != 0)
		return status;
	if (q->post.length > q->receiver->body_max) {
		err_set(e, ERR_FAILED, "the body is larger than %" PRIu64 " bytes", q->receiver->body_max);
		return HTTP_TOO_LARGE;
	}
	return 0;
}

/* Memory, or a temporary file, for the body; what comes is dropped when there is none. */
static void
make_room(struct gpfdist_request *q)
{
	bool spill = q->post.length > q->receiver->memory_body_max;
	struct portion *share = spill ? &q->receiver->spill : &q->receiver->memory;
	struct err e;
	unsigned status = reception_room(q->reception, share, q->post.length, &q->until, &e);

	if (status != HTTP_OK) {
		refuse_later(q, status, &e);
		return;
	}
	q->room = share;
	if (gpfdist_body_new(q->post.length, spill, &q->body, &e) < 0) {
		reception_fail(q->reception, &e);
		refuse_later(q, HTTP_FAILED, &e);
	}
}

static void
give_up_body(struct gpfdist_request *q)
{
	gpfdist_body_free(q->body);
	q->body = NULL;
	if (q->room == NULL)
		return;
	pthread_mutex_lock(&q->receiver->mutex);
	portion_give(q->room, q->post.length);
	pthread_mutex_unlock(&q->receiver->mutex);
	q->room = NULL;
}

static void
judge_head(struct gpfdist_request *q, bool post, const struct gpfdist_headers *headers)
{
	struct err e;
	unsigned status;

	if (q->reception == NULL) {
		err_set(&e, ERR_FAILED, "not found");
		refuse_later(q, HTTP_NOT_FOUND, &e);
		return;
	}
	if ((status = check_head(q, post, headers, &e)) != 0) {
		reception_refuse(q->reception, &e);
		refuse_later(q, status, &e);
		return;
	}
	clock_gettime(CLOCK_MONOTONIC, &q->until);
	q->until.tv_sec += q->receiver->wait_seconds;
	if (q->post.length > 0)
		make_room(q);
}

static bool
is_drained(const struct gpfdist_headers *h)
{
	uint64_t length;

	return gpfdist_headers_length(h, &length) && length <= DRAIN_MAX && h->value[GPFDIST_EXPECT] == NULL;
}

/* --- the service ----------------------------------------------------------------------------- */

static void
free_request(void *ctx, bool whole)
{
	struct gpfdist_request *q = ctx;

	(void)whole; /* an answer that does not arrive is asked for again */
	give_up_body(q);
	if (q->reception != NULL)
		reception_release(q->reception);
	free(q);
}

static unsigned
begin(void *ctx, const struct gpfdist_head *head, void **out, struct err *e)
{
	struct receiver *r = ctx;
	struct gpfdist_request *q = mem_alloc(sizeof(*q));
	unsigned status;

	q->receiver = r;
	q->reception = reception_find(r, head->path);
	judge_head(q, strcmp(head->method, "POST") == 0, head->headers);
	if (q->status == 0 || is_drained(head->headers)) {
		*out = q;
		return 0;
	}
	status = q->status;
	*e = q->why;
	free_request(q, false);
	return status;
}

static bool
is_refused(const void *ctx)
{
	const struct gpfdist_request *q = ctx;

	return q->status != 0;
}

static void
add(void *ctx, const char *data, size_t n)
{
	struct gpfdist_request *q = ctx;
	struct err e;

	if (q->body == NULL || gpfdist_body_add(q->body, data, n, &e) == 0)
		return;
	reception_fail(q->reception, &e);
	refuse_later(q, HTTP_FAILED, &e);
	give_up_body(q);
}

static unsigned
end(void *ctx, struct err *e)
{
	struct gpfdist_request *q = ctx;
	const char *data = NULL;
	unsigned status = q->status;

	if (status != 0)
		*e = q->why;
	else if (q->body != NULL && gpfdist_body_data(q->body, &data, e) < 0)
		status = HTTP_BAD_REQUEST;
	else
		status = reception_take(q->reception, &q->post, data, &q->until, e);
	give_up_body(q);
	return status;
}

const struct gpfdist_service gpfdist_request_service = {
	.proto = "0", .begin = begin, .is_refused = is_refused, .add = add, .end = end, .free = free_request,
};
