/* plan.c -- gpm-import plan: what load does for the rows, as a script for psql.  Touches no database.
 *
 * Names come out of a manifest and go into the script in quotes only, where psql looks neither for
 * its commands nor for its variables.  Conditions (filters) are SQL that cannot stand in quotes. */
#include "prelude.h"

#include <inttypes.h>

#include "db.h"
#include "err.h"
#include "external_sql.h"
#include "import.h"
#include "insert_sql.h"
#include "ledger.h"
#include "method.h"
#include "opt.h"
#include "parse.h"
#include "pick.h"
#include "plan.h"
#include "quote.h"
#include "session.h"

static int
write_out(struct plan *p, struct err *e)
{
	if (p->out.len > 0 && fwrite(p->out.data, 1, p->out.len, stdout) != p->out.len)
		return err_sys(e, "cannot write the plan");
	buf_reset(&p->out);
	return 0;
}

/* --- pieces ---------------------------------------------------------------------------------- */

void
plan_check(struct buf *b, const char *condition, const char *text, const char *shown, const char *from)
{
	text_printf(b, "SELECT CASE WHEN %s THEN 0 ELSE (", condition);
	quote_literal(b, text);
	text_printf(b, " || %s)::pg_catalog.int4 END %s\\g /dev/null\n", shown, from);
}

void
plan_check_none(struct buf *b, const char *text, void (*from)(struct buf *, const struct rec_table *),
    const struct rec_table *t)
{
	struct buf query;

	text_init(&query);
	from(&query, t);
	text_puts(&query, " ");
	plan_check(b, "pg_catalog.count(*) = 0", text, "pg_catalog.count(*)", text_str(&query));
	buf_release(&query);
}

void
plan_check_rules(struct plan *p, const struct rec_table *t)
{
	plan_check_none(&p->out, "rules that would act on the rows: ", insert_sql_rules, t);
}

void
plan_check_insert(struct plan *p, const struct rec_table *t)
{
	plan_check_rules(p, t);
	plan_check_none(&p->out, "settings (array_nulls, xmloption, lc_monetary) with which segments would misread values: ",
	    insert_sql_settings, t);
}

char *
plan_name(const char *prefix, const struct share *s)
{
	return mem_printf("%s_%" PRIu64 "_%" PRIu64, prefix, s->table->table.table, s->chunks[0].batch);
}

int
plan_head_overriding(struct plan *p, struct err *e)
{
	(void)e; /* nothing can fail */
	text_printf(&p->out, "%s AS gpm_overriding \\gset\n", insert_sql_overriding_query);
	return 0;
}

void
plan_external_rows(struct plan *p, const struct rec_table *t, const char *name, const struct external *from,
    const char *encoding)
{
	plan_check_insert(p, t);
	external_sql_table(&p->out, name, t, from, encoding);
	text_puts(&p->out, " \\gexec\n");
	external_sql_insert(&p->out, name, t, PLAN_OVERRIDING);
	text_puts(&p->out, ";\n");
}

void
plan_external_drop(struct plan *p, const char *prefix, const struct share *s)
{
	char *name = plan_name(prefix, s);

	external_sql_drop(&p->out, name);
	text_puts(&p->out, ";\n");
	free(name);
}

/* --- the head -------------------------------------------------------------------------------- */

static int
add_head(struct plan *p, struct err *e)
{
	char lock[LEDGER_LOCK_LEN];
	struct buf *b = &p->out;

	ledger_run_lock(lock);
	text_printf(b, "-- The rows of run %s by %s, for psql 11 or newer: psql -X -q -f THIS\n"
	    "-- The tables have to be there: gpm-import load --schema-only.  Every batch is a transaction with its lines in\n"
	    "-- gpm.ledger; this script, run again, and gpm-import load go on behind them.\n", p->run->id, p->method->name);
	text_puts(b, "\\set ON_ERROR_STOP on\n\\encoding UTF8\nSET client_min_messages = warning;\n");
	text_printf(b, "%s \\g /dev/null\n", db_pin_sql);
	text_puts(b, "SELECT pg_catalog.set_config('session_replication_role', 'replica', false) FROM pg_catalog.pg_roles"
	    " WHERE rolname = current_user AND rolsuper \\g /dev/null\n");
	text_printf(b, "SELECT pg_catalog.pg_advisory_lock_shared('%s') \\g /dev/null\n", lock);
	text_printf(b, "%s \\g /dev/null\n%s\n", ledger_storage_sql, ledger_create_sql);
	if (p->method->head != NULL && p->method->head(p, e) < 0)
		return -1;
	text_printf(b, "PREPARE gpm_table (text, bigint, text, text, text, bigint) AS %s;\n", ledger_table_sql);
	text_printf(b, "PREPARE gpm_chunk (text, bigint, bigint, bigint, text, text, text, text, bigint) AS %s;\n",
	    ledger_chunk_sql);
	return 0;
}

