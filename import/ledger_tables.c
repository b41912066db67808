/* ledger_tables.c -- exactly once: tables that a run has entered, chunks that it has loaded (ledger.h). */
#include "prelude.h"

#include <inttypes.h>

#include "err.h"
#include "ledger_internal.h"
#include "parse.h"
#include "quote.h"

/* --- tables ---------------------------------------------------------------------------------- */

int
ledger_rows_before(struct db *db, const char *run, const struct rec_table *t, uint64_t *before,
    struct err *e)
{
	char number[24];
	const char *params[] = { run, number };
	PGresult *res;
	int rc;

	snprintf(number, sizeof(number), "%" PRIu64, t->table);
	if ((rc = ledger_is_there(db, e)) <= 0)
		return rc; /* 0: loaded by other means, or not at all */
	if (db_query(db, "SELECT rows_before FROM gpm.tables WHERE run = $1 AND table_no = $2", 2, params, &res, e) < 0)
		return -1;
	rc = PQntuples(res);
	if (rc > 0 && parse_u64(PQgetvalue(res, 0, 0), 0, INT64_MAX, before, e) < 0)
		rc = -1;
	PQclear(res);
	return rc;
}

int
ledger_other(struct db *db, const char *run, const struct rec_table *t, char **other, struct err *e)
{
	const char *params[] = { run, t->schema, t->name };
	PGresult *res;
	int rc = ledger_is_there(db, e);

	if (rc <= 0)
		return rc;
	if (db_query(db, "SELECT max(run) FROM gpm.tables WHERE schema_name = $2 AND table_name = $3 HAVING max(run) IS NOT NULL AND NOT bool_or(run = $1)",
	    3, params, &res, e) < 0)
		return -1;
	rc = PQntuples(res) > 0;
	*other = rc > 0 ? mem_str(PQgetvalue(res, 0, 0)) : NULL;
	PQclear(res);
	return rc;
}

int
ledger_count(struct db *db, const struct rec_table *t, uint64_t *rows, struct err *e)
{
	struct buf sql;
	char *value = NULL;
	int rc = -1;

	text_init(&sql);
	text_puts(&sql, t->tree ? "SELECT pg_catalog.count(*) FROM " : "SELECT pg_catalog.count(*) FROM ONLY ");
	if (db_add_name(db, &sql, t->schema, t->name, e) == 0) {
		if (t->filter != NULL)
			text_printf(&sql, " %s", t->filter);
		value = db_value(db, text_str(&sql), 0, NULL, e);
	}
	if (value != NULL)
		rc = parse_u64(value, 0, INT64_MAX, rows, e);
	free(value);
	buf_release(&sql);
	return rc;
}

const char ledger_table_sql[] = "INSERT INTO gpm.tables (run, table_no, schema_name, table_name, relation,"
    " relfilenode, rows_before) VALUES ($1, $2, $3, $4, $5::pg_catalog.regclass,"
    " coalesce(pg_catalog.pg_relation_filenode($5::pg_catalog.regclass), 0), $6)";

int
ledger_note_table(struct db *db, const char *run, const struct rec_table *t, uint64_t before, struct err *e)
{
	char number[24], rows[24];
	struct buf name;
	const char *params[6] = { run, number, t->schema, t->name, NULL, rows };
	int rc;

	snprintf(number, sizeof(number), "%" PRIu64, t->table);
	snprintf(rows, sizeof(rows), "%" PRIu64, before);
	text_init(&name);
	rc = db_add_name(db, &name, t->schema, t->name, e);
	params[4] = text_str(&name);
	if (rc == 0)
		rc = db_exec_params(db, ledger_table_sql, 6, params, e);
	buf_release(&name);
	return rc;
}

void
ledger_triggers_sql(struct buf *b, const struct rec_table *t)
{
	text_puts(b, "FROM pg_catalog.pg_trigger WHERE NOT tgisinternal AND (tgenabled IN ('A', 'R') OR (tgenabled = 'O' AND"
	    " NOT (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user))) AND tgrelid = ");
	quote_regclass(b, t->schema, t->name);
}

int
ledger_check_triggers(struct db *db, const struct rec_table *t, struct err *e)
{
	struct buf sql;
	char *n;
	int rc;

	text_init(&sql);
	text_puts(&sql, "SELECT pg_catalog.count(*) ");
	ledger_triggers_sql(&sql, t);
	n = db_value(db, text_str(&sql), 0, NULL, e);
	buf_release(&sql);
	if (n == NULL)
		return -1;
	rc = strcmp(n, "0") == 0 ? 0 : -1;
	if (rc < 0) {
		err_set(e, ERR_DATABASE, "has %s triggers that would fire on the rows", n);
		err_hint(e, "ALTER TABLE … DISABLE TRIGGER USER, load, and enable them again");
	}
	free(n);
	return rc;
}

/* The usual case in one statement: T is empty, no trigger fires, and this run or any other comes to it for the first time.  False when
 * it is not so, or the server does not say: then it is asked for one thing after the other, and for the reason. */
