/* verdict.c -- is every row there? */
#include "prelude.h"

#include <inttypes.h>
#include <pthread.h>

#include "db_copy.h"
#include "err.h"
#include "ledger.h"
#include "opt.h"
#include "parse.h"
#include "pool.h"
#include "rows.h"
#include "session.h"
#include "stop.h"
#include "verdict.h"

struct judging {
	const struct opts *opts;
	struct run *run;
	struct report *report;
	bool content;          /* the rows, not only their number */
	struct db **sessions;  /* a worker's, opened at its first table */
	struct pool *pool;
	pthread_mutex_t mutex; /* over stdout and what follows */
	size_t verified;
	uint64_t rows;
};

static void
print_line(struct judging *j, const char *schema, const char *name, uint64_t rows, const char *state)
{
	char count[FORMAT_SIZE_LEN], *full = mem_printf("%s.%s", schema, name);

	pthread_mutex_lock(&j->mutex);
	printf("%-48s %16s  %s\n", full, format_count(rows, count), state);
	pthread_mutex_unlock(&j->mutex);
	free(full);
}

/* --- one table ------------------------------------------------------------------------------- */

static int
digest_rows(void *ctx, const char *data, size_t len, uint64_t rows, struct err *e)
{
	size_t used;

	(void)rows; /* they are counted again */
	return rows_push(ctx, data, len, 0, &used, e);
}

/* The digest of the table as this server writes it. */
static int
check_content(struct db *db, const struct run_table *t, struct err *e)
{
	unsigned char *kinds = columns_float_kinds(&t->table.columns);
	struct rows *rows = rows_new(&dialect_csv, kinds, t->table.columns.len);
	char here[DIGEST_HEX_LEN], want[DIGEST_HEX_LEN];
	uint64_t sent;
	int rc = db_copy_out(db, &t->table, digest_rows, rows, &sent, e);

	if (rc == 0 && (!rows_at_end(rows) || rows_count(rows) != t->done.rows))
		rc = err_set(e, ERR_DIFFERS, "%" PRIu64 " rows are here, %" PRIu64 " should be", rows_count(rows),
		    t->done.rows);
	else if (rc == 0 && !digest_equal(rows_digest(rows), t->done.digest))
		rc = err_set(e, ERR_DIFFERS, "holds as many rows, but not the same: digest %s, the source's is %s",
		    digest_hex(rows_digest(rows), here), digest_hex(t->done.digest, want));
	rows_free(rows);
	free(kinds);
	return rc;
}

static int
check_table(struct judging *j, struct db *db, const struct run_table *t, struct err *e)
{
	uint64_t here, before = 0;

	if (ledger_rows_before(db, j->run->id, &t->table, &before, e) < 0)
		return -1;
	if (j->content && before == 0)
		return session_set_encoding(j->opts, db, &t->table, e) < 0 ? -1 : check_content(db, t, e);
	if (ledger_count(db, &t->table, &here, e) < 0)
		return -1;
	if (here != before + t->done.rows)
		return err_set(e, ERR_DIFFERS, "%" PRIu64 " rows are here, %" PRIu64 " should be%s", here,
		    before + t->done.rows, before > 0 ? " (with those that were here before)" : "");
	if (j->content)
		return err_set(e, ERR_DATABASE, "held %" PRIu64 " rows before, so that its content cannot be proven", before);
	return 0;
}

/* A trouble that concerns the table is reported and the others go on. */
static int
settle(struct judging *j, const struct rec_manifest *line, int rc, const struct err *e)
{
	if (rc == 0) {
		print_line(j, line->schema, line->name, line->rows, j->content ? "verified by content" : "verified");
		pthread_mutex_lock(&j->mutex);
		j->verified++;
		j->rows += line->rows;
		pthread_mutex_unlock(&j->mutex);
		return 0;
	}
	if (e->code != ERR_DATABASE && e->code != ERR_DIFFERS)
		return -1;
	print_line(j, line->schema, line->name, line->rows, "NOT VERIFIED");
	report_trouble(j->report, e, "%s.%s", line->schema, line->name);
	return 0;
}

