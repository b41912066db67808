/* rate.c -- --limit-rate, and how it changes while the push runs.
 *
 * There is no signal for it: SIGHUP ends the tools when a terminal is closed.  Who changes limit_rate in the gpm.conf
 * that the push has read changes it for the push as well; the other keys count at the next start. */
#include "prelude.h"

#include "err.h"
#include "log.h"
#include "opt.h"
#include "rate.h"
#include "throttle.h"

struct rate {
	const struct opts *opts;
	uint64_t stamp;          /* of the files that were read */
	char *text;
	struct throttle *throttle;
};

/* throttle_news_fn: what gpm.conf says now, when it says something else than before. */
static char *
look_again(void *ctx)
{
	struct rate *r = ctx;
	uint64_t stamp = opt_files_stamp(r->opts);
	char *text;
	struct err e;

	if (stamp == r->stamp)
		return NULL;
	r->stamp = stamp;
	if (opt_reread(r->opts, OPT_ID_limit_rate, &text, &e) < 0) {
		log_warning("--limit-rate stays as it is: %s", e.text);
		return NULL;
	}
	if (strcmp(text, r->text) == 0) {
		free(text);
		return NULL;
	}
	free(r->text);
	r->text = text;
	return mem_str(text);
}

int
rate_new(const struct opts *opts, struct rate **out, struct err *e)
{
	struct rate *r = mem_alloc(sizeof(*r));

	r->opts = opts;
	r->stamp = opt_files_stamp(opts);
	r->text = mem_str(opt_string(opts, OPT_ID_limit_rate));
	if (throttle_new(r->text, look_again, r, &r->throttle, e) < 0) {
		rate_free(r);
		return err_context(e, "--limit-rate");
	}
	*out = r;
	return 0;
}

void
rate_free(struct rate *r)
{
	if (r == NULL)
		return;
	throttle_free(r->throttle);
	free(r->text);
	free(r);
}

struct throttle *
rate_throttle(const struct rate *r)
{
	return r->throttle;
}