/* --- batches --------------------------------------------------------------------------------- */

static void
add_chunk_line(struct plan *p, const struct rec_table *t, const struct rec_chunk *c)
{
	struct buf *b = &p->out;
	char hex[65];

	text_printf(b, "EXECUTE gpm_chunk ('%s', %" PRIu64 ", %" PRIu64 ", %" PRIu64 ", ", p->run->id, t->table, c->batch, c->seq);
	quote_literal(b, t->schema);
	text_puts(b, ", ");
	quote_literal(b, t->name);
	text_puts(b, ", ");
	quote_literal(b, c->key);
	text_printf(b, ", '%s', %" PRIu64 ");\n", format_hex(c->stored_sha256, 32, hex), c->rows);
}

/* The rows of a batch, their number compared, and its lines. */
static int
add_rows(struct plan *p, const struct share *s, struct err *e)
{
	const struct rec_table *t = &s->table->table;
	const char *encoding = session_encoding(p->opts, t, NULL, e);
	char *same;

	if (encoding == NULL || p->method->rows(p, s, encoding, e) < 0)
		return -1;
	same = mem_printf(":ROW_COUNT = %" PRIu64, s->rows);
	plan_check(&p->out, same, "rows that came are not those of the batch: ", ":ROW_COUNT", "");
	free(same);
	if (p->method->after != NULL)
		p->method->after(p, s);
	for (size_t i = 0; i < s->n; i++)
		add_chunk_line(p, t, &s->chunks[i]);
	return 0;
}

static int
add_batch(void *ctx, struct share *s, struct err *e)
{
	struct plan *p = ctx;
	const struct rec_table *t = &s->table->table;
	struct buf *b = &p->out;
	char lock[LEDGER_LOCK_LEN];
	char *from = mem_printf("FROM gpm.ledger WHERE run = '%s' AND table_no = %" PRIu64 " AND batch = %" PRIu64 " ",
	    p->run->id, t->table, s->chunks[0].batch);
	char *whole = mem_printf("pg_catalog.count(*) IN (0, %zu)", s->n);
	int rc;

	ledger_table_lock(t, lock);
	text_printf(b, "-- batch %" PRIu64 ": %" PRIu64 " rows\nBEGIN ISOLATION LEVEL READ COMMITTED;\n", s->chunks[0].batch, s->rows);
	text_printf(b, "SELECT pg_catalog.pg_advisory_xact_lock_shared('%s') \\g /dev/null\n", lock);
	plan_check(b, whole, "loaded in part, by gpm-import load, which has to go on with it; chunks: ",
	    "pg_catalog.count(*)", from);
	text_printf(b, "SELECT pg_catalog.count(*) = 0 AS gpm_todo %s\\gset\n\\if :gpm_todo\n", from);
	free(whole);
	free(from);
	rc = add_rows(p, s, e);
	text_puts(b, "\\endif\nCOMMIT;\n");
	share_free(s);
	return rc < 0 ? -1 : write_out(p, e);
}

/* --- tables ---------------------------------------------------------------------------------- */

/* psql may be led astray by what is no UTF-8. */
static int
check_names(const struct rec_table *t, struct err *e)
{
	json_t *names = json_pack("[ss]", t->schema, t->name);
	bool good = names != NULL;

	for (size_t i = 0; good && i < t->columns.len; i++)
		good = json_array_append_new(names, json_string(t->columns.at[i].name)) == 0;
	json_decref(names);
	if (good)
		return 0;
	return err_set(e, ERR_FAILED, "has names that are not UTF-8, which no script can carry");
}

