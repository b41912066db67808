/* after_rows.c -- what comes after the rows: sequences' values, materialized views, statistics
 * (schema.h). */
#include "prelude.h"

#include <inttypes.h>

#include "err.h"
#include "ledger.h"
#include "log.h"
#include "schema.h"
#include "stop.h"

/* --- sequences ------------------------------------------------------------------------------- */

struct after {
	struct db *db;
	struct run *run;
	struct report *report;
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
	a->troubles++;
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

static int
analyze_table(void *ctx, struct record *r, struct err *e)
{
	struct after *a = ctx;
	const struct rec_manifest *m = &r->u.manifest;
	struct buf sql;
	int rc;

	if (report_table_has_failed(a->report, m->table))
		return 0;
	text_init(&sql);
	text_puts(&sql, "ANALYZE ");
	rc = db_add_name(a->db, &sql, m->schema, m->name, e);
	if (rc == 0)
		rc = db_exec(a->db, text_str(&sql), e);
	buf_release(&sql);
	if (rc < 0)
		rc = note(a, m->schema, m->name, e);
	return rc < 0 ? -1 : stop_check(e);
}

static int
analyze_all(struct after *a, struct err *e)
{
	return run_each(a->run, REC_MANIFEST, analyze_table, a, e);
}

int
schema_analyze(struct db *db, struct run *run, struct report *report, struct err *e)
{
	struct after a = { .db = db, .run = run, .report = report };

	return do_step(&a, "analyze", analyze_all, e);
}
