/* export.c -- gpm-export: a database out into the spool. */
#include "prelude.h"

#include <pthread.h>

#include "catalog.h"
#include "copyout.h"
#include "err.h"
#include "export.h"
#include "log.h"
#include "opt.h"
#include "parse.h"
#include "pool.h"
#include "progress.h"
#include "run_choice.h"
#include "schema_dump.h"
#include "selection.h"
#include "snapshot.h"
#include "source.h"
#include "spool.h"
#include "stop.h"

#define MOMENT_TRIES 3 /* schemas that could not be read because of others' locks */

struct export {
	const struct opts *opts;
	struct state *state;
	char *condition;           /* which tables: selection_condition */
	struct snapshot *snapshot;
	struct progress *progress;
	unsigned jobs;
	struct db **sessions;      /* a worker's, opened at its first table */
	pthread_mutex_t mutex;     /* over what follows */
	struct table **deferred;   /* to be read in the holder's session */
	size_t ndeferred;
	size_t nfailed;
};

/* --- the list of what is to be taken out ----------------------------------------------------- */

static int
list_table(void *ctx, struct rec_table *rec, struct err *e)
{
	return state_list(ctx, rec, e);
}

static int
list_sequence(void *ctx, struct rec_sequence *rec, struct err *e)
{
	struct state *s = ctx;

	return journal_note(s->journal, REC_SEQUENCE, rec, e);
}

static int
list_matview(void *ctx, struct rec_matview *rec, struct err *e)
{
	struct state *s = ctx;

	return journal_note(s->journal, REC_MATVIEW, rec, e);
}

static int
list_skipped(void *ctx, struct rec_skipped *rec, struct err *e)
{
	struct state *s = ctx;

	log_warning("%s.%s is passed over: %s, %s", rec->schema, rec->name, rec->kind, rec->reason);
	return journal_note(s->journal, REC_SKIPPED, rec, e);
}

/* Journal the moment and what there is in it. */
static int
list_all(struct export *x, struct err *e)
{
	struct state *s = x->state;
	struct db *holder = snapshot_db(x->snapshot);
	char now[TIME_LEN];
	struct rec_moment moment = {
		.scope = mem_str("run"), .snapshot = mem_str(snapshot_id(x->snapshot)),
		.time = mem_str(time_now(now)),
	};
	int rc = state_begin_listing(s, &moment, e);

	record_free_fields(REC_MOMENT, &moment);
	if (rc < 0 || opt_flag(x->opts, OPT_ID_schema_only))
		return rc;
	if (snapshot_tables(x->snapshot, list_table, s, e) < 0 ||
	    catalog_sequences(holder, x->condition, list_sequence, s, e) < 0 ||
	    catalog_matviews(holder, x->condition, list_matview, s, e) < 0)
		return -1;
	return catalog_skipped(holder, x->condition, list_skipped, s, e);
}

/* --- tables ---------------------------------------------------------------------------------- */

/* A trouble that only concerns the table is noted, and the rest goes on. */
static int
note_failure(struct export *x, struct table *t, struct err *e)
{
	struct rec_failed rec = {
		.table = t->rec.table, .schema = t->rec.schema, .name = t->rec.name, .reason = e->text,
	};

	if (e->code != ERR_DATABASE)
		return err_context(e, "%s.%s", t->rec.schema, t->rec.name);
	log_error("%s.%s: %s", t->rec.schema, t->rec.name, e->text);
	pthread_mutex_lock(&x->mutex);
	x->nfailed++;
	pthread_mutex_unlock(&x->mutex);
	return journal_append(x->state->journal, REC_FAILED, &rec, NULL, e);
}

static int
take_out(struct export *x, struct db *db, struct table *t, struct err *e)
{
	progress_table(x->progress, t->rec.schema, t->rec.name);
	if (copyout_table(db, x->state, t, x->progress, e) < 0)
		return note_failure(x, t, e);
	log_debug("%s.%s: %llu rows in %llu chunks", t->rec.schema, t->rec.name,
	    (unsigned long long)t->done.rows, (unsigned long long)t->done.chunks);
	return 0;
}

