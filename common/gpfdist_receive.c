/* gpfdist_receive.c -- the receiver as a whole: its numbers, its start and its end. */
#include "prelude.h"

#include <inttypes.h>

#include "err.h"
#include "gpfdist_internal.h"
#include "gpfdist_request.h"
#include "parse.h"

#define HEAD_SECONDS 20
#define IDLE_SECONDS 300

/* A quarter: four large bodies and none that is small would otherwise be all that fits. */
#define MEMORY_PART 4

/* What the connections leave of the memory. */
static int
plan_memory(const struct receiver_settings *s, uint64_t *bodies, struct err *e)
{
	uint64_t connections = s->connections * RECEIVER_CONNECTION_BYTES;
	char given[FORMAT_SIZE_LEN], needed[FORMAT_SIZE_LEN];

	if (s->connections == 0 || s->wait_seconds == 0)
		return err_set(e, ERR_USAGE, "a receiver needs connections, and time to wait");
	if (s->memory < connections + RECEIVER_BODIES_MIN)
		return err_set(e, ERR_USAGE, "%s of memory do not do for %u connections of segments: at least %s",
		    format_size(s->memory, given), s->connections,
		    format_size(connections + RECEIVER_BODIES_MIN, needed));
	if (s->body_max > s->spill)
		return err_set(e, ERR_USAGE, "a row of %" PRIu64 " bytes does not fit into %" PRIu64 " of temporary files",
		    s->body_max, s->spill);
	*bodies = s->memory - connections;
	return 0;
}

static int
serve(struct receiver *r, const struct receiver_settings *s, struct err *e)
{
	struct gpfdist_times times = {
		.head = s->header_seconds > 0 ? s->header_seconds : HEAD_SECONDS,
		.idle = s->idle_seconds > 0 ? s->idle_seconds : IDLE_SECONDS,
		.body = 2 * s->wait_seconds, /* a segment gives up by then */
	};

	return gpfdist_endpoint_start(&r->endpoint, &s->place, &gpfdist_request_service, r, s->connections, &times, e);
}

int
receiver_start(const struct receiver_settings *s, struct receiver **out, struct err *e)
{
	struct receiver *r;
	uint64_t bodies = 0;

	if (plan_memory(s, &bodies, e) < 0)
		return -1;
	r = mem_alloc(sizeof(*r));
	pthread_mutex_init(&r->mutex, NULL);
	portion_init(&r->memory, bodies);
	portion_init(&r->spill, s->spill);
	r->memory_body_max = bodies / MEMORY_PART;
	r->body_max = s->body_max;
	r->wait_seconds = s->wait_seconds;
	r->unknown = s->unknown;
	r->unknown_ctx = s->unknown_ctx;
	if (serve(r, s, e) < 0) {
		receiver_stop(r);
		return -1;
	}
	*out = r;
	return 0;
}

unsigned
receiver_port(const struct receiver *r)
{
	return r->endpoint.port;
}

void
receiver_stop(struct receiver *r)
{
	if (r == NULL)
		return;
	gpfdist_endpoint_stop(&r->endpoint);
	pthread_mutex_destroy(&r->mutex);
	free(r);
}
