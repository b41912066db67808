/* business_check.c -- the results of a run's business checks against what the same queries give here. */
#include "prelude.h"

#include <inttypes.h>

#include "business.h"
#include "business_check.h"
#include "err.h"
#include "log.h"
#include "opt.h"
#include "schema.h"
#include "session.h"
#include "stop.h"

#define CELLS 40 /* of a check, that are shown */

const char business_no_row[] = "(no row)";

struct checking {
	struct db *db;
	struct report *report;
	business_tell_fn *tell;
	void *ctx;             /* its */
};

/* The comparison of one check. */
struct comparison {
	const struct business_query *query; /* with the source's result */
	const PGresult *here;
	struct business_cell cells[CELLS];
	struct business_line line;
};

/* --- values ---------------------------------------------------------------------------------- */

/* Types whose text is a number, by their oids, which are the same everywhere. */
static bool
is_number_type(Oid type)
{
	static const Oid numbers[] = { 20, 21, 23, 700, 701, 1700 }; /* int8, int2, int4, float4, float8, numeric */

	for (size_t i = 0; i < GPM_ARRAY_LEN(numbers); i++)
		if (numbers[i] == type)
			return true;
	return false;
}

static bool
is_number(const char *text)
{
	return text[0] != '\0' && text[strspn(text, "0123456789+-.eE")] == '\0';
}

/* The server reckons, for it has exact numbers of any length. */
static int
is_near(struct db *db, const char *source, const char *here, const char *tolerance, struct err *e)
{
	size_t len = tolerance != NULL ? strcspn(tolerance, "%") : 0;
	char *limit = tolerance != NULL ? mem_strn(tolerance, len) : mem_str("0");
	const char *params[] = { source, here, limit };
	char *near = db_value(db, tolerance != NULL && tolerance[len] == '%' ?
	    "SELECT abs($1::numeric - $2::numeric) <= abs($1::numeric) * $3::numeric / 100" :
	    "SELECT abs($1::numeric - $2::numeric) <= $3::numeric", 3, params, e);
	int rc = near == NULL ? -1 : strcmp(near, "t") == 0;

	free(limit);
	free(near);
	return rc;
}

/* 1, 0, -1. */
static int
is_same(struct checking *k, const struct comparison *c, int column, const char *source, const char *here, struct err *e)
{
	if (source == NULL || here == NULL)
		return source == here;
	if (strcmp(source, here) == 0)
		return 1;
	if (source == business_no_row || here == business_no_row || !is_number_type(PQftype(c->here, column)) || !is_number(source) || !is_number(here))
		return 0;
	return is_near(k->db, source, here, c->query->tolerance, e);
}

/* --- results --------------------------------------------------------------------------------- */

static const char *
source_value(const struct comparison *c, size_t row, size_t column)
{
	if (row >= json_array_size(c->query->rows))
		return business_no_row;
	return json_string_value(json_array_get(json_array_get(c->query->rows, row), column));
}

static const char *
value_here(const struct comparison *c, size_t row, size_t column)
{
	if (row >= (size_t)PQntuples(c->here))
		return business_no_row;
	return PQgetisnull(c->here, (int)row, (int)column) ? NULL : PQgetvalue(c->here, (int)row, (int)column);
}

static int
compare_row(struct checking *k, struct comparison *c, size_t row, struct err *e)
{
	bool differs = false;

	for (size_t i = 0; i < json_array_size(c->query->columns); i++) {
		const char *source = source_value(c, row, i), *here = value_here(c, row, i);
		int same = is_same(k, c, (int)i, source, here, e);

		if (same < 0)
			return -1;
		if (same > 0)
			continue;
		differs = true;
		if (c->line.ncells < CELLS)
			c->cells[c->line.ncells++] = (struct business_cell){ row + 1, PQfname(c->here, (int)i), source, here };
	}
	c->line.differing += differs;
	return 0;
}

static int
compare(struct checking *k, struct comparison *c, struct err *e)
{
	size_t rows = json_array_size(c->query->rows), here = (size_t)PQntuples(c->here), columns = json_array_size(c->query->columns);

	if ((size_t)PQnfields(c->here) != columns)
		return err_set(e, ERR_DIFFERS, "check '%s' gives %d columns here, %zu at the source", c->query->name, PQnfields(c->here), columns);
	for (size_t i = 0; i < rows || i < here; i++)
		if (compare_row(k, c, i, e) < 0)
			return -1;
	if (c->line.differing == 0)
		return 0;
	return err_set(e, ERR_DIFFERS, "check '%s': %" PRIu64 " of %zu rows differ", c->query->name, c->line.differing, rows > here ? rows : here);
}

/* --- checks ---------------------------------------------------------------------------------- */

