/* ledger.c -- exactly once: what of a run this destination holds. */
#include "prelude.h"

#include <inttypes.h>
#include <unistd.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "err.h"
#include "ledger.h"
#include "parse.h"

#define LOCK_TRIES 50           /* of 100 ms each */
#define LOCK_RUN "gpm-import"   /* what the whole import locks */

static const char create_sql[] =
    "CREATE SCHEMA IF NOT EXISTS gpm;"
    "CREATE TABLE IF NOT EXISTS gpm.ledger (run text NOT NULL, table_no bigint NOT NULL, batch bigint NOT NULL,"
    " seq bigint NOT NULL, schema_name text NOT NULL, table_name text NOT NULL, object_key text NOT NULL,"
    " stored_sha256 text NOT NULL, rows bigint NOT NULL, loaded_at timestamptz NOT NULL DEFAULT pg_catalog.now(),"
    " PRIMARY KEY (run, table_no, batch, seq));"
    "CREATE TABLE IF NOT EXISTS gpm.tables (run text NOT NULL, table_no bigint NOT NULL, schema_name text NOT NULL,"
    " table_name text NOT NULL, relation oid NOT NULL, relfilenode oid NOT NULL, rows_before bigint NOT NULL,"
    " first_loaded_at timestamptz NOT NULL DEFAULT pg_catalog.now(), PRIMARY KEY (run, table_no));"
    "CREATE TABLE IF NOT EXISTS gpm.steps (run text NOT NULL, step text NOT NULL,"
    " done_at timestamptz NOT NULL DEFAULT pg_catalog.now(), PRIMARY KEY (run, step));";

int
ledger_create(struct db *db, struct err *e)
{
	return db_exec(db, create_sql, e) < 0 ? err_context(e, "cannot make the ledger (schema gpm)") : 0;
}

/* An advisory lock's number for a name. */
static void
lock_number(const char *name, char out[24])
{
	snprintf(out, 24, "%" PRId64, (int64_t)XXH3_64bits(name, strlen(name)));
}

int
ledger_lock_run(struct db *db, struct err *e)
{
	char number[24];
	const char *params[] = { number };

	lock_number(LOCK_RUN, number);
	for (int i = 0; i < LOCK_TRIES; i++) {
		char *got = db_value(db, "SELECT pg_catalog.pg_try_advisory_lock($1)", 1, params, e);
		bool held = got != NULL && strcmp(got, "t") == 0;

		free(got);
		if (got == NULL)
			return -1;
		if (held)
			return 0;
		usleep(100000);
	}
	return err_set(e, ERR_LOCKED, "another gpm-import works on this database");
}

/* A statement with parameters whose result is of no interest. */
static int
run_params(struct db *db, const char *sql, int n, const char *const *params, struct err *e)
{
	PGresult *res = PQexecParams(db_conn(db), sql, n, NULL, params, NULL, NULL, 0);
	ExecStatusType status = PQresultStatus(res);

	if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
		return db_fail(db, res, e, "'%.60s'", sql);
	PQclear(res);
	return 0;
}

/* --- steps ----------------------------------------------------------------------------------- */

int
ledger_has_step(struct db *db, const char *run, const char *step, struct err *e)
{
	const char *params[] = { run, step };
	PGresult *res;
	int found;

	if (db_query(db, "SELECT 1 FROM gpm.steps WHERE run = $1 AND step = $2", 2, params, &res, e) < 0)
		return -1;
	found = PQntuples(res) > 0;
	PQclear(res);
	return found;
}

int
ledger_add_step(struct db *db, const char *run, const char *step, struct err *e)
{
	const char *params[] = { run, step };

	return run_params(db, "INSERT INTO gpm.steps (run, step) VALUES ($1, $2)", 2, params, e);
}

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
	if (db_query(db, "SELECT 1 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
	    " WHERE n.nspname = 'gpm' AND c.relname = 'tables'", 0, NULL, &res, e) < 0)
		return -1;
	rc = PQntuples(res);
	PQclear(res);
	if (rc == 0)
		return 0; /* loaded by other means, or not at all */
	if (db_query(db, "SELECT rows_before FROM gpm.tables WHERE run = $1 AND table_no = $2", 2, params, &res, e) < 0)
		return -1;
	rc = PQntuples(res);
	if (rc > 0 && parse_u64(PQgetvalue(res, 0, 0), 0, INT64_MAX, before, e) < 0)
		rc = -1;
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
	text_puts(&sql, "SELECT pg_catalog.count(*) FROM ONLY ");
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

