/* after_rows.c -- what comes after the rows: sequences' values, materialized views, statistics
 * (schema.h). */
#include "prelude.h"

#include <inttypes.h>

#include "db_wait.h"
#include "entered.h"
#include "err.h"
#include "keyset.h"
#include "ledger.h"
#include "log.h"
#include "opt.h"
#include "pool.h"
#include "schema.h"
#include "session.h"
#include "stop.h"

#define DEADLOCK_TRIES 5

/* --- sequences ------------------------------------------------------------------------------- */

struct after {
	const struct opts *opts;
	struct db *db;
	struct run *run;
	struct report *report;
	const struct entered *entered; /* for statistics */
	size_t troubles;       /* of this step */
	struct rec_matview *matviews;
	size_t nmatviews;
};

/* A trouble with one object is reported; the step is not done then, and is tried again next time. */
static int
note(struct after *a, const char *schema, const char *name, struct err *e)
{
	if (e->code != ERR_DATABASE)
		return -1;
	__atomic_add_fetch(&a->troubles, 1, __ATOMIC_RELAXED); /* tables are analyzed by several threads */
	report_trouble(a->report, e, "%s.%s", schema, name);
	return 0;
}

static int
set_sequence(void *ctx, struct record *r, struct err *e)
{
	struct after *a = ctx;
	const struct rec_sequence *s = &r->u.sequence;
	char value[24];
	struct buf name;
	const char *params[] = { NULL, value, s->is_called ? "t" : "f" };
	char *done = NULL;
	int rc;

	snprintf(value, sizeof(value), "%" PRId64, s->last_value);
	text_init(&name);
	rc = db_add_name(a->db, &name, s->schema, s->name, e);
	params[0] = text_str(&name);
	if (rc == 0)
		done = db_value(a->db, "SELECT pg_catalog.setval($1::pg_catalog.regclass, $2, $3)", 3, params, e);
	rc = rc == 0 && done != NULL ? 0 : note(a, s->schema, s->name, e);
	free(done);
	buf_release(&name);
	return rc;
}

/* Do a step that was not done, and note it when nothing went wrong. */
static int
do_step(struct after *a, const char *step, int (*fn)(struct after *, struct err *), struct err *e)
{
	int rc = ledger_has_step(a->db, a->run->id, step, e);

	if (rc != 0)
		return rc < 0 ? -1 : 0;
	if (fn(a, e) < 0)
		return -1;
	return a->troubles > 0 ? 0 : ledger_add_step(a->db, a->run->id, step, e);
}

static int
set_sequences(struct after *a, struct err *e)
{
	return run_each(a->run, REC_SEQUENCE, set_sequence, a, e);
}

int
schema_sequences(struct db *db, struct run *run, struct report *report, struct err *e)
{
	struct after a = { .db = db, .run = run, .report = report };

	return do_step(&a, "sequences", set_sequences, e);
}

/* --- materialized views ---------------------------------------------------------------------- */

static int
gather_matview(void *ctx, struct record *r, struct err *e)
{
	struct after *a = ctx;

	(void)e; /* memory cannot fail */
	if (!r->u.matview.populated)
		return 0;
	a->matviews = mem_grow(a->matviews, (a->nmatviews + 1) * sizeof(*a->matviews));
	record_take(r, &a->matviews[a->nmatviews++]);
	return 0;
}

/* REFRESH one; 1, 0 when it reads another that is not filled yet (55000), -1. */
static int
refresh(struct after *a, const struct rec_matview *m, struct err *e)
{
	struct buf sql;
	int rc;

	text_init(&sql);
	text_puts(&sql, "REFRESH MATERIALIZED VIEW ");
	rc = db_add_name(a->db, &sql, m->schema, m->name, e);
	if (rc == 0)
		rc = db_exec(a->db, text_str(&sql), e);
	buf_release(&sql);
	if (rc == 0)
		return 1;
	return e->code == ERR_DATABASE && strcmp(db_sqlstate(a->db), "55000") == 0 ? 0 : -1;
}

/* Round after round: what reads a view that is not filled yet waits for the next one.  A round that
 * fills none is the last. */
static int
refresh_matviews(struct after *a, struct err *e)
{
	size_t left, before;
	int rc = run_each(a->run, REC_MATVIEW, gather_matview, a, e);

	for (left = a->nmatviews, before = left + 1; rc == 0 && left > 0; ) {
		bool last = left == before;

		before = left;
		left = 0;
		for (size_t i = 0; rc == 0 && i < before; i++) {
			struct rec_matview *m = &a->matviews[i];
			int did = stop_check(e) < 0 ? -1 : refresh(a, m, e);

			if (did == 0 && !last) {
				struct rec_matview swap = a->matviews[left];

				a->matviews[left++] = *m;
				*m = swap;
			} else if (did <= 0) {
				rc = note(a, m->schema, m->name, e);
			}
		}
	}
	for (size_t i = 0; i < a->nmatviews; i++)
		record_free_fields(REC_MATVIEW, &a->matviews[i]);
	free(a->matviews);
	return rc;
}

