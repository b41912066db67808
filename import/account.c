/* account.c -- gpm-import report: the verdict, with all that belongs to it, for people and for programs. */
#include "prelude.h"

#include <inttypes.h>
#include <time.h>

#include "account.h"
#include "atomic.h"
#include "err.h"
#include "import.h"
#include "ledger.h"
#include "left_over.h"
#include "log.h"
#include "opt.h"
#include "parse.h"
#include "report.h"
#include "run_names.h"
#include "session.h"
#include "verdict.h"

#define POINTS 240 /* of a curve, at most, about */

/* --- what is gathered ------------------------------------------------------------------------ */

static uint64_t
second_of(const char *time)
{
	struct tm tm = { 0 };

	return strptime(time, "%Y-%m-%dT%H:%M:%S", &tm) == NULL ? 0 : (uint64_t)timegm(&tm);
}

static char *
copy(const char *text)
{
	return text != NULL ? mem_str(text) : NULL;
}

void
account_take(void *account, const struct verdict_line *l)
{
	struct account *a = account;
	struct account_table *t;

	a->tables = mem_grow(a->tables, (a->ntables + 1) * sizeof(*a->tables));
	t = &a->tables[a->ntables++];
	*t = (struct account_table){
		.schema = mem_str(l->schema), .name = mem_str(l->name), .state = mem_str(l->state), .trouble = copy(l->trouble),
		.good = l->good, .rows = l->rows, .exported = copy(l->done != NULL ? l->done->time : NULL),
	};
	if (l->line == NULL)
		return;
	t->plain_bytes = l->line->plain_bytes;
	t->stored_bytes = l->line->data_bytes;
	t->chunks = l->line->chunks;
	format_hex(l->line->stored_sha256, 32, t->manifest_sha256);
	a->plain_bytes += t->plain_bytes;
	a->stored_bytes += t->stored_bytes;
}

void
account_check(void *account, const struct business_line *l)
{
	struct account *a = account;
	struct account_check *c;

	a->checks = mem_grow(a->checks, (a->nchecks + 1) * sizeof(*a->checks));
	c = &a->checks[a->nchecks++];
	*c = (struct account_check){
		.name = mem_str(l->name), .tolerance = copy(l->tolerance), .trouble = copy(l->trouble), .good = l->good, .rows = l->rows,
		.differing = l->differing, .cells = mem_array(l->ncells + 1, sizeof(*c->cells)), .ncells = l->ncells,
	};
	for (size_t i = 0; i < l->ncells; i++)
		c->cells[i] = (struct account_cell){ l->cells[i].row, mem_str(l->cells[i].column), copy(l->cells[i].source), copy(l->cells[i].here) };
	a->bad_checks += !l->good;
}

static int
take_left(void *ctx, struct record *r, struct err *e)
{
	struct account *a = ctx;
	const struct rec_skipped *s = &r->u.skipped;

	(void)e; /* memory cannot fail */
	a->left = mem_grow(a->left, (a->nleft + 1) * sizeof(*a->left));
	a->left[a->nleft++] = (struct account_left){
		.schema = mem_str(s->schema), .name = mem_str(s->name), .kind = copy(s->kind), .reason = copy(s->reason),
	};
	return 0;
}

/* What is not good comes first, then the largest. */
static int
by_weight(const void *a, const void *b)
{
	const struct account_table *x = a, *y = b;
	int rc;

	if (x->good != y->good)
		return x->good ? 1 : -1;
	if (x->plain_bytes != y->plain_bytes)
		return x->plain_bytes < y->plain_bytes ? 1 : -1;
	rc = strcmp(x->schema, y->schema);
	return rc != 0 ? rc : strcmp(x->name, y->name);
}

static int
by_second(const void *a, const void *b)
{
	const struct account_point *x = a, *y = b;

	return x->second < y->second ? -1 : x->second > y->second;
}