static int
worker(void *ctx, unsigned index, void *job, struct err *e)
{
	struct export *x = ctx;
	struct table *t = job;
	struct db **db = &x->sessions[index];
	struct err ignored;
	int rc;

	if (*db == NULL && source_connect(x->opts, spool_run_id(x->state->run), "worker", db, e) < 0)
		return -1;
	rc = snapshot_join(*db, snapshot_id(x->snapshot), &t->rec, e);
	if (rc < 0)
		return err_context(e, "%s.%s", t->rec.schema, t->rec.name);
	if (rc == 0) {
		log_debug("%s.%s: somebody waits for it; left to the session that holds the lock",
		    t->rec.schema, t->rec.name);
		pthread_mutex_lock(&x->mutex);
		x->deferred[x->ndeferred++] = t;
		pthread_mutex_unlock(&x->mutex);
		return 0;
	}
	rc = take_out(x, *db, t, e);
	if (snapshot_leave(*db, rc < 0 ? &ignored : e) < 0)
		return -1;
	return rc;
}

/* The holder has the lock already; a table that fails must not end its transaction. */
static int
take_out_deferred(struct export *x, struct err *e)
{
	struct db *holder = snapshot_db(x->snapshot);

	for (size_t i = 0; i < x->ndeferred; i++) {
		if (db_exec(holder, "SAVEPOINT gpm", e) < 0 || take_out(x, holder, x->deferred[i], e) < 0 ||
		    db_exec(holder, "ROLLBACK TO SAVEPOINT gpm", e) < 0)
			return -1;
	}
	return 0;
}

static int
larger_first(const void *a, const void *b)
{
	const struct table *x = *(const struct table *const *)a, *y = *(const struct table *const *)b;

	if (x->rec.bytes != y->rec.bytes)
		return x->rec.bytes > y->rec.bytes ? -1 : 1;
	return x->rec.table < y->rec.table ? -1 : x->rec.table > y->rec.table;
}

/* Every listed table that is not out yet, the largest first. */
static int
copy_tables(struct export *x, struct err *e)
{
	struct state *s = x->state;
	struct table **todo = mem_array(s->ntables, sizeof(struct table *));
	struct pool *pool;
	size_t n = 0;
	int rc = 0;

	for (size_t i = 0; i < s->ntables; i++) {
		if (!s->tables[i]->listed || s->tables[i]->is_done)
			continue;
		todo[n++] = s->tables[i];
		progress_expect(x->progress, s->tables[i]->rec.bytes);
	}
	if (n > 0)
		qsort(todo, n, sizeof(struct table *), larger_first);
	x->deferred = mem_array(n, sizeof(struct table *));
	pool = pool_start(x->jobs, worker, NULL, x);
	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = pool_put(pool, todo[i], e);
	free(todo);
	if (rc < 0) {
		pool_abort(pool);
		return -1;
	}
	if (pool_finish(pool, e) < 0)
		return -1;
	return take_out_deferred(x, e);
}

/* --- the whole ------------------------------------------------------------------------------- */

static void
summarise(const struct export *x)
{
	const struct state *s = x->state;
	char rows[FORMAT_SIZE_LEN], size[FORMAT_SIZE_LEN];
	uint64_t total_rows = 0, total_bytes = 0;
	size_t tables = 0;

	for (size_t i = 0; i < s->ntables; i++) {
		if (!s->tables[i]->listed || !s->tables[i]->is_done)
			continue;
		tables++;
		total_rows += s->tables[i]->done.rows;
		total_bytes += s->tables[i]->done.plain_bytes;
	}
	log_info("run %s: %zu tables, %s rows, %s in %.0f s", spool_run_id(s->run), tables,
	    format_count(total_rows, rows), format_size(total_bytes, size), progress_seconds(x->progress));
	if (s->moments > 1)
		log_warning("run %s was interrupted: its tables are of %llu moments, not of one",
		    spool_run_id(s->run), (unsigned long long)s->moments);
}