/* SQL is the query's own, or what --checks has in its place. */
static int
check_one(struct checking *k, const struct business_query *q, const struct business_query *instead, struct comparison *c, struct err *e)
{
	PGresult *res = NULL;
	int rc;

	*c = (struct comparison){ .query = q };
	c->line = (struct business_line){ .name = q->name, .tolerance = q->tolerance, .rows = json_array_size(q->rows), .cells = c->cells };
	if (db_exec(k->db, "SAVEPOINT gpm", e) < 0)
		return -1;
	rc = business_run(k->db, instead != NULL ? instead : q, &res, e);
	c->here = res;
	if (rc == 0)
		rc = compare(k, c, e);
	if (rc < 0 && e->code != ERR_DATABASE && e->code != ERR_DIFFERS) {
		PQclear(res);
		return -1;
	}
	c->line.good = rc == 0;
	c->line.trouble = rc < 0 && c->line.differing == 0 ? e->text : NULL;
	k->tell(k->ctx, &c->line);
	PQclear(res);
	if (rc < 0)
		report_trouble(k->report, e, "business");
	return db_exec(k->db, "ROLLBACK TO SAVEPOINT gpm", e);
}

static int
check_all(struct checking *k, const struct business *checks, const struct business *instead, struct err *e)
{
	if (db_exec(k->db, "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY", e) < 0)
		return -1;
	for (size_t i = 0; i < checks->len; i++) {
		struct comparison c;

		if (stop_check(e) < 0 || check_one(k, &checks->at[i], business_find(instead, checks->at[i].name), &c, e) < 0)
			return -1;
	}
	return 0;
}

/* The run's checks with their results. */
static int
fetch(struct run *run, struct business *out, struct err *e)
{
	struct buf text;
	int rc;

	if (!json_is_true(json_object_get(run->header.selection, "checks"))) {
		err_set(e, ERR_USAGE, "run %s holds no business checks", run->id);
		return err_hint(e, "gpm-export --checks FILE takes their results along");
	}
	buf_init(&text, SCHEMA_LIMIT);
	rc = schema_fetch_file(run, BUSINESS_KEY, &text, e);
	if (rc == 0 && (rc = business_load(text.data, text.len, out, e)) < 0)
		err_context(e, "'%s/" BUSINESS_KEY "'", run->id);
	buf_release(&text);
	return rc;
}

/* Both are empty, and are released by the caller whatever comes. */
static int
read_both(const struct opts *opts, struct run *run, struct business *checks, struct business *instead, struct err *e)
{
	const char *path = opt_string(opts, OPT_ID_checks);

	if ((path != NULL && business_read(path, instead, e) < 0) || fetch(run, checks, e) < 0)
		return -1;
	for (size_t i = 0; i < instead->len; i++)
		if (business_find(checks, instead->at[i].name) == NULL)
			return err_set(e, ERR_USAGE, "the run has no result of check '%s'", instead->at[i].name);
	return 0;
}

bool
business_wanted(const struct opts *opts)
{
	return opt_flag(opts, OPT_ID_business) || opt_string(opts, OPT_ID_checks) != NULL;
}

int
business_look(const struct opts *opts, struct run *run, struct err *e)
{
	struct business checks = { .len = 0 }, instead = { .len = 0 };
	int rc = read_both(opts, run, &checks, &instead, e);

	business_release(&checks);
	business_release(&instead);
	return rc;
}

int
business_check(const struct opts *opts, struct run *run, struct report *report, business_tell_fn *tell, void *ctx, struct err *e)
{
	struct checking k = { .report = report, .tell = tell, .ctx = ctx };
	struct business checks = { .len = 0 }, instead = { .len = 0 };
	int rc = read_both(opts, run, &checks, &instead, e);

	if (rc == 0 && (rc = session_open_reading(opts, run->id, &k.db, e)) == 0)
		rc = check_all(&k, &checks, &instead, e);
	db_close(k.db);
	business_release(&checks);
	business_release(&instead);
	return rc;
}

/* --- on stdout ------------------------------------------------------------------------------- */

/* In a field of WIDTH; nothing of it may drive a terminal, or begin a line. */
static void
put(const char *text, int width)
{
	char *clean = mem_str(text != NULL ? text : "NULL");

	for (char *p = clean; *p != '\0'; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			*p = '?';
	printf("%-*s", width, clean);
	free(clean);
}

void
business_print(void *ctx, const struct business_line *l)
{
	(void)ctx; /* stdout needs none */
	printf("check ");
	put(l->name, 42);
	printf(" %16" PRIu64 "  %s\n", l->rows, l->good ? "the same" : l->trouble != NULL ? "NOT COMPARED" : "DIFFERS");
	if (l->ncells == 0)
		return;
	printf("  %8s  %-24s %-24s %s\n", "row", "column", "source", "here");
	for (size_t i = 0; i < l->ncells; i++) {
		printf("  %8" PRIu64 "  ", l->cells[i].row);
		put(l->cells[i].column, 24);
		putchar(' ');
		put(l->cells[i].source, 24);
		putchar(' ');
		put(l->cells[i].here, 0);
		putchar('\n');
	}
	if (l->ncells == CELLS)
		printf("  …\n");
}