/* How the rows came out of the source: a point a table. */
static void
sum_exported(struct account *a)
{
	uint64_t sum = 0, start = second_of(a->run->header.server_time);
	struct account_point *p;

	p = a->exported.at = mem_array(a->ntables + 1, sizeof(*p));
	p[a->exported.len++] = (struct account_point){ .second = start };
	for (size_t i = 0; i < a->ntables; i++)
		if (a->tables[i].exported != NULL)
			p[a->exported.len++] = (struct account_point){ second_of(a->tables[i].exported), a->tables[i].plain_bytes };
	qsort(p, a->exported.len, sizeof(*p), by_second);
	for (size_t i = 0; i < a->exported.len; i++)
		p[i].sum = sum += p[i].sum;
}

/* How they came in here, by the ledger: chunks by the second in which their transaction began.  Rows that were kept came with another run. */
static int
read_loaded(struct account *a, struct db *db, struct err *e)
{
	char points[24];
	const char *params[] = { a->run->id, points };
	uint64_t sum = 0;
	PGresult *res;
	int rc = 0;

	snprintf(points, sizeof(points), "%d", POINTS);
	if (db_query(db, "SELECT s, sum(rows) FROM (SELECT floor(extract(epoch FROM loaded_at) / w.w)::bigint * w.w AS s, rows"
	    " FROM gpm.ledger, (SELECT greatest(1, ceil(extract(epoch FROM max(loaded_at) - b.began) / $2::integer))::bigint AS w, b.began"
	    " FROM gpm.ledger, (SELECT min(first_loaded_at) AS began FROM gpm.tables WHERE run = $1) b WHERE run = $1 GROUP BY b.began) w"
	    " WHERE run = $1 AND loaded_at >= w.began) l GROUP BY s ORDER BY s", 2, params, &res, e) < 0)
		return -1;
	a->loaded.at = mem_array((size_t)PQntuples(res) + 1, sizeof(*a->loaded.at));
	if (PQntuples(res) > 0)
		a->loaded.len = 1; /* it begins with nothing */
	for (int i = 0; rc == 0 && i < PQntuples(res); i++) {
		struct account_point p;

		if ((rc = parse_u64(PQgetvalue(res, i, 0), 0, INT64_MAX, &p.second, e)) < 0 ||
		    (rc = parse_u64(PQgetvalue(res, i, 1), 0, INT64_MAX, &p.sum, e)) < 0)
			break;
		if (i == 0)
			a->loaded.at[0].second = p.second;
		p.sum = sum += p.sum;
		a->loaded.at[a->loaded.len++] = p;
	}
	PQclear(res);
	return rc;
}

/* "failed pre-data:17 <where, what, why>" */
static int
read_failures(struct account *a, struct db *db, struct err *e)
{
	const char *params[] = { a->run->id };
	PGresult *res;

	if (db_query(db, "SELECT substr(step, length('" LEDGER_FAILED "') + length(split_part(step, ' ', 2)) + 2) FROM gpm.steps"
	    " WHERE run = $1 AND step LIKE '" LEDGER_FAILED "%' ORDER BY split_part(step, ':', 1) DESC,"
	    " split_part(split_part(step, ' ', 2), ':', 2)::numeric", 1, params, &res, e) < 0)
		return -1;
	a->failures = mem_array((size_t)PQntuples(res) + 1, sizeof(*a->failures));
	for (int i = 0; i < PQntuples(res); i++)
		a->failures[a->nfailures++] = mem_str(PQgetvalue(res, i, 0));
	PQclear(res);
	return 0;
}

static int
take_over(void *ctx, const struct left_over *l, struct err *e)
{
	struct account *a = ctx;

	(void)e; /* memory cannot fail */
	a->over = mem_grow(a->over, (a->nover + 1) * sizeof(*a->over));
	a->over[a->nover++] = (struct account_over){ mem_str(l->schema), mem_str(l->name), mem_str(l->run) };
	return 0;
}

/* Of a run that has its whole database. */
static int
read_left_over(struct account *a, struct run *run, struct db *db, struct err *e)
{
	struct keyset *names;
	int rc;

	if (!left_over_is_told(run))
		return 0;
	if (run_names_read(run, db, &names, e) < 0)
		return -1;
	rc = left_over_each(db, run, names, take_over, a, e);
	keyset_free(names);
	return rc;
}

