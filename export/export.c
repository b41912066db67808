/* export.c -- gpm-export: a database out into the spool. */
#include "prelude.h"

#include <pthread.h>

#include "business_results.h"
#include "catalog.h"
#include "copyout.h"
#include "err.h"
#include "export.h"
#include "gp_files.h"
#include "gp_out.h"
#include "gpfdist_address.h"
#include "log.h"
#include "opt.h"
#include "parse.h"
#include "pool.h"
#include "progress.h"
#include "receivers.h"
#include "since_rules.h"
#include "run_choice.h"
#include "schema_dump.h"
#include "selection.h"
#include "slices.h"
#include "snapshot.h"
#include "source.h"
#include "spool.h"
#include "stop.h"
#include "unchanged.h"

#define MOMENT_TRIES 3 /* schemas that could not be read because of others' locks */

struct export {
	const struct opts *opts;
	struct spool *spool;
	struct copyout out;        /* what the workers share */
	struct receivers receivers; /* of rows from segments */
	struct gp_files files;     /* where segments leave them */
	struct catalog *catalog;
	char *condition;           /* which tables: selection_condition */
	struct business checks;    /* --checks */
	struct snapshot *snapshot;
	struct since_rules since;  /* tables of which only newer rows are taken */
	unsigned jobs;
	struct db **sessions;      /* a worker's, opened at its first table */
	pthread_mutex_t mutex;     /* over what follows */
	struct slice **deferred;   /* to be read in the holder's session */
	size_t ndeferred;
	size_t nfailed;
};

/* --- the list of what is to be taken out ----------------------------------------------------- */

static int
list_table(void *ctx, struct rec_table *rec, struct err *e)
{
	struct export *x = ctx;

	since_rules_apply(&x->since, rec);
	return state_list(x->out.state, rec, e);
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
	struct state *s = x->out.state;
	struct db *holder = snapshot_db(x->snapshot);
	char now[TIME_LEN];
	struct rec_moment moment = {
		.scope = mem_str(opt_string(x->opts, OPT_ID_snapshot)), .snapshot = mem_str(snapshot_id(x->snapshot)),
		.time = mem_str(time_now(now)),
	};
	int rc = state_begin_listing(s, &moment, e);

	record_free_fields(REC_MOMENT, &moment);
	if (rc < 0 || opt_flag(x->opts, OPT_ID_schema_only))
		return rc;
	if (snapshot_tables(x->snapshot, list_table, x, e) < 0 ||
	    (snapshot_id(x->snapshot) != NULL && unchanged_note(x->catalog, holder, x->condition, s, e) < 0) ||
	    catalog_sequences(x->catalog, holder, x->condition, list_sequence, s, e) < 0 ||
	    catalog_matviews(x->catalog, holder, x->condition, list_matview, s, e) < 0)
		return -1;
	return catalog_skipped(x->catalog, holder, x->condition, list_skipped, s, e);
}

/* --- tables ---------------------------------------------------------------------------------- */

/* A trouble that only concerns the table is noted, once, and the rest goes on. */
static int
note_failure(struct export *x, const struct slice *slice, struct err *e)
{
	const struct rec_table *t = &attempt_table(slice->attempt)->rec;
	struct rec_failed rec = { .table = t->table, .schema = t->schema, .name = t->name, .reason = e->text };

	if (e->code != ERR_DATABASE)
		return err_context(e, "%s.%s", t->schema, t->name);
	if (!attempt_fail(slice->attempt))
		return 0;
	log_error("%s.%s: %s", t->schema, t->name, e->text);
	pthread_mutex_lock(&x->mutex);
	x->nfailed++;
	pthread_mutex_unlock(&x->mutex);
	return journal_append(x->out.state->journal, REC_FAILED, &rec, NULL, e);
}

/* 1: it is worth another try, in another transaction. */
static int
take_out(struct export *x, struct db *db, const struct slice *slice, struct err *e)
{
	const struct rec_table *t = &attempt_table(slice->attempt)->rec;

	progress_table(x->out.progress, t->schema, t->name);
	if (copyout_slice(&x->out, db, slice, e) < 0) {
		/* a segment that lost its way to us */
		if (e->code == ERR_DATABASE && copyout_by_segments(&x->out, t) && attempt_again(slice->attempt)) {
			log_warning("%s.%s: %s; once more", t->schema, t->name, e->text);
			return 1;
		}
		return note_failure(x, slice, e);
	}
	log_debug("%s.%s: slice %llu is out", t->schema, t->name, (unsigned long long)slice->writer);
	return 0;
}

