/* load.c -- gpm-import load: a run into the destination, exactly once, and the verdict. */
#include "prelude.h"

#include "err.h"
#include "find.h"
#include "import.h"
#include "ledger.h"
#include "load_copy.h"
#include "log.h"
#include "opt.h"
#include "parse.h"
#include "pool.h"
#include "progress.h"
#include "report.h"
#include "schema.h"
#include "session.h"
#include "stop.h"
#include "verdict.h"

struct load {
	const struct opts *opts;
	struct run *run;
	struct db *db;             /* the main session: ledger, lock, sequences, verdict */
	struct report *report;
	struct progress *progress;
	struct pool *pool;
	unsigned jobs;
	struct db **sessions;      /* a worker's, opened at its first batch */
	struct buf *objects;       /* a worker's */
};

struct batch {
	struct run_table *table; /* shared with the table's other batches */
	uint64_t number;
	struct rec_chunk *chunks;
	size_t n;
	uint64_t rows, bytes;
};

/* --- batches --------------------------------------------------------------------------------- */

static struct batch *
new_batch(struct run_table *t, uint64_t number)
{
	struct batch *b = mem_alloc(sizeof(*b));

	b->table = run_table_share(t);
	b->number = number;
	return b;
}

static void
free_batch(void *job)
{
	struct batch *b = job;

	for (size_t i = 0; i < b->n; i++)
		record_free_fields(REC_CHUNK, &b->chunks[i]);
	free(b->chunks);
	run_table_close(b->table);
	free(b);
}

static void
add_chunk(struct batch *b, const struct rec_chunk *c)
{
	b->chunks = mem_grow(b->chunks, (b->n + 1) * sizeof(*b->chunks));
	b->chunks[b->n++] = *c;
	b->rows += c->rows;
	b->bytes += c->plain_bytes;
}

/* A trouble that concerns the table is reported and the others go on; a lost connection, a store
 * that does not answer or a signal ends the load. */
static int
note_table(struct load *l, const struct rec_table *t, const struct err *e)
{
	if (e->code != ERR_DATABASE && e->code != ERR_DIFFERS)
		return -1;
	report_trouble(l->report, e, "%s.%s", t->schema, t->name);
	report_table_failed(l->report, t->table);
	return 0;
}

static int
worker(void *ctx, unsigned index, void *job, struct err *e)
{
	struct load *l = ctx;
	struct batch *b = job;
	const struct rec_table *t = &b->table->table;
	int rc = stop_check(e);

	if (rc == 0 && l->sessions[index] == NULL)
		rc = session_open_loading(l->opts, l->run->id, &l->sessions[index], e);
	if (rc == 0) {
		progress_table(l->progress, t->schema, t->name);
		rc = session_set_encoding(l->opts, l->sessions[index], t, e);
		if (rc == 0)
			rc = load_copy_batch(l->sessions[index], l->run, t, b->number, b->chunks, b->n, &l->objects[index], e);
		if (rc < 0)
			rc = note_table(l, t, e);
		else
			progress_add(l->progress, b->rows, b->bytes);
	}
	free_batch(b);
	return rc < 0 ? -1 : 0;
}

/* --- tables ---------------------------------------------------------------------------------- */

/* Cut the chunk lines of a table into its batches, each a job. */
static int
put_batches(struct load *l, struct run_table *t, struct err *e)
{
	struct batch *b = NULL;
	struct rec_chunk c;
	int rc;

	while ((rc = run_table_chunk(t, &c, e)) > 0) {
		if (b != NULL && b->number != c.batch) {
			struct batch *full = b;

			b = NULL;
			if (pool_put(l->pool, full, e) < 0) {
				record_free_fields(REC_CHUNK, &c);
				return -1;
			}
		}
		if (b == NULL)
			b = new_batch(t, c.batch);
		add_chunk(b, &c);
	}
	if (rc < 0) {
		if (b != NULL)
			free_batch(b);
		return note_table(l, &t->table, e);
	}
	return b != NULL ? pool_put(l->pool, b, e) : 0;
}