static int
judge(struct judging *j, struct db *db, const struct rec_manifest *line, struct err *e)
{
	struct run_table *t;
	int rc;

	if (report_table_has_failed(j->report, line->table)) {
		print_line(j, line->schema, line->name, line->rows, "NOT LOADED");
		return 0;
	}
	if (store_key_check(line->key, e) < 0 || run_table_open(j->run, line, &t, e) < 0)
		return settle(j, line, -1, e);
	rc = settle(j, line, check_table(j, db, t, e), e);
	run_table_close(t);
	return rc;
}

/* --- all tables ------------------------------------------------------------------------------ */

static void
free_line(void *job)
{
	record_free_fields(REC_MANIFEST, job);
	free(job);
}

static int
worker(void *ctx, unsigned index, void *job, struct err *e)
{
	struct judging *j = ctx;
	struct db **db = &j->sessions[index];
	int rc = stop_check(e);

	if (rc == 0 && *db == NULL)
		rc = session_open_reading(j->opts, j->run->id, db, e);
	if (rc == 0)
		rc = judge(j, *db, job, e);
	free_line(job);
	return rc;
}

static int
put_table(void *ctx, struct record *r, struct err *e)
{
	struct judging *j = ctx;
	struct rec_manifest *line = mem_alloc(sizeof(*line));

	record_take(r, line);
	return pool_put(j->pool, line, e);
}

/* A table that could not be taken out at the source is missing here. */
static int
judge_failed(void *ctx, struct record *r, struct err *e)
{
	struct judging *j = ctx;
	const struct rec_failed *f = &r->u.failed;

	err_set(e, ERR_DATABASE, "was not taken out of the source: %s", f->reason);
	print_line(j, f->schema, f->name, 0, "NOT EXPORTED");
	report_trouble(j->report, e, "%s.%s", f->schema, f->name);
	return 0;
}

static int
judge_all(struct judging *j, unsigned jobs, struct err *e)
{
	int rc;

	j->pool = pool_start(jobs, worker, free_line, j);
	rc = run_each(j->run, REC_MANIFEST, put_table, j, e);
	if (rc < 0) {
		pool_abort(j->pool);
		return -1;
	}
	if (pool_finish(j->pool, e) < 0)
		return -1;
	return run_each(j->run, REC_FAILED, judge_failed, j, e);
}

static int
say(struct judging *j, struct err *e)
{
	char rows[FORMAT_SIZE_LEN];

	if (fflush(stdout) != 0)
		return err_sys(e, "cannot write the verdict");
	if (report_result(j->report, "not everything is verified", e) < 0)
		return -1;
	printf("run %s of %s is verified%s: %zu tables, %s rows, the same as at the source\n", j->run->id,
	    j->run->header.database, j->content ? " by content" : "", j->verified, format_count(j->rows, rows));
	return fflush(stdout) != 0 ? err_sys(e, "cannot write the verdict") : 0;
}

int
verdict(const struct opts *opts, struct run *run, struct report *report, struct err *e)
{
	unsigned jobs = (unsigned)opt_u64(opts, OPT_ID_jobs);
	struct judging j = {
		.opts = opts, .run = run, .report = report,
		.content = strcmp(opt_string(opts, OPT_ID_verify), "content") == 0,
		.sessions = mem_array(jobs, sizeof(struct db *)),
	};
	int rc;

	pthread_mutex_init(&j.mutex, NULL);
	rc = judge_all(&j, jobs, e);
	if (rc == 0)
		rc = say(&j, e);
	for (unsigned i = 0; i < jobs; i++)
		db_close(j.sessions[i]);
	free(j.sessions);
	pthread_mutex_destroy(&j.mutex);
	return rc;
}
