/* patience.c -- waiting for gpm-export. */
#include "prelude.h"

#include "clock.h"
#include "err.h"
#include "log.h"
#include "opt.h"
#include "patience.h"
#include "stop.h"

#define POLL_NS 200000000L

struct patience {
	uint64_t wait_s, interval_s;
	time_t since;      /* nothing came; 0: something just did */
	time_t last_word;
};

struct patience *
patience_new(const struct opts *opts)
{
	struct patience *p = mem_alloc(sizeof(*p));

	p->wait_s = opt_u64(opts, OPT_ID_wait);
	p->interval_s = opt_u64(opts, OPT_ID_progress_interval);
	return p;
}

void
patience_free(struct patience *p)
{
	free(p);
}

int
patience_wait(struct patience *p, const char *what, struct err *e)
{
	const struct timespec poll = { 0, POLL_NS };
	time_t now = clock_s();

	if (p->since == 0)
		p->since = p->last_word = now;
	if ((uint64_t)(now - p->since) >= p->wait_s) {
		err_set(e, ERR_UNFINISHED, "waited %llu s for %s", (unsigned long long)p->wait_s, what);
		return err_hint(e, "what there was is stored; run gpm-push again while gpm-export works or after it (--wait)");
	}
	if (p->interval_s > 0 && (uint64_t)(now - p->last_word) >= p->interval_s) {
		log_info("waiting for %s", what);
		p->last_word = now;
	}
	nanosleep(&poll, NULL);
	return stop_asked(e);
}

void
patience_got(struct patience *p)
{
	p->since = 0;
}