static int
load_table(void *ctx, struct record *r, struct err *e)
{
	struct load *l = ctx;
	const struct rec_manifest *line = &r->u.manifest;
	struct rec_table named = { .table = line->table, .schema = line->schema, .name = line->name };
	struct run_table *t;
	uint64_t before;
	int rc;

	if (store_key_check(line->key, e) < 0 || run_table_open(l->run, line, &t, e) < 0)
		return note_table(l, &named, e);
	if (ledger_enter_table(l->db, l->run->id, &t->table, opt_flag(l->opts, OPT_ID_append), &before, e) < 0) {
		rc = note_table(l, &t->table, e);
		run_table_close(t);
		return rc;
	}
	rc = put_batches(l, t, e);
	run_table_close(t);
	return rc;
}

static int
load_rows(struct load *l, struct err *e)
{
	int rc = run_expect(l->run, l->progress, e);

	if (rc < 0)
		return -1;
	l->pool = pool_start(l->jobs, worker, free_batch, l);
	rc = run_each(l->run, REC_MANIFEST, load_table, l, e);
	if (rc < 0) {
		pool_abort(l->pool);
		return -1;
	}
	return pool_finish(l->pool, e);
}

/* --- the whole ------------------------------------------------------------------------------- */

/* One section, unless only rows are wanted here or the run holds nothing else. */
static int
apply_schema(struct load *l, const char *section, struct err *e)
{
	if (opt_flag(l->opts, OPT_ID_data_only) ||
	    json_is_true(json_object_get(l->run->header.selection, "data_only")))
		return 0;
	if (strcmp(section, "pre-data") == 0 && schema_roles(l->db, l->run, e) < 0)
		return -1;
	return schema_apply(l->opts, l->run, section, l->report, e);
}

static int
load_all(struct load *l, struct err *e)
{
	if (session_open(l->opts, l->run->id, "main", &l->db, e) < 0)
		return -1;
	if (ledger_lock_run(l->db, e) < 0 || ledger_create(l->db, e) < 0)
		return -1;
	/* the lock is held: other sessions of an import are those of a dead one */
	if (db_end_orphans(l->db, "gpm-import ", e) < 0)
		return -1;
	if (apply_schema(l, "pre-data", e) < 0)
		return -1;
	if (opt_flag(l->opts, OPT_ID_schema_only)) {
		if (apply_schema(l, "post-data", e) < 0)
			return -1;
		return report_result(l->report, "the schema is not complete", e);
	}
	if (load_rows(l, e) < 0)
		return -1;
	if (report_any_table_failed(l->report)) {
		/* a foreign key made now would never see the rows that are missing, a view would lack them */
		log_warning("some tables are not loaded: indexes, constraints, sequences, views and statistics wait for the next start");
		return verdict(l->opts, l->run, l->report, e);
	}
	if (apply_schema(l, "post-data", e) < 0 ||
	    schema_sequences(l->db, l->run, l->report, e) < 0 ||
	    schema_matviews(l->db, l->run, l->report, e) < 0 ||
	    schema_analyze(l->db, l->run, l->report, e) < 0)
		return -1;
	return verdict(l->opts, l->run, l->report, e);
}

int
import_load(const struct opts *opts, struct store *store, struct err *e)
{
	struct load l = { .opts = opts, .jobs = (unsigned)opt_u64(opts, OPT_ID_jobs) };
	int rc;

	if (find_run(store, opts, &l.run, e) < 0)
		return -1;
	log_info("run %s of %s, exported %s", l.run->id, l.run->header.database, l.run->header.server_time);
	l.report = report_new();
	l.sessions = mem_array(l.jobs, sizeof(struct db *));
	l.objects = mem_array(l.jobs, sizeof(*l.objects));
	l.progress = progress_start("loaded", opt_u64(opts, OPT_ID_progress_interval));
	rc = load_all(&l, e);
	progress_stop(l.progress);
	for (unsigned i = 0; i < l.jobs; i++) {
		db_close(l.sessions[i]);
		buf_release(&l.objects[i]);
	}
	free(l.sessions);
	free(l.objects);
	db_close(l.db);
	report_free(l.report);
	run_close(l.run);
	return rc;
}