static int
note_table(struct db *db, const char *run, const struct rec_table *t, uint64_t before, struct err *e)
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
		rc = run_params(db, "INSERT INTO gpm.tables (run, table_no, schema_name, table_name, relation, relfilenode, rows_before)"
		    " VALUES ($1, $2, $3, $4, $5::pg_catalog.regclass, coalesce(pg_catalog.pg_relation_filenode($5::pg_catalog.regclass), 0), $6)",
		    6, params, e);
	buf_release(&name);
	return rc;
}

/* Triggers that would fire even in the sessions that load (session_open_loading). */
static int
check_triggers(struct db *db, const struct rec_table *t, struct err *e)
{
	struct buf name;
	const char *params[1];
	char *n = NULL;
	int rc;

	text_init(&name);
	rc = db_add_name(db, &name, t->schema, t->name, e);
	params[0] = text_str(&name);
	if (rc == 0)
		n = db_value(db, "SELECT pg_catalog.count(*) FROM pg_catalog.pg_trigger WHERE tgrelid = $1::pg_catalog.regclass"
		    " AND NOT tgisinternal AND (tgenabled IN ('A', 'R') OR (tgenabled = 'O' AND"
		    " NOT (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user)))", 1, params, e);
	buf_release(&name);
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

int
ledger_enter_table(struct db *db, const char *run, const struct rec_table *t, bool append,
    uint64_t *before, struct err *e)
{
	int rc = ledger_rows_before(db, run, t, before, e);

	if (rc != 0)
		return rc < 0 ? -1 : 0;
	if (strcmp(t->schema, "gpm") == 0)
		return err_set(e, ERR_DATABASE, "is a table of gpm-import's own, and not loaded");
	if (check_triggers(db, t, e) < 0 || ledger_count(db, t, before, e) < 0)
		return -1;
	if (*before > 0 && !append) {
		err_set(e, ERR_DATABASE, "holds %" PRIu64 " rows that this run did not load", *before);
		return err_hint(e, "empty the table, or add to it by --append");
	}
	return note_table(db, run, t, *before, e);
}

/* --- batches --------------------------------------------------------------------------------- */

/* The table's name is locked, not the table: readers and other loads go on. */
static int
begin_locked(struct db *db, const struct rec_table *t, struct err *e)
{
	char number[24], *name = mem_printf("%s.%s", t->schema, t->name);
	const char *params[] = { number };
	int rc = db_exec(db, "BEGIN ISOLATION LEVEL READ COMMITTED, READ WRITE", e);

	lock_number(name, number);
	free(name);
	return rc < 0 ? -1 : run_params(db, "SELECT pg_catalog.pg_advisory_xact_lock($1)", 1, params, e);
}

/* The batch's lines in the ledger against the manifest's; 1 the same, 0 none, -1. */
static int
compare_batch(const PGresult *res, const struct rec_chunk *chunks, size_t n, struct err *e)
{
	char hex[65];

	if (PQntuples(res) == 0)
		return 0;
	if ((size_t)PQntuples(res) != n)
		return err_set(e, ERR_DIFFERS, "the ledger has %d chunks of a batch that has %zu", PQntuples(res), n);
	for (size_t i = 0; i < n; i++)
		if (strcmp(PQgetvalue(res, (int)i, 0), format_hex(chunks[i].stored_sha256, 32, hex)) != 0)
			return err_set(e, ERR_DIFFERS, "'%s' is not the object that was loaded", chunks[i].key);
	return 1;
}

int
ledger_begin_batch(struct db *db, const char *run, const struct rec_table *t, uint64_t batch,
    const struct rec_chunk *chunks, size_t n, struct err *e)
{
	char table[24], number[24];
	const char *params[] = { run, table, number };
	PGresult *res;
	int rc;

	snprintf(table, sizeof(table), "%" PRIu64, t->table);
	snprintf(number, sizeof(number), "%" PRIu64, batch);
	if (begin_locked(db, t, e) < 0 || db_query(db, "SELECT stored_sha256 FROM gpm.ledger"
	    " WHERE run = $1 AND table_no = $2 AND batch = $3 ORDER BY seq", 3, params, &res, e) < 0)
		return -1;
	rc = compare_batch(res, chunks, n, e);
	PQclear(res);
	return rc > 0 && db_exec(db, "ROLLBACK", e) < 0 ? -1 : rc;
}

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
	return run_params(db, "INSERT INTO gpm.ledger (run, table_no, batch, seq, schema_name, table_name,"
	    " object_key, stored_sha256, rows) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)", 9, params, e);
}
