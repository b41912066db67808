/* verdict.c -- is every row there? */
#include "prelude.h"

#include <inttypes.h>

#include "err.h"
#include "ledger.h"
#include "log.h"
#include "parse.h"
#include "stop.h"
#include "verdict.h"

struct judging {
	struct db *db;
	struct run *run;
	struct report *report;
	size_t verified;
	uint64_t rows;
};

static void
print_line(const char *schema, const char *name, uint64_t rows, const char *state)
{
	char count[FORMAT_SIZE_LEN], *full = mem_printf("%s.%s", schema, name);

	printf("%-48s %16s  %s\n", full, format_count(rows, count), state);
	free(full);
}

/* The rows here against those of the manifest. */
static int
count_table(struct judging *j, struct run_table *t, struct err *e)
{
	uint64_t here, before = 0;

	if (ledger_rows_before(j->db, j->run->id, &t->table, &before, e) < 0 ||
	    ledger_count(j->db, &t->table, &here, e) < 0)
		return -1;
	if (here != before + t->done.rows)
		return err_set(e, ERR_DIFFERS, "%" PRIu64 " rows are here, %" PRIu64 " should be%s", here,
		    before + t->done.rows, before > 0 ? " (with those that were here before)" : "");
	print_line(t->table.schema, t->table.name, t->done.rows, "verified");
	j->verified++;
	j->rows += t->done.rows;
	return 0;
}

static int
judge_table(void *ctx, struct record *r, struct err *e)
{
	struct judging *j = ctx;
	const struct rec_manifest *line = &r->u.manifest;
	struct run_table *t;
	int rc;

	if (stop_check(e) < 0)
		return -1;
	if (report_table_has_failed(j->report, line->table)) {
		print_line(line->schema, line->name, line->rows, "NOT LOADED");
		return 0;
	}
	if (run_table_open(j->run, line, &t, e) < 0)
		return -1;
	rc = count_table(j, t, e);
	run_table_close(t);
	if (rc == 0)
		return 0;
	if (e->code != ERR_DATABASE && e->code != ERR_DIFFERS)
		return -1;
	print_line(line->schema, line->name, line->rows, "NOT VERIFIED");
	report_trouble(j->report, e, "%s.%s", line->schema, line->name);
	return 0;
}

/* A table that could not be taken out at the source is missing here. */
static int
judge_failed(void *ctx, struct record *r, struct err *e)
{
	struct judging *j = ctx;
	const struct rec_failed *f = &r->u.failed;

	err_set(e, ERR_DATABASE, "was not taken out of the source: %s", f->reason);
	print_line(f->schema, f->name, 0, "NOT EXPORTED");
	report_trouble(j->report, e, "%s.%s", f->schema, f->name);
	return 0;
}

int
verdict(struct db *db, struct run *run, struct report *report, struct err *e)
{
	struct judging j = { .db = db, .run = run, .report = report };
	char rows[FORMAT_SIZE_LEN];

	if (run_each(run, REC_MANIFEST, judge_table, &j, e) < 0 || run_each(run, REC_FAILED, judge_failed, &j, e) < 0)
		return -1;
	if (fflush(stdout) != 0)
		return err_sys(e, "cannot write the verdict");
	if (report_result(report, "not everything is verified", e) < 0)
		return -1;
	printf("run %s of %s is verified: %zu tables, %s rows, the same as at the source\n", run->id,
	    run->header.database, j.verified, format_count(j.rows, rows));
	return fflush(stdout) != 0 ? err_sys(e, "cannot write the verdict") : 0;
}
