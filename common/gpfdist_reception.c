/* gpfdist_reception.c -- one attempt at one table: whose rows it takes, in which order, to which lane. */
#include "prelude.h"

#include "err.h"
#include "gpfdist_headers.h"
#include "gpfdist_internal.h"
#include "gpfdist_session.h"
#include "gpfdist_token.h"

struct reception {
	struct receiver *receiver;
	struct reception *next;
	char token[GPFDIST_TOKEN_LEN];
	char *url;
	reception_sink *sink;
	reception_ended *ended;          /* NULL: nobody wants to know */
	void *ctx;
	unsigned n_lanes;
	bool *lane_used;
	struct portion lanes;            /* of how many are not used */
	struct gpfdist_session *session;
	struct reception_totals totals;
	bool closed, failed;
	struct err failure;
	unsigned sinking;              /* sink calls under way */
	pthread_cond_t sunk;
	unsigned holders;              /* requests, and the owner */
};

static struct reception *
open_reception(struct receiver *receiver, const char *token, unsigned lanes, reception_sink *sink, reception_ended *ended, void *ctx)
{
	struct reception *r = mem_alloc(sizeof(*r));

	r->receiver = receiver;
	memcpy(r->token, token, sizeof(r->token));
	r->url = mem_printf("%s/%s/t", receiver->endpoint.base_url, token);
	r->sink = sink;
	r->ended = ended;
	r->ctx = ctx;
	r->n_lanes = lanes;
	r->lane_used = mem_array(lanes, sizeof(*r->lane_used));
	portion_init(&r->lanes, lanes);
	r->session = gpfdist_session_new();
	pthread_cond_init(&r->sunk, NULL);
	r->holders = 1;
	pthread_mutex_lock(&receiver->mutex);
	r->next = receiver->receptions;
	receiver->receptions = r;
	pthread_mutex_unlock(&receiver->mutex);
	return r;
}

int
reception_open(struct receiver *receiver, unsigned lanes, reception_sink *sink, void *ctx,
    struct reception **out, struct err *e)
{
	char token[GPFDIST_TOKEN_LEN];

	if (gpfdist_token_make(token, e) < 0)
		return -1;
	*out = open_reception(receiver, token, lanes, sink, NULL, ctx);
	return 0;
}

void
reception_open_as(struct receiver *receiver, const char token[GPFDIST_TOKEN_LEN], reception_sink *sink, reception_ended *ended,
    void *ctx, struct reception **out)
{
	*out = open_reception(receiver, token, 1, sink, ended, ctx);
}

const char *
reception_url(const struct reception *r)
{
	return r->url;
}

static void
free_reception(struct reception *r)
{
	pthread_cond_destroy(&r->sunk);
	gpfdist_session_free(r->session);
	free(r->lane_used);
	free(r->url);
	free(r);
}

static struct reception *
hold(struct receiver *receiver, const char *path)
{
	struct reception *r;

	pthread_mutex_lock(&receiver->mutex);
	for (r = receiver->receptions; r != NULL && !gpfdist_token_leads(r->token, path); r = r->next)
		;
	if (r != NULL)
		r->holders++;
	pthread_mutex_unlock(&receiver->mutex);
	return r;
}

struct reception *
reception_find(struct receiver *receiver, const char *path)
{
	struct reception *r = hold(receiver, path);

	if (r == NULL && receiver->unknown != NULL && receiver->unknown(receiver->unknown_ctx, receiver, path))
		r = hold(receiver, path);
	return r;
}

void
reception_release(struct reception *r)
{
	struct receiver *receiver = r->receiver;
	bool last;

	pthread_mutex_lock(&receiver->mutex);
	last = --r->holders == 0;
	pthread_mutex_unlock(&receiver->mutex);
	if (last)
		free_reception(r);
}

/* The mutex is held. */
static void
note_refusal(struct reception *r, const struct err *why)
{
	if (r->totals.refused++ == 0)
		snprintf(r->totals.first_refusal, sizeof(r->totals.first_refusal), "%.255s", why->text);
}

void
reception_refuse(struct reception *r, const struct err *why)
{
	pthread_mutex_lock(&r->receiver->mutex);
	note_refusal(r, why);
	pthread_mutex_unlock(&r->receiver->mutex);
}

/* The mutex is held. */
static void
note_failure(struct reception *r, const struct err *why)
{
	if (!r->failed)
		r->failure = *why;
	r->failed = true;
}

void
reception_fail(struct reception *r, const struct err *why)
{
	pthread_mutex_lock(&r->receiver->mutex);
	note_failure(r, why);
	pthread_mutex_unlock(&r->receiver->mutex);
}

/* Whether requests are answered at all; the mutex is held. */
static unsigned
look_open(const struct reception *r, struct err *e)
{
	if (r->closed) {
		err_set(e, ERR_FAILED, "not found");
		return HTTP_NOT_FOUND;
	}
	if (r->failed) {
		*e = r->failure;
		return HTTP_FAILED;
	}
	return HTTP_OK;
}

/* Wait for N of a share; the mutex is held, and what was true before may not be any more. */
static unsigned
await(struct reception *r, struct portion *share, uint64_t n, const struct timespec *until, struct err *e)
{
	enum portion_answer a = portion_take(share, &r->receiver->mutex, n, r, until);
	unsigned status;

	if (a == PORTION_TOO_LATE) {
		r->totals.again++;
		err_set(e, ERR_TEMPORARY, "busy, try again");
		return HTTP_AGAIN;
	}
	if ((status = look_open(r, e)) != HTTP_OK && a == PORTION_TAKEN)
		portion_give(share, n);
	return status;
}