int
schema_matviews(struct db *db, struct run *run, struct report *report, struct err *e)
{
	struct after a = { .db = db, .run = run, .report = report };

	return do_step(&a, "matviews", refresh_matviews, e);
}

/* --- statistics ------------------------------------------------------------------------------ */

struct analyzing {
	struct after *after;
	struct pool *pool;
	struct db **sessions;  /* a worker's, opened at its first table */
	size_t nroots;         /* through which rows of partitions went */
	struct keyset *roots;  /* those that are on their way */
};

static int
open_analyzing(const struct after *a, struct db **db, struct err *e)
{
	if (session_open(a->opts, a->run->id, "statistics", db, e) < 0 ||
	    session_read_names(a->opts, *db, &a->run->header, e) < 0)
		return -1;
	session_commit_later(*db);
	return 0;
}

/* Of partitions the server may look at their root as well, in another worker's way. */
static int
analyze(struct db *db, const struct rec_manifest *m, struct err *e)
{
	struct buf sql;
	int rc;

	text_init(&sql);
	text_puts(&sql, "ANALYZE ");
	rc = db_add_name(db, &sql, m->schema, m->name, e);
	if (rc == 0) {
		for (int i = 0; (rc = db_run(db, text_str(&sql), NULL, e)) < 0 && i < DEADLOCK_TRIES; i++)
			if (strcmp(db_sqlstate(db), "40P01") != 0)
				break;
	}
	buf_release(&sql);
	return rc;
}

static void
free_line(void *job)
{
	record_free_fields(REC_MANIFEST, job);
	free(job);
}

static int
analyze_one(void *ctx, unsigned index, void *job, struct err *e)
{
	struct analyzing *x = ctx;
	struct db **db = &x->sessions[index];
	const struct rec_manifest *m = job;
	int rc = stop_check(e);

	if (rc == 0 && *db == NULL)
		rc = open_analyzing(x->after, db, e);
	if (rc == 0 && analyze(*db, m, e) < 0)
		rc = note(x->after, m->schema, m->name, e);
	free_line(job);
	return rc;
}

/* The table that LINE's rows are in; 1: it was put already. */
static int
find_target(struct analyzing *x, struct rec_manifest *line, struct err *e)
{
	char *schema, *name, *key;
	int rc = ledger_target(x->after->db, x->after->run->id, line->table, &schema, &name, e);

	if (rc <= 0)
		return rc;
	free(line->schema);
	free(line->name);
	line->schema = schema;
	line->name = name;
	key = ledger_root_key(schema, name);
	rc = keyset_has(x->roots, key);
	keyset_add(x->roots, key);
	free(key);
	return rc;
}

static int
put_table(void *ctx, struct record *r, struct err *e)
{
	struct analyzing *x = ctx;
	const struct entered_table *known = entered_find(x->after->entered, r->u.manifest.table);
	struct rec_manifest *line;
	int rc;

	if ((known != NULL && known->settled) || report_table_has_failed(x->after->report, r->u.manifest.table))
		return 0;
	line = mem_alloc(sizeof(*line));
	record_take(r, line);
	if ((rc = x->nroots > 0 ? find_target(x, line, e) : 0) != 0) {
		free_line(line);
		return rc < 0 ? -1 : 0;
	}
	return pool_put(x->pool, line, e);
}

static int
analyze_all(struct after *a, struct err *e)
{
	unsigned jobs = (unsigned)opt_u64(a->opts, OPT_ID_jobs);
	struct analyzing x = { .after = a, .sessions = mem_array(jobs, sizeof(struct db *)) };
	struct keyset *roots = keyset_new();
	int rc = ledger_roots(a->db, a->run->id, roots, &x.nroots, e);

	keyset_free(roots);
	if (rc < 0) {
		free(x.sessions);
		return -1;
	}
	x.roots = keyset_new();
	x.pool = pool_start(jobs, analyze_one, free_line, &x);
	rc = run_each(a->run, REC_MANIFEST, put_table, &x, e);
	if (rc < 0)
		pool_abort(x.pool);
	else
		rc = pool_finish(x.pool, e);
	for (unsigned i = 0; i < jobs; i++)
		db_close(x.sessions[i]);
	keyset_free(x.roots);
	free(x.sessions);
	return rc;
}

int
schema_analyze(const struct opts *opts, struct db *db, struct run *run, const struct entered *entered, struct report *report, struct err *e)
{
	struct after a = { .opts = opts, .db = db, .run = run, .entered = entered, .report = report };

	return do_step(&a, "analyze", analyze_all, e);
}