/* What load does when it enters a table. */
static void
add_table(struct plan *p, const struct rec_table *t)
{
	struct buf *b = &p->out, name;
	char *schema = name_encode(t->schema), *table = name_encode(t->name);

	text_init(&name);
	quote_name(&name, t->schema, t->name);
	text_printf(b, "-- table %" PRIu64 ", %s.%s\n", t->table, schema, table);
	text_printf(b, "SELECT pg_catalog.count(*) = 0 AS gpm_new FROM gpm.tables WHERE run = '%s' AND table_no = %" PRIu64
	    " \\gset\n\\if :gpm_new\n", p->run->id, t->table);
	plan_check_none(b, "triggers that would fire on the rows: ", ledger_triggers_sql, t);
	text_printf(b, "SELECT pg_catalog.count(*) AS gpm_rows FROM ONLY %s \\gset\n", text_str(&name));
	if (!p->append)
		plan_check(b, ":gpm_rows = 0", "the table holds rows that this run did not load: ", ":gpm_rows", "");
	text_printf(b, "EXECUTE gpm_table ('%s', %" PRIu64 ", ", p->run->id, t->table);
	quote_literal(b, t->schema);
	text_puts(b, ", ");
	quote_literal(b, t->name);
	text_puts(b, ", ");
	quote_literal(b, text_str(&name));
	text_puts(b, ", :gpm_rows);\n\\endif\n");
	buf_release(&name);
	free(schema);
	free(table);
}

static int
add_all(struct plan *p, struct run_table *t, struct err *e)
{
	if (t->table.filter != NULL)
		return err_set(e, ERR_FAILED, t->table.since_column != NULL ? "has only its newer rows in this run, which gpm-import load adds" :
		    "holds the configuration of an extension, whose rows are for gpm-import load");
	if (check_names(&t->table, e) < 0)
		return -1;
	add_table(p, &t->table);
	return share_cut(t, UINT64_MAX, add_batch, p, e);
}

/* A table that no script can carry is told, and left out. */
static int
plan_table(struct plan *p, const struct rec_manifest *line, struct err *e)
{
	struct run_table *t;
	int rc;

	if (store_key_check(line->key, e) < 0 || run_table_open(p->run, line, &t, e) < 0)
		return -1;
	rc = add_all(p, t, e);
	run_table_close(t);
	if (rc < 0 && e->code != ERR_FAILED)
		return -1;
	if (rc < 0) {
		buf_reset(&p->out); /* nothing of it was written: its first batch was refused */
		report_trouble(p->report, e, "%s.%s", line->schema, line->name);
	}
	return write_out(p, e);
}

static int
plan_run(struct plan *p, struct err *e)
{
	struct rec_manifest *lines;
	size_t n;
	int rc = pick_tables(p->opts, OPT_ID_table, p->run, &lines, &n, e);

	if (rc < 0)
		return -1;
	rc = add_head(p, e);
	if (rc == 0)
		rc = write_out(p, e); /* a table that fails takes only its own back */
	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = plan_table(p, &lines[i], e);
	pick_free(lines, n);
	if (rc == 0 && fflush(stdout) != 0)
		rc = err_sys(e, "cannot write the plan");
	return rc < 0 ? -1 : report_result(p->report, "not every table is in the plan", e);
}

static int
choose(struct plan *p, const struct method *method, struct err *e)
{
	static const struct plan_method *const methods[] = { &plan_copy, &plan_file_fdw, &plan_web, &plan_s3, &plan_oss_fdw, &plan_oss_ext,
		&plan_oss_copy, &plan_pxf };

	for (size_t i = 0; i < GPM_ARRAY_LEN(methods); i++)
		if (strcmp(methods[i]->name, method->name) == 0) {
			p->method = methods[i];
			return 0;
		}
	err_set(e, ERR_USAGE, "there is no script for --method %s: its rows come from a gpm-import that runs", method->name);
	return err_hint(e, "gpm-import load does it all; gpm-import serve gives one table's rows to statements of yours");
}

int
import_plan(const struct opts *opts, struct store *store, struct err *e)
{
	struct plan p = { .opts = opts, .append = opt_flag(opts, OPT_ID_append) };
	const struct method *method;
	int rc = -1;

	if (find_run(store, opts, &p.run, e) < 0)
		return -1;
	p.report = report_new();
	text_init(&p.out);
	method = method_find(opts, p.run, e);
	if (method != NULL)
		rc = choose(&p, method, e);
	if (rc == 0)
		rc = plan_run(&p, e);
	buf_release(&p.out);
	report_free(p.report);
	run_close(p.run);
	return rc;
}
