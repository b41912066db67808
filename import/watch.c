/* watch.c -- gpm-import watch: runs as they get sealed, from cron or as a service. */
#include "prelude.h"

#include <inttypes.h>
#include <unistd.h>

#include "err.h"
#include "find.h"
#include "import.h"
#include "load.h"
#include "log.h"
#include "opt.h"
#include "session.h"
#include "stop.h"
#include "verdict.h"

#define NAP 100000 /* microseconds: how late a signal may be noticed */

/* Did a load of RUN end well here, compared at least as it is asked for now?  1, 0, -1. */
static int
is_done(const struct opts *opts, const struct run *run, struct err *e)
{
	struct db *db;
	int rc;

	if (session_open_reading(opts, run->id, &db, e) < 0)
		return -1;
	rc = verdict_is_noted(opts, run, db, e);
	db_close(db);
	return rc;
}

/* The run that is meant now, and what is left to do of it.  A bucket without a sealed run is not finished. */
static int
look(const struct opts *opts, struct store *store, struct err *e)
{
	struct run *run;
	int rc;

	if (find_run(store, opts, &run, e) < 0) {
		if (e->code == ERR_NO_RUN)
			e->code = ERR_UNFINISHED;
		return -1;
	}
	rc = is_done(opts, run, e);
	if (rc == 0)
		rc = load_opened(opts, run, e);
	run_close(run);
	return rc < 0 ? -1 : 0;
}

static int
wait_for(uint64_t seconds, struct err *e)
{
	for (uint64_t i = 0; i < seconds * (1000000 / NAP); i++) {
		if (stop_check(e) < 0)
			return -1;
		usleep(NAP);
	}
	return stop_check(e);
}

/* A run that is named can be done with; of the latest there may be another one tomorrow. */
static bool
is_named(const struct opts *opts)
{
	const char *run = opt_string(opts, OPT_ID_run);

	return run != NULL && strcmp(run, "latest") != 0;
}

static int
look_again_and_again(const struct opts *opts, struct store *store, uint64_t interval, struct err *e)
{
	for (;;) {
		if (look(opts, store, e) == 0) {
			if (is_named(opts))
				return 0;
		} else if (e->code == ERR_TEMPORARY) {
			log_warning("%s; once more in %" PRIu64 " s", e->text, interval);
		} else if (e->code == ERR_UNFINISHED || e->code == ERR_LOCKED) {
			log_debug("%s", e->text);
		} else {
			return -1; /* it would be the same the next time */
		}
		if (wait_for(interval, e) < 0)
			return -1;
	}
}

int
import_watch(const struct opts *opts, struct store *store, struct err *e)
{
	uint64_t interval = opt_u64(opts, OPT_ID_interval);
	int rc;

	if (opt_flag(opts, OPT_ID_schema_only))
		return err_set(e, ERR_USAGE, "watch loads rows: --schema-only is for load");
	rc = interval > 0 ? look_again_and_again(opts, store, interval, e) : look(opts, store, e);
	if (rc < 0 && opt_flag(opts, OPT_ID_quiet) && (e->code == ERR_UNFINISHED || e->code == ERR_LOCKED))
		e->text[0] = e->hint[0] = '\0'; /* the exit status tells */
	return rc;
}
