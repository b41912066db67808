/* beacon.c -- the metrics of a push that is at work. */
#include "prelude.h"

#include "beacon.h"
#include "clock.h"
#include "err.h"
#include "log.h"
#include "status.h"
#include "ticker.h"

#define SHARE 20 /* one second of work in so many */

struct beacon {
	struct spool *spool;
	const char *path;
	uint64_t interval_s;
	struct ticker *ticker;
	bool warned;
};

static uint64_t
write_metrics(void *ctx)
{
	struct beacon *b = ctx;
	time_t began = clock_s();
	uint64_t wait;
	struct err e;

	if (metrics_write(b->spool, b->path, -1, &e) < 0 && !b->warned) {
		log_warning("no metrics: %s", e.text);
		b->warned = true;
	}
	wait = (uint64_t)(clock_s() - began) * SHARE;
	return wait > b->interval_s ? wait : b->interval_s;
}

struct beacon *
beacon_start(struct spool *spool, const char *path, uint64_t interval_s)
{
	struct beacon *b = mem_alloc(sizeof(*b));

	b->spool = spool;
	b->path = path;
	b->interval_s = interval_s;
	if ((b->ticker = ticker_start(0, write_metrics, b)) == NULL)
		log_warning("metrics are written at the end only: cannot start a thread");
	return b;
}

void
beacon_stop(struct beacon *b)
{
	if (b == NULL)
		return;
	ticker_stop(b->ticker);
	free(b);
}