/* Somebody waits for a stronger lock on the table. */
static void
defer(struct export *x, struct slice *slice)
{
	const struct rec_table *t = &attempt_table(slice->attempt)->rec;

	log_debug("%s.%s: somebody waits for it; left to the session that holds the lock", t->schema, t->name);
	pthread_mutex_lock(&x->mutex);
	x->deferred[x->ndeferred++] = slice;
	pthread_mutex_unlock(&x->mutex);
}

static int
read_slice(struct export *x, struct db **db, struct slice *slice, struct err *e)
{
	const struct rec_table *t = &attempt_table(slice->attempt)->rec;
	struct err ignored;
	int rc;

	if (*db == NULL && source_connect(x->opts, spool_run_id(x->out.state->run), "worker", db, e) < 0)
		return -1;
	do {
		rc = snapshot_join(x->snapshot, *db, t, e);
		if (rc == 0) {
			defer(x, slice);
			return 0;
		}
		rc = rc < 0 ? note_failure(x, slice, e) : take_out(x, *db, slice, e);
		if (snapshot_leave(*db, rc < 0 ? &ignored : e) < 0)
			return -1;
	} while (rc > 0);
	return rc;
}

static int
worker(void *ctx, unsigned index, void *job, struct err *e)
{
	struct export *x = ctx;
	int rc = read_slice(x, &x->sessions[index], job, e);

	if (rc < 0)
		space_cancel(x->out.space);
	return rc;
}

/* The holder has the lock already; a table that fails must not end its transaction. */
static int
take_out_deferred(struct export *x, struct err *e)
{
	struct db *holder = snapshot_db(x->snapshot);

	x->out.receivers = NULL; /* the holder may not write */
	x->out.files = NULL;
	for (size_t i = 0; i < x->ndeferred; i++) {
		if (db_exec(holder, "SAVEPOINT gpm", e) < 0 || take_out(x, holder, x->deferred[i], e) < 0 ||
		    db_exec(holder, "ROLLBACK TO SAVEPOINT gpm", e) < 0)
			return -1;
	}
	return 0;
}

static int
copy_slices(struct export *x, struct slices *work, struct err *e)
{
	struct pool *pool = pool_start(x->jobs, worker, NULL, x);
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < work->len; i++)
		rc = pool_put(pool, &work->at[i], e);
	if (rc < 0) {
		pool_abort(pool);
		return -1;
	}
	if (pool_finish(pool, e) < 0)
		return -1;
	return take_out_deferred(x, e);
}

/* Every listed table that is not out yet. */
static int
copy_tables(struct export *x, struct err *e)
{
	struct slices work;
	int rc;

	/* the slices of a table are of one snapshot; segments bring a table as a whole */
	if (slices_plan(x->catalog, snapshot_id(x->snapshot) != NULL && x->out.receivers == NULL && x->out.files == NULL ?
	    snapshot_db(x->snapshot) : NULL, x->out.state, x->jobs, &work, e) < 0)
		return -1;
	for (size_t i = 0; i < work.nattempts; i++)
		progress_expect(x->out.progress, attempt_table(work.attempts[i])->rec.bytes);
	x->deferred = mem_array(work.len, sizeof(struct slice *));
	rc = copy_slices(x, &work, e);
	slices_release(&work);
	return rc;
}

/* --- the whole ------------------------------------------------------------------------------- */

static void
summarise(const struct export *x)
{
	const struct state *s = x->out.state;
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
	    format_count(total_rows, rows), format_size(total_bytes, size), progress_seconds(x->out.progress));
	if (snapshot_id(x->snapshot) == NULL)
		log_info("each table is of its own moment (--snapshot table)");
	if (s->moments > 1)
		log_warning("run %s was interrupted: its tables are of %llu moments, not of one",
		    spool_run_id(s->run), (unsigned long long)s->moments);
}

/* What is read before the rows. */
static int
read_moment(struct export *x, struct err *e)
{
	if (!opt_flag(x->opts, OPT_ID_data_only) && schema_dump(x->opts, x->catalog, snapshot_db(x->snapshot), snapshot_id(x->snapshot),
	    x->condition, x->out.state, e) < 0)
		return -1;
	return x->checks.len > 0 ? business_results(&x->checks, snapshot_db(x->snapshot), x->out.state, e) : 0;
}

/* Locks, snapshot and schema of one moment.  pg_dump takes locks of its own, and stands behind whoever
 * waits for a stronger one, who stands behind our holder: then let the holder go, so that
 * he gets his turn, and take another moment.  Nothing was read yet that could be lost. */
