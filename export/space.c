/* space.c -- room for chunks in the spool. */
#include "prelude.h"

#include <pthread.h>
#include <sys/statvfs.h>

#include "clock.h"
#include "err.h"
#include "log.h"
#include "opt.h"
#include "parse.h"
#include "space.h"
#include "stop.h"

#define FREE_PERCENT 5 /* of the disk, left to others */
#define POLL_NS 200000000L
#define SILENT_S 2

struct space {
	struct spool *spool;
	const char *run;
	uint64_t chunk_size, limit, wait_s, interval_s;
	pthread_mutex_t mutex; /* over what follows */
	uint64_t used;         /* by closed chunks, when last looked, plus what was closed since: never too little */
	unsigned open;         /* chunks that room was taken for */
	bool cancelled;
	time_t waiting_since;  /* 0: nobody waits */
	time_t last_word;      /* 0: none yet */
	char why[128];         /* what there is not enough of */
};

static int
refuse(const struct space *s, unsigned jobs, struct err *e)
{
	char limit[FORMAT_SIZE_LEN], chunk[FORMAT_SIZE_LEN], least[FORMAT_SIZE_LEN];

	err_set(e, ERR_USAGE, "--spool-limit %s is too little for %u workers with a chunk of %s each: at least %s",
	    format_size(s->limit, limit), jobs, format_size(s->chunk_size, chunk),
	    format_size(jobs * s->chunk_size, least));
	return err_hint(e, "give a larger --spool-limit, fewer --jobs or a smaller --chunk-size");
}

int
space_new(const struct opts *opts, struct spool *spool, const char *run, uint64_t chunk_size, unsigned jobs,
    struct space **out, struct err *e)
{
	struct space *s = mem_alloc(sizeof(*s));

	s->spool = spool;
	s->run = run;
	s->chunk_size = chunk_size;
	s->limit = opt_u64(opts, OPT_ID_spool_limit);
	s->wait_s = opt_u64(opts, OPT_ID_wait);
	s->interval_s = opt_u64(opts, OPT_ID_progress_interval);
	pthread_mutex_init(&s->mutex, NULL);
	if ((opt_is_set(opts, OPT_ID_spool_limit) && s->limit < jobs * chunk_size && refuse(s, jobs, e) < 0) ||
	    spool_rows_size(spool, run, &s->used, e) < 0) {
		space_free(s);
		return -1;
	}
	*out = s;
	return 0;
}

void
space_free(struct space *s)
{
	if (s == NULL)
		return;
	pthread_mutex_destroy(&s->mutex);
	free(s);
}

/* --- is there room? -------------------------------------------------------------------------- */

static bool
limit_has_room(struct space *s)
{
	char used[FORMAT_SIZE_LEN], limit[FORMAT_SIZE_LEN];

	if (s->limit == 0 || s->used + (s->open + 1) * s->chunk_size <= s->limit)
		return true;
	snprintf(s->why, sizeof(s->why), "%s of rows are in the spool, of %s that it may hold",
	    format_size(s->used, used), format_size(s->limit, limit));
	return false;
}

/* 1, 0 no, -1. */
static int
disk_has_room(struct space *s, struct err *e)
{
	char left[FORMAT_SIZE_LEN], keep[FORMAT_SIZE_LEN];
	struct statvfs fs;
	uint64_t available, reserve;

	if (statvfs(spool_dir(s->spool), &fs) != 0)
		return err_sys(e, "cannot look at '%s'", spool_dir(s->spool));
	available = (uint64_t)fs.f_bavail * fs.f_frsize;
	reserve = (uint64_t)fs.f_blocks * fs.f_frsize / 100 * FREE_PERCENT;
	if (available >= reserve + (s->open + 1) * s->chunk_size)
		return 1;
	snprintf(s->why, sizeof(s->why), "%s are free on its disk, of which %s (%d %%) are left to others",
	    format_size(available, left), format_size(reserve, keep), FREE_PERCENT);
	return 0;
}

/* Room for one more chunk?  1, 0, -1.  The mutex is held. */
static int
try_take(struct space *s, struct err *e)
{
	int rc;

	/* gpm-push only removes: the number is looked up anew when it seems too large */
	if (!limit_has_room(s) && (spool_rows_size(s->spool, s->run, &s->used, e) < 0))
		return -1;
	rc = limit_has_room(s) ? disk_has_room(s, e) : 0;
	if (rc > 0) {
		s->open++;
		s->waiting_since = 0;
	}
	return rc;
}

/* --- waiting --------------------------------------------------------------------------------- */

/* Tell that the export waits, once an interval; -1 when it has waited long enough.  The mutex is held. */
static int
keep_waiting(struct space *s, struct err *e)
{
	time_t now = clock_s();

	if (s->cancelled)
		return err_set(e, ERR_STOPPED, "the export ends");
	if (s->waiting_since == 0)
		s->waiting_since = now;
	if ((uint64_t)(now - s->waiting_since) >= s->wait_s) {
		err_set(e, ERR_LIMIT, "the spool is full: %s", s->why);
		return err_hint(e, "run gpm-push, beside the export with --follow; the next start goes on (waited for %llu s, --wait)",
		    (unsigned long long)s->wait_s);
	}
	/* to wait a moment is the normal way of a full spool that gpm-push empties: not worth a word */
	if (now - s->waiting_since >= SILENT_S && (s->last_word == 0 ||
	    (s->interval_s > 0 && (uint64_t)(now - s->last_word) >= s->interval_s))) {
		log_warning("the spool is full: %s; waiting for gpm-push", s->why);
		s->last_word = now;
	}
	return 0;
}

int
space_take(struct space *s, struct err *e)
{
	const struct timespec poll = { 0, POLL_NS };
	int rc;

	for (;;) {
		pthread_mutex_lock(&s->mutex);
		if ((rc = try_take(s, e)) == 0)
			rc = keep_waiting(s, e);
		pthread_mutex_unlock(&s->mutex);
		if (rc != 0)
			return rc < 0 ? -1 : 0;
		if (stop_check(e) < 0)
			return -1;
		nanosleep(&poll, NULL);
	}
}

void
space_settle(struct space *s, uint64_t bytes)
{
	pthread_mutex_lock(&s->mutex);
	s->used += bytes;
	s->open--;
	pthread_mutex_unlock(&s->mutex);
}

void
space_cancel(struct space *s)
{
	pthread_mutex_lock(&s->mutex);
	s->cancelled = true;
	pthread_mutex_unlock(&s->mutex);
}