static int
read_ledger(struct account *a, struct run *run, struct db *db, struct err *e)
{
	const char *params[] = { a->run->id };
	int rc = ledger_is_there(db, e);

	if (rc <= 0)
		return rc;
	if (read_loaded(a, db, e) < 0 || read_failures(a, db, e) < 0 || read_left_over(a, run, db, e) < 0)
		return -1;
	a->steps = db_value(db, "SELECT count(*) FROM gpm.steps WHERE run = $1 AND step NOT LIKE '" LEDGER_FAILED "%'", 1, params, e);
	return a->steps == NULL ? -1 : 0;
}

static int
look_at_destination(struct account *a, const struct opts *opts, struct run *run, struct err *e)
{
	struct db *db;
	int rc = -1;

	if (session_open_reading(opts, a->run->id, &db, e) < 0)
		return -1;
	if ((a->database = db_value(db, "SELECT pg_catalog.current_database()", 0, NULL, e)) != NULL &&
	    (a->server = db_value(db, "SELECT pg_catalog.version()", 0, NULL, e)) != NULL)
		rc = read_ledger(a, run, db, e);
	db_close(db);
	return rc;
}

static void
judge(struct account *a)
{
	char rows[FORMAT_SIZE_LEN], *checks = a->nchecks == 0 ? mem_str("") : a->bad_checks == 0 ?
	    mem_printf("; %zu business checks give the same", a->nchecks) :
	    mem_printf("; %zu of %zu business checks differ", a->bad_checks, a->nchecks);
	char *failures = a->nfailures == 0 ? mem_str("") : mem_printf("; %zu schema statements failed", a->nfailures);
	uint64_t sum = 0;
	size_t bad = 0;

	for (size_t i = 0; i < a->ntables; i++) {
		bad += !a->tables[i].good;
		sum += a->tables[i].rows;
	}
	a->verdict = a->good ?
	    mem_printf("%zu tables, %s rows, the same as at the source (compared by %s)%s%s", a->ntables, format_count(sum, rows), a->level, checks, failures) :
	    mem_printf("%zu of %zu tables are not verified (compared by %s)%s%s", bad, a->ntables, a->level, checks, failures);
	free(failures);
	free(checks);
}

void
account_begin(struct account *a, const struct opts *opts, struct run *run)
{
	char now[TIME_LEN];

	*a = (struct account){ .run = run, .from = opt_string(opts, OPT_ID_from), .level = opt_string(opts, OPT_ID_verify) };
	a->made = mem_str(time_now(now));
}

int
account_end(struct account *a, const struct opts *opts, struct run *run, bool good, struct err *e)
{
	a->good = good;
	if (run_each(run, REC_SKIPPED, take_left, a, e) < 0 || look_at_destination(a, opts, run, e) < 0)
		return -1;
	if (a->ntables > 0)
		qsort(a->tables, a->ntables, sizeof(*a->tables), by_weight);
	sum_exported(a);
	judge(a);
	return 0;
}

/* What the verdict says, and all around it.  *TROUBLE: that it is no good one. */
static int
gather(struct account *a, const struct opts *opts, struct run *run, struct report *report, struct err *trouble, struct err *e)
{
	bool good;

	if (business_wanted(opts) && business_check(opts, run, report, account_check, a, e) < 0)
		return -1;
	good = verdict_told(opts, run, report, account_take, a, trouble) == 0;
	if (!good && trouble->code != ERR_DIFFERS && trouble->code != ERR_PARTIAL) {
		*e = *trouble;
		return -1;
	}
	return account_end(a, opts, run, good, e);
}