/* Locks, snapshot and schema of one moment.  pg_dump takes locks of its own, and stands behind whoever
 * waits for a stronger one, who stands behind our holder: then let the holder go, so that
 * he gets his turn, and take another moment.  Nothing was read yet that could be lost. */
static int
take_moment(struct export *x, struct err *e)
{
	const char *encoding = source_encoding(x->state->header.encoding);

	for (int left = MOMENT_TRIES; ; left--) {
		if (snapshot_take(x->opts, spool_run_id(x->state->run), encoding, x->condition, &x->snapshot, e) < 0)
			return -1;
		if (opt_flag(x->opts, OPT_ID_data_only) || schema_dump(x->opts, snapshot_db(x->snapshot),
		    snapshot_id(x->snapshot), x->condition, x->state, e) == 0)
			return 0;
		if (e->code != ERR_TEMPORARY || left == 1)
			return -1;
		log_warning("%s", e->text);
		log_info("somebody waits for a stronger lock; he goes first");
		snapshot_release(x->snapshot);
		x->snapshot = NULL;
	}
}

/* Before there is a run: what was asked for must be there, and be something that is carried. */
static int
look_before(struct export *x, struct err *e)
{
	struct db *db;
	uint64_t n = 0;
	int rc = 0;

	if (source_connect(x->opts, NULL, "start", &db, e) < 0)
		return -1;
	if ((x->condition = selection_condition(db, x->opts, e)) == NULL)
		rc = -1;
	if (rc == 0 && !opt_flag(x->opts, OPT_ID_no_large_objects))
		rc = catalog_large_objects(db, &n, e);
	if (rc == 0 && n > 0) {
		err_set(e, ERR_FAILED, "the database holds %llu large objects, which are not carried",
		    (unsigned long long)n);
		rc = err_hint(e, "--no-large-objects leaves them behind");
	}
	db_close(db);
	return rc;
}

static int
take_all_out(struct export *x, struct err *e)
{
	if (take_moment(x, e) < 0 || list_all(x, e) < 0)
		return -1;
	if (copy_tables(x, e) < 0)
		return -1;
	/* is the holder still there?  Without it the locks were not */
	if (db_exec(snapshot_db(x->snapshot), "SELECT 1", e) < 0 || state_end(x->state, e) < 0)
		return -1;
	summarise(x);
	if (x->nfailed > 0)
		return err_set(e, ERR_PARTIAL, "%zu tables could not be taken out; they are named above", x->nfailed);
	return 0;
}

int
export_run(const struct opts *opts, struct err *e)
{
	struct export x = { .opts = opts, .jobs = (unsigned)opt_u64(opts, OPT_ID_jobs) };
	struct spool *spool = NULL;
	int rc = -1;

	if (opt_require(opts, OPT_ID_spool, e) < 0)
		return -1;
	if (x.jobs < 1 || x.jobs > 256)
		return err_set(e, ERR_USAGE, "--jobs is from 1 to 256");
	if (opt_flag(opts, OPT_ID_schema_only) && opt_flag(opts, OPT_ID_data_only))
		return err_set(e, ERR_USAGE, "--schema-only and --data-only exclude one another");
	pthread_mutex_init(&x.mutex, NULL);
	x.sessions = mem_array(x.jobs, sizeof(struct db *));
	x.progress = progress_start("exported", opt_u64(opts, OPT_ID_progress_interval));
	if (look_before(&x, e) == 0 && spool_open(opt_string(opts, OPT_ID_spool), true, &spool, e) == 0 &&
	    run_choose(opts, spool, &x.state, e) == 0) {
		x.state->method = "copy";
		rc = take_all_out(&x, e);
	}
	progress_stop(x.progress);
	for (unsigned i = 0; i < x.jobs; i++)
		db_close(x.sessions[i]);
	free(x.sessions);
	free(x.deferred);
	free(x.condition);
	snapshot_release(x.snapshot);
	state_close(x.state);
	spool_close(spool);
	pthread_mutex_destroy(&x.mutex);
	return rc;
}