static bool
enter_at_once(struct db *db, const char *run, const struct rec_table *t)
{
	char number[24];
	const char *params[] = { run, number, t->schema, t->name };
	PGresult *res = NULL;
	struct err ignored;
	struct buf sql;
	bool entered;

	snprintf(number, sizeof(number), "%" PRIu64, t->table);
	text_init(&sql);
	text_puts(&sql, "INSERT INTO gpm.tables (run, table_no, schema_name, table_name, relation, relfilenode, rows_before)"
	    " SELECT $1::pg_catalog.text, $2::pg_catalog.int8, $3::pg_catalog.text, $4::pg_catalog.text, ");
	quote_regclass(&sql, t->schema, t->name);
	text_puts(&sql, ", coalesce(pg_catalog.pg_relation_filenode(");
	quote_regclass(&sql, t->schema, t->name);
	text_puts(&sql, "), 0), 0 WHERE NOT EXISTS (SELECT 1 FROM gpm.tables WHERE (run = $1 AND table_no = $2) OR"
	    " (schema_name = $3 AND table_name = $4)) AND NOT EXISTS (SELECT 1 ");
	ledger_triggers_sql(&sql, t);
	text_puts(&sql, ") AND NOT EXISTS (SELECT 1 FROM ONLY ");
	quote_name(&sql, t->schema, t->name);
	text_puts(&sql, ") RETURNING rows_before");
	entered = db_query(db, text_str(&sql), 4, params, &res, &ignored) == 0 && PQntuples(res) == 1;
	PQclear(res);
	buf_release(&sql);
	return entered;
}

/* T holds HERE rows, or none, and this run comes to it for the first time. */
static int
enter_new(struct db *db, const char *run, const struct rec_table *t, enum ledger_entry entry, const struct keyset *own, uint64_t here,
    uint64_t *before, struct err *e)
{
	if (here == 0)
		return ledger_enter_empty(db, run, t, e); /* what other runs loaded is not there any more */
	if (entry == LEDGER_REPLACE)
		return ledger_enter_emptied(db, run, t, own, true, e);
	*before = here;
	if (entry == LEDGER_APPEND)
		return ledger_note_table(db, run, t, here, e);
	err_set(e, ERR_DATABASE, "holds %" PRIu64 " rows that this run did not load", here);
	return err_hint(e, "empty the table, add to it by --append, or have what an earlier run loaded replaced by --replace");
}

/* No session of a dead import loads T any more. */
static int
wait_for_table(struct db *db, const struct rec_table *t, struct err *e)
{
	char number[LEDGER_LOCK_LEN], *name = mem_printf("%s.%s", t->schema, t->name);
	int rc;

	ledger_table_lock(t, number);
	rc = ledger_wait_lock(db, number, name, e);
	free(name);
	if (rc == 0 && strcmp(t->schema, "gpm") == 0)
		return err_set(e, ERR_DATABASE, "is a table of gpm-import's own, and not loaded");
	return rc;
}

int
ledger_enter_table(struct db *db, const char *run, const struct rec_table *t, enum ledger_entry entry, const struct keyset *own,
    uint64_t *before, struct err *e)
{
	uint64_t here;
	int rc;

	if (wait_for_table(db, t, e) < 0)
		return -1;
	*before = 0;
	if (entry == LEDGER_RELOAD)
		return ledger_enter_emptied(db, run, t, own, false, e);
	if (enter_at_once(db, run, t))
		return 0;
	if ((rc = ledger_rows_before(db, run, t, before, e)) != 0)
		return rc < 0 ? -1 : ledger_check_same(db, run, t, entry == LEDGER_REPLACE, before, e);
	if (ledger_check_triggers(db, t, e) < 0 || ledger_count(db, t, &here, e) < 0)
		return -1;
	return enter_new(db, run, t, entry, own, here, before, e);
}

int
ledger_check_rest(struct db *db, const struct rec_table *t, uint64_t rest, uint64_t rows, struct err *e)
{
	struct rec_table all = *t;
	uint64_t here;

	all.filter = NULL;
	if (ledger_count(db, &all, &here, e) < 0)
		return -1;
	if (here == rest + rows)
		return 0;
	err_set(e, ERR_DATABASE, "holds %" PRIu64 " rows besides those of this run, %s > '%s'; the source holds %" PRIu64, here < rows ? 0 : here - rows,
	    t->since_column, t->since_value, rest);
	return err_hint(e, "load the earlier runs first; or rows were changed at the source, or came late: export the whole table, and load --replace");
}

int
ledger_enter_since(struct db *db, const char *run, const struct rec_table *t, uint64_t rest, bool again, struct err *e)
{
	uint64_t here, before = 0;
	int rc;

	if (again) {
		err_set(e, ERR_DATABASE, "has only rows with %s > '%s' in this run: it cannot be emptied for them", t->since_column, t->since_value);
		return err_hint(e, "delete those rows, and load without --reload");
	}
	if (wait_for_table(db, t, e) < 0)
		return -1;
	if ((rc = ledger_rows_before(db, run, t, &before, e)) != 0)
		return rc < 0 ? -1 : ledger_check_same(db, run, t, false, &before, e);
	if (ledger_check_triggers(db, t, e) < 0 || ledger_count(db, t, &here, e) < 0)
		return -1;
	if (here > 0) {
		err_set(e, ERR_DATABASE, "holds %" PRIu64 " rows with %s > '%s' that this run did not load", here, t->since_column, t->since_value);
		return err_hint(e, "a run --since the greatest value that is here adds to it");
	}
	return ledger_check_rest(db, t, rest, 0, e) < 0 ? -1 : ledger_note_table(db, run, t, 0, e);
}