void
account_release(struct account *a)
{
	for (size_t i = 0; i < a->ntables; i++) {
		free(a->tables[i].schema);
		free(a->tables[i].name);
		free(a->tables[i].state);
		free(a->tables[i].trouble);
		free(a->tables[i].exported);
	}
	for (size_t i = 0; i < a->nover; i++) {
		free(a->over[i].schema);
		free(a->over[i].name);
		free(a->over[i].run);
	}
	free(a->over);
	for (size_t i = 0; i < a->nfailures; i++)
		free(a->failures[i]);
	free(a->failures);
	for (size_t i = 0; i < a->nchecks; i++) {
		struct account_check *c = &a->checks[i];

		for (size_t k = 0; k < c->ncells; k++) {
			free(c->cells[k].column);
			free(c->cells[k].source);
			free(c->cells[k].here);
		}
		free(c->cells);
		free(c->name);
		free(c->tolerance);
		free(c->trouble);
	}
	free(a->checks);
	for (size_t i = 0; i < a->nleft; i++) {
		free(a->left[i].schema);
		free(a->left[i].name);
		free(a->left[i].kind);
		free(a->left[i].reason);
	}
	free(a->tables);
	free(a->left);
	free(a->exported.at);
	free(a->loaded.at);
	free(a->database);
	free(a->server);
	free(a->made);
	free(a->verdict);
	free(a->steps);
}

/* --- what is written ------------------------------------------------------------------------- */

int
account_write_page(const struct account *a, const char *path, struct err *e)
{
	struct buf page;
	int rc;

	text_init(&page);
	account_page(a, &page);
	rc = atomic_write_file(path, page.data, page.len, e);
	buf_release(&page);
	return rc;
}

static int
write_json(const struct account *a, struct err *e)
{
	json_t *all = account_json(a);
	int rc = json_dumpf(all, stdout, JSON_INDENT(2)) != 0 || putchar('\n') == EOF || fflush(stdout) != 0 ? -1 : 0;

	json_decref(all);
	return rc < 0 ? err_sys(e, "cannot write the report") : 0;
}

static int
write_text(const struct account *a, struct err *e)
{
	char count[FORMAT_SIZE_LEN];

	for (size_t i = 0; i < a->ntables; i++) {
		const struct account_table *t = &a->tables[i];
		char *full = mem_printf("%s.%s", t->schema, t->name);

		printf("%-48s %16s  %s\n", full, format_count(t->rows, count), t->state);
		free(full);
	}
	for (size_t i = 0; i < a->nchecks; i++)
		printf("check %-42s %16s  %s\n", a->checks[i].name, format_count(a->checks[i].rows, count), a->checks[i].good ? "the same" : "DIFFERS");
	for (size_t i = 0; i < a->nfailures; i++)
		printf("failed  %s\n", a->failures[i]);
	for (size_t i = 0; i < a->nover; i++)
		printf("stays   %s.%s: loaded by run %s, not in this one\n", a->over[i].schema, a->over[i].name, a->over[i].run);
	printf("run %s of %s: %s\n", a->run->id, a->run->header.database, a->verdict);
	return fflush(stdout) != 0 ? err_sys(e, "cannot write the report") : 0;
}

int
import_report(const struct opts *opts, struct store *store, struct err *e)
{
	const char *html = opt_string(opts, OPT_ID_html), *format = opt_string(opts, OPT_ID_format);
	bool json = strcmp(format, "json") == 0;
	struct account a;
	struct err trouble = { .code = ERR_OK };
	struct report *report;
	struct run *run;
	int rc;

	if (!json && strcmp(format, "text") != 0)
		return err_set(e, ERR_USAGE, "--format is text or json, not '%s'", format);
	if (find_run(store, opts, &run, e) < 0)
		return -1;
	report = report_new();
	account_begin(&a, opts, run);
	rc = verdict_check_run(opts, run, e);
	if (rc == 0)
		rc = gather(&a, opts, run, report, &trouble, e);
	if (rc == 0 && html != NULL)
		rc = account_write_page(&a, html, e);
	if (rc == 0)
		rc = json ? write_json(&a, e) : write_text(&a, e);
	if (rc == 0 && trouble.code != ERR_OK) {
		*e = trouble;
		rc = -1;
	}
	account_release(&a);
	report_free(report);
	run_close(run);
	return rc;
}
