/* gpfdist_dealer.c -- the dealer as a whole: its numbers, its start and its end. */
#include "prelude.h"

#include <malloc.h>

#include "err.h"
#include "gpfdist_deal_internal.h"
#include "gpfdist_get.h"
#include "parse.h"

#define HEAD_SECONDS 20
#define ROWS_MIN ((uint64_t)4 << 20) /* what rows need at least of the memory */
#define LARGE (1 << 20)

/* Rows are large and short-lived, each filled by one thread and freed by another: what they took has to go back to the
 * system at once, or the memory that is counted is not what is used. */
static void
return_memory(void)
{
#ifdef M_MMAP_THRESHOLD
	mallopt(M_MMAP_THRESHOLD, LARGE);
#endif
}

int
dealer_start(const struct dealer_settings *s, struct dealer **out, struct err *e)
{
	uint64_t connections = s->connections * DEALER_CONNECTION_BYTES;
	unsigned head = s->header_seconds > 0 ? s->header_seconds : HEAD_SECONDS;
	struct gpfdist_times times = { .head = head, .idle = head, .body = head }; /* a GET has no body */
	char given[FORMAT_SIZE_LEN], needed[FORMAT_SIZE_LEN];
	struct dealer *d;

	if (s->connections == 0)
		return err_set(e, ERR_USAGE, "a dealer needs connections");
	if (s->memory < connections + ROWS_MIN)
		return err_set(e, ERR_USAGE, "%s of memory do not do for %u connections of segments: at least %s",
		    format_size(s->memory, given), s->connections, format_size(connections + ROWS_MIN, needed));
	return_memory();
	d = mem_alloc(sizeof(*d));
	pthread_mutex_init(&d->mutex, NULL);
	d->memory_max = s->memory - connections;
	portion_init(&d->memory, d->memory_max);
	if (gpfdist_endpoint_start(&d->endpoint, &s->place, &gpfdist_get_service, d, s->connections, &times, e) < 0) {
		dealer_stop(d);
		return -1;
	}
	*out = d;
	return 0;
}

unsigned
dealer_port(const struct dealer *d)
{
	return d->endpoint.port;
}

void
dealer_stop(struct dealer *d)
{
	if (d == NULL)
		return;
	gpfdist_endpoint_stop(&d->endpoint);
	deal_free_spare(d);
	pthread_mutex_destroy(&d->mutex);
	free(d);
}