unsigned
reception_room(struct reception *r, struct portion *share, uint64_t n, const struct timespec *until, struct err *e)
{
	unsigned status;

	pthread_mutex_lock(&r->receiver->mutex);
	if ((status = look_open(r, e)) == HTTP_OK)
		status = await(r, share, n, until, e);
	pthread_mutex_unlock(&r->receiver->mutex);
	return status;
}

/* The lowest lane, so that few of the owner's chunks are open at a time. */
static unsigned
use_lane(struct reception *r)
{
	unsigned lane = 0;

	while (r->lane_used[lane])
		lane++;
	r->lane_used[lane] = true;
	return lane;
}

/* Call the sink, without the mutex; the segment's turn and a lane are ours. */
static unsigned
sink_body(struct reception *r, const struct gpfdist_post *post, const char *data, struct err *e)
{
	unsigned lane = use_lane(r);
	int rc;

	r->sinking++;
	pthread_mutex_unlock(&r->receiver->mutex);
	rc = r->sink(r->ctx, lane, data, (size_t)post->length, e);
	pthread_mutex_lock(&r->receiver->mutex);
	r->lane_used[lane] = false;
	if (--r->sinking == 0)
		pthread_cond_broadcast(&r->sunk);
	if (rc < 0) {
		note_failure(r, e);
		return HTTP_FAILED;
	}
	r->totals.bodies++;
	r->totals.bytes += post->length;
	return HTTP_OK;
}

static unsigned
take_rows(struct reception *r, struct gpfdist_segment *segment, const struct gpfdist_post *post,
    const char *data, const struct timespec *until, struct err *e)
{
	unsigned status = HTTP_OK;

	if (post->length > 0) {
		if (data[post->length - 1] != '\n') {
			err_set(e, ERR_FAILED, "the rows of segment %d do not end with a newline", post->segment);
			note_failure(r, e);
			return HTTP_BAD_REQUEST;
		}
		if ((status = await(r, &r->lanes, 1, until, e)) != HTTP_OK)
			return status;
		status = sink_body(r, post, data, e);
		portion_give(&r->lanes, 1);
	}
	if (status == HTTP_OK)
		gpfdist_session_taken(segment);
	return status;
}

/* Call ENDED, without the mutex; the segment's turn is ours. */
static unsigned
tell_end(struct reception *r, struct err *e)
{
	int rc;

	r->sinking++;
	pthread_mutex_unlock(&r->receiver->mutex);
	rc = r->ended(r->ctx, e);
	pthread_mutex_lock(&r->receiver->mutex);
	if (--r->sinking == 0)
		pthread_cond_broadcast(&r->sunk);
	if (rc < 0) {
		note_failure(r, e);
		return HTTP_FAILED;
	}
	return HTTP_OK;
}

/* The mutex and, when the segment has opened, its turn are held. */
static unsigned
judge(struct reception *r, struct gpfdist_segment *segment, const struct gpfdist_post *post, const char *data,
    const struct timespec *until, struct err *e)
{
	switch (gpfdist_session_judge(r->session, post, e)) {
	case GPFDIST_TAKE:
		return take_rows(r, segment, post, data, until, e);
	case GPFDIST_REPEAT:
		r->totals.repeats += post->length > 0;
		return HTTP_OK;
	case GPFDIST_NOTED:
		return post->done && r->ended != NULL ? tell_end(r, e) : HTTP_OK;
	case GPFDIST_OTHER:
		return HTTP_CONFLICT;
	case GPFDIST_WRONG:
		break;
	}
	return HTTP_BAD_REQUEST;
}

unsigned
reception_take(struct reception *r, const struct gpfdist_post *post, const char *data,
    const struct timespec *until, struct err *e)
{
	struct gpfdist_segment *segment;
	unsigned status;

	pthread_mutex_lock(&r->receiver->mutex);
	if ((status = look_open(r, e)) == HTTP_OK) {
		segment = gpfdist_session_find(r->session, post);
		if (segment != NULL)
			status = await(r, &segment->turn, 1, until, e);
		if (status == HTTP_OK) {
			status = judge(r, segment, post, data, until, e);
			if (segment != NULL)
				portion_give(&segment->turn, 1);
		}
	}
	if (status != HTTP_OK && status != HTTP_AGAIN && status != HTTP_NOT_FOUND)
		note_refusal(r, e);
	pthread_mutex_unlock(&r->receiver->mutex);
	return status;
}

static void
leave_list(struct reception *r)
{
	struct reception **p = &r->receiver->receptions;

	while (*p != r)
		p = &(*p)->next;
	*p = r->next;
}

/* Nobody comes in any more, and those that wait go out. */
static void
shut(struct reception *r)
{
	leave_list(r);
	r->closed = true;
	portion_cancel(&r->receiver->memory, r);
	portion_cancel(&r->receiver->spill, r);
	portion_cancel(&r->lanes, r);
	gpfdist_session_cancel(r->session, r);
	while (r->sinking > 0)
		pthread_cond_wait(&r->sunk, &r->receiver->mutex);
}

static int
tell(const struct reception *r, struct err *e)
{
	if (r->failed) {
		*e = r->failure;
		return -1;
	}
	if (r->totals.unfinished > 0)
		return err_set(e, ERR_FAILED, "%u of %u segments did not tell the end of their rows",
		    r->totals.unfinished, r->totals.segments);
	return 0;
}

int
reception_close(struct reception *r, struct reception_totals *totals, struct err *e)
{
	int rc;

	pthread_mutex_lock(&r->receiver->mutex);
	shut(r);
	r->totals.segments = gpfdist_session_count(r->session, &r->totals.unfinished);
	if (totals != NULL)
		*totals = r->totals;
	rc = tell(r, e);
	pthread_mutex_unlock(&r->receiver->mutex);
	reception_release(r);
	return rc;
}