/* --- shares ---------------------------------------------------------------------------------- */

/* A line of the ledger against the chunk that it is about; SEEN marks those that are loaded. */
static int
compare_line(const PGresult *res, int row, const struct rec_chunk *chunks, size_t n, bool *seen, struct err *e)
{
	uint64_t seq, first = chunks[0].seq;
	char hex[65];

	if (parse_u64(PQgetvalue(res, row, 0), 0, INT64_MAX, &seq, e) < 0)
		return -1;
	if (seq - first >= n)
		return err_set(e, ERR_DIFFERS, "the ledger has chunk %" PRIu64 " of batch %" PRIu64 ", which ends with %"
		    PRIu64, seq, chunks[0].batch, first + n - 1);
	/* its key may be another one: rows that were kept came with an earlier run's object (ledger_keep) */
	if (strcmp(PQgetvalue(res, row, 1), format_hex(chunks[seq - first].stored_sha256, 32, hex)) != 0)
		return err_set(e, ERR_DIFFERS, "'%s' is not the object that was loaded", chunks[seq - first].key);
	seen[seq - first] = true;
	return 0;
}

/* BEGIN, the table's lock, the look into the ledger: one message, for each statement of it has a snapshot of its own.  The
 * table's name is locked, not the table: readers and other shares go on. */
static int
begin_locked(struct db *db, const char *run, const struct rec_table *t, const struct rec_chunk *chunks, size_t n, bool last,
    PGresult **res, struct err *e)
{
	char number[LEDGER_LOCK_LEN];
	struct buf sql;
	int rc;

	ledger_table_lock(t, number);
	text_init(&sql);
	text_printf(&sql, "BEGIN ISOLATION LEVEL READ COMMITTED, READ WRITE; SELECT pg_catalog.pg_advisory_xact_lock_shared('%s');"
	    " SELECT seq, stored_sha256 FROM gpm.ledger WHERE run = ", number);
	quote_literal(&sql, run);
	text_printf(&sql, " AND table_no = %" PRIu64 " AND batch = %" PRIu64 " AND seq BETWEEN %" PRIu64 " AND %" PRIu64, t->table,
	    chunks[0].batch, chunks[0].seq, last ? (uint64_t)INT64_MAX : chunks[n - 1].seq);
	rc = db_query_simple(db, text_str(&sql), res, e);
	buf_release(&sql);
	return rc;
}

/* Those of the chunks that the ledger, whose lines are in RES, does not have into LEFT. */
static int
look_up(const PGresult *res, const struct rec_chunk *chunks, size_t n, const struct rec_chunk **left, size_t *nleft,
    struct err *e)
{
	bool *seen = mem_array(n, sizeof(*seen));
	int rc = 0;

	for (int i = 0; rc == 0 && i < PQntuples(res); i++)
		rc = compare_line(res, i, chunks, n, seen, e);
	*nleft = 0;
	for (size_t i = 0; rc == 0 && i < n; i++)
		if (!seen[i])
			left[(*nleft)++] = &chunks[i];
	free(seen);
	return rc;
}

int
ledger_begin_share(struct db *db, const char *run, const struct rec_table *t, const struct rec_chunk *chunks,
    size_t n, bool last, const struct rec_chunk **left, size_t *nleft, struct err *e)
{
	PGresult *res;
	int rc;

	if (begin_locked(db, run, t, chunks, n, last, &res, e) < 0)
		return -1;
	rc = look_up(res, chunks, n, left, nleft, e);
	PQclear(res);
	if (rc < 0)
		return -1;
	return *nleft == 0 ? db_exec(db, "ROLLBACK", e) : 0;
}

const char ledger_chunk_sql[] = "INSERT INTO gpm.ledger (run, table_no, batch, seq, schema_name, table_name,"
    " object_key, stored_sha256, rows) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";

int
ledger_add_chunk(struct db *db, const char *run, const struct rec_table *t, const struct rec_chunk *c,
    struct err *e)
{
	char table[24], batch[24], seq[24], rows[24], hex[65];
	const char *params[] = { run, table, batch, seq, t->schema, t->name, c->key,
		format_hex(c->stored_sha256, 32, hex), rows };

	snprintf(table, sizeof(table), "%" PRIu64, t->table);
	snprintf(batch, sizeof(batch), "%" PRIu64, c->batch);
	snprintf(seq, sizeof(seq), "%" PRIu64, c->seq);
	snprintf(rows, sizeof(rows), "%" PRIu64, c->rows);
	return db_exec_params(db, ledger_chunk_sql, 9, params, e);
}