static int
take_moment(struct export *x, struct err *e)
{
	const char *encoding = source_encoding(x->out.state->header.encoding);

	for (int left = MOMENT_TRIES; ; left--) {
		if (snapshot_take(x->opts, x->catalog, spool_run_id(x->out.state->run), encoding, x->condition, &x->snapshot,
		    e) < 0)
			return -1;
		if (read_moment(x, e) == 0)
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
	const char *checks = opt_string(x->opts, OPT_ID_checks);
	uint64_t n = 0;
	int rc = 0;

	if ((checks != NULL && business_read(checks, &x->checks, e) < 0) || source_connect(x->opts, NULL, "start", &db, e) < 0)
		return -1;
	if (catalog_new(db, &x->catalog, e) < 0 || (x->condition = selection_condition(x->catalog, db, x->opts, e)) == NULL ||
	    since_rules_read(x->opts, x->catalog, db, &x->since, e) < 0)
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

/* Segments leave their rows elsewhere: the journal says who is to bring them. */
static int
start_files(struct export *x, bool urls, struct err *e)
{
	if ((urls ? gp_files_open_urls : gp_files_open_segments)(x->opts, snapshot_db(x->snapshot), &x->files, e) < 0)
		return -1;
	x->out.files = &x->files;
	return hosts_journal(&x->files.hosts, x->out.state, e);
}

/* Segments send their rows to us, or to receivers on other hosts, which the journal names. */
static int
start_receivers(struct export *x, struct err *e)
{
	if (opt_list_len(x->opts, OPT_ID_receiver) == 0) {
		if (receivers_start(x->opts, snapshot_db(x->snapshot), x->jobs, &x->receivers, e) < 0)
			return -1;
		x->out.receivers = &x->receivers;
		return 0;
	}
	if (gp_files_open_receivers(x->opts, snapshot_db(x->snapshot), x->jobs, &x->files, e) < 0)
		return -1;
	x->out.files = &x->files;
	return hosts_journal(&x->files.hosts, x->out.state, e);
}

/* Better now than at the first table, hours later; in a session of its own, because the holder's may not write.
 * 1; 0: they cannot, for E; -1. */
static int
check_reach(struct export *x, struct err *e)
{
	struct db *db;
	int rc = source_connect(x->opts, spool_run_id(x->out.state->run), "reach", &db, e);

	if (rc < 0)
		return -1;
	rc = x->out.receivers != NULL ? receivers_reach(x->out.receivers, db, e) : gp_files_reach(x->out.files, db, e);
	db_close(db);
	if (rc == 0)
		return 1;
	if (e->code != ERR_FAILED)
		return -1;
	err_context(e, "the segments cannot send their rows");
	err_hint(e, "--listen HOST[:PORT] names this host as the segments reach it, --receiver another one; or use --method copy");
	return 0;
}

/* Where nobody asked for more, rows that segments cannot send go through the session. */
static int
start_gpfdist(struct export *x, struct err *e)
{
	bool asked = opt_is_set(x->opts, OPT_ID_method) || opt_list_len(x->opts, OPT_ID_receiver) > 0 ||
	    opt_is_set(x->opts, OPT_ID_tls_certificate);
	int rc = start_receivers(x, e);

	if (rc == 0)
		rc = check_reach(x, e);
	if (rc > 0)
		return 0;
	if (rc < 0 || asked)
		return -1;
	log_warning("all rows go through the coordinator, which is slower: %s", e->text);
	log_info("%s", e->hint);
	receivers_stop(&x->receivers);
	x->out.receivers = NULL;
	return 0;
}

/* How rows leave: from Greenplum's segments, or all through the session. */
static int
start_method(struct export *x, struct err *e)
{
	const char *method = opt_string(x->opts, OPT_ID_method);
	bool segments = catalog_is_greenplum(x->catalog);

	if (method == NULL)
		method = segments ? "gpfdist" : "copy";
	if (strcmp(method, "copy") == 0)
		return 0;
	if (strcmp(method, "gpfdist") != 0 && strcmp(method, "on-segment") != 0 && strcmp(method, "gpfdist-url") != 0)
		return err_set(e, ERR_USAGE, "--method is gpfdist, on-segment, gpfdist-url or copy, not '%s'", method);
	if (!segments)
		return err_set(e, ERR_USAGE, "--method %s is for Greenplum and its kin; this is %s", method, x->out.state->header.system);
	x->out.small_table = opt_u64(x->opts, OPT_ID_small_table);
	return strcmp(method, "gpfdist") == 0 ? start_gpfdist(x, e) : start_files(x, strcmp(method, "gpfdist-url") == 0, e);
}

static int
take_all_out(struct export *x, struct err *e)
{
	if (take_moment(x, e) < 0 || list_all(x, e) < 0 || unchanged_take(x->out.state, x->out.measure, x->spool, e) < 0 || start_method(x, e) < 0)
		return -1;
	if (copy_tables(x, e) < 0)
		return -1;
	/* is the holder still there?  Without it the locks were not */
	if (db_exec(snapshot_db(x->snapshot), "SELECT 1", e) < 0 || state_end(x->out.state, e) < 0)
		return -1;
	summarise(x);
	if (x->nfailed > 0)
		return err_set(e, ERR_PARTIAL, "%zu tables could not be taken out; they are named above", x->nfailed);
	return 0;
}

/* Chunks that a worker may have open at once. */
static unsigned
open_chunks(const struct export *x)
{
	size_t n = opt_list_len(x->opts, OPT_ID_listen);
	const char *method = opt_string(x->opts, OPT_ID_method);

	return catalog_is_greenplum(x->catalog) && opt_list_len(x->opts, OPT_ID_receiver) == 0 && (method == NULL || strcmp(method, "gpfdist") == 0) ? GP_OUT_LANES * (unsigned)(n > 0 ? n : 1) : 1;
}

int
export_run(const struct opts *opts, const char *group, struct db **holder, struct err *e)
{
	struct export x = { .opts = opts, .jobs = (unsigned)opt_u64(opts, OPT_ID_jobs) };
	const char *measure = opt_string(opts, OPT_ID_measure), *snapshot = opt_string(opts, OPT_ID_snapshot);
	int rc = -1;

	if (opt_require(opts, OPT_ID_spool, e) < 0)
		return -1;
	if (x.jobs < 1 || x.jobs > 256)
		return err_set(e, ERR_USAGE, "--jobs is from 1 to 256");
	if (opt_flag(opts, OPT_ID_schema_only) && opt_flag(opts, OPT_ID_data_only))
		return err_set(e, ERR_USAGE, "--schema-only and --data-only exclude one another");
	x.out.measure = strcmp(measure, "aggregates") == 0;
	if (!x.out.measure && strcmp(measure, "none") != 0)
		return err_set(e, ERR_USAGE, "--measure is none or aggregates, not '%s'", measure);
	if (strcmp(snapshot, "run") != 0 && strcmp(snapshot, "table") != 0)
		return err_set(e, ERR_USAGE, "--snapshot is run or table, not '%s'", snapshot);
	if (opt_string(opts, OPT_ID_checks) != NULL && strcmp(snapshot, "table") == 0)
		return err_set(e, ERR_USAGE, "--checks needs one moment for all tables: --snapshot run");
	if (opt_flag(opts, OPT_ID_freeze) && strcmp(snapshot, "table") == 0)
		return err_set(e, ERR_USAGE, "--freeze holds all tables at one moment: --snapshot run");
	if (gpfdist_check_tls(opts, e) < 0 || unchanged_check(opts, e) < 0)
		return -1;
	pthread_mutex_init(&x.mutex, NULL);
	x.sessions = mem_array(x.jobs, sizeof(struct db *));
	x.out.progress = progress_start("exported", opt_u64(opts, OPT_ID_progress_interval));
	if (look_before(&x, e) == 0 && spool_open(opt_string(opts, OPT_ID_spool), true, &x.spool, e) == 0 &&
	    run_choose(opts, group, x.spool, &x.out.state, e) == 0) {
		rc = space_new(opts, x.spool, spool_run_id(x.out.state->run), x.out.state->header.chunk_size,
		    x.jobs * open_chunks(&x), &x.out.space, e);
		if (rc == 0)
			rc = take_all_out(&x, e);
	}
	progress_stop(x.out.progress);
	for (unsigned i = 0; i < x.jobs; i++)
		db_close(x.sessions[i]);
	gp_files_close(&x.files);
	receivers_stop(&x.receivers);
	free(x.sessions);
	free(x.deferred);
	if (holder != NULL && (rc == 0 || e->code == ERR_PARTIAL))
		*holder = snapshot_keep(x.snapshot);
	snapshot_release(x.snapshot);
	business_release(&x.checks);
	since_rules_release(&x.since);
	free(x.condition);
	catalog_free(x.catalog);
	space_free(x.out.space);
	state_close(x.out.state);
	spool_close(x.spool);
	pthread_mutex_destroy(&x.mutex);
	return rc;
}
