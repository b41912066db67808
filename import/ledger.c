/* ledger.c -- exactly once: what of a run this destination holds. */
#include "prelude.h"

#include <inttypes.h>
#include <unistd.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "db_wait.h"
#include "err.h"
#include "ledger.h"
#include "log.h"
#include "parse.h"
#include "quote.h"

#define LOCK_TRIES 50           /* of 100 ms each */
#define LOCK_RUN "gpm-import"   /* what the whole import locks; no table's name, which has a '.' */
#define LOCK_STEPS "gpm-import steps" /* what schema statements share */

/* Append-optimized tables, which may be the default of a Greenplum database, take no primary key. */
const char ledger_storage_sql[] =
    "SELECT pg_catalog.set_config(name, CASE WHEN name = 'default_table_access_method' THEN 'heap' ELSE '' END, false)"
    " FROM pg_catalog.pg_settings WHERE name IN ('gp_default_storage_options', 'default_table_access_method')";

const char ledger_create_sql[] =
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
ledger_is_there(struct db *db, struct err *e)
{
	char *there = db_value(db, "SELECT pg_catalog.count(*) FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n"
	    " ON n.oid = c.relnamespace WHERE n.nspname = 'gpm' AND c.relname IN ('ledger', 'tables', 'steps')", 0, NULL, e);
	int rc = there == NULL ? -1 : strcmp(there, "3") == 0;

	free(there);
	return rc;
}

/* Made once: an event trigger that this run brought along may object to the next CREATE. */
int
ledger_create(struct db *db, struct err *e)
{
	int rc = ledger_is_there(db, e);

	if (rc != 0)
		return rc < 0 ? -1 : 0;
	return db_exec(db, ledger_storage_sql, e) < 0 || db_exec(db, ledger_create_sql, e) < 0 ? err_context(e, "cannot make the ledger (schema gpm)") : 0;
}

/* An advisory lock's number for a name. */
static void
lock_number(const char *name, char out[LEDGER_LOCK_LEN])
{
	snprintf(out, LEDGER_LOCK_LEN, "%" PRId64, (int64_t)XXH3_64bits(name, strlen(name)));
}

void
ledger_run_lock(char out[LEDGER_LOCK_LEN])
{
	lock_number(LOCK_RUN, out);
}

/* Two tables of one number only wait for each other more than they need to. */
void
ledger_table_lock(const struct rec_table *t, char out[LEDGER_LOCK_LEN])
{
	char *name = mem_printf("%s.%s", t->schema, t->name);

	lock_number(name, out);
	free(name);
}

int
ledger_lock_run(struct db *db, struct err *e)
{
	char number[LEDGER_LOCK_LEN];
	const char *params[] = { number };

	ledger_run_lock(number);
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

/* A statement by itself takes it only for as long as it runs. */
int
ledger_wait_lock(struct db *db, const char *number, const char *what, struct err *e)
{
	char *sql = mem_printf("SELECT pg_catalog.pg_try_advisory_xact_lock('%s')", number);
	char *free_now = db_value(db, sql, 0, NULL, e);
	int rc = 0;

	free(sql);
	if (free_now == NULL)
		return -1;
	if (strcmp(free_now, "t") != 0) {
		log_info("%s: waiting for a session that a dead import left behind", what);
		sql = mem_printf("SELECT pg_catalog.pg_advisory_xact_lock('%s')", number);
		rc = db_run(db, sql, NULL, e);
		free(sql);
	}
	free(free_now);
	return rc;
}

/* --- steps ----------------------------------------------------------------------------------- */

int
ledger_wait_steps(struct db *db, struct err *e)
{
	char number[LEDGER_LOCK_LEN];

	lock_number(LOCK_STEPS, number);
	return ledger_wait_lock(db, number, "the schema", e);
}

int
ledger_begin_step(struct db *db, struct err *e)
{
	char number[LEDGER_LOCK_LEN];

	lock_number(LOCK_STEPS, number);
	return db_execf(db, e, "BEGIN; SELECT pg_catalog.pg_advisory_xact_lock_shared('%s')", number);
}

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

	return db_exec_params(db, "INSERT INTO gpm.steps (run, step) VALUES ($1, $2)", 2, params, e);
}

int
ledger_add_steps(struct db *db, const char *run, char *const *steps, size_t n, struct err *e)
{
	struct buf sql;
	int rc;

	text_init(&sql);
	text_puts(&sql, "INSERT INTO gpm.steps (run, step) VALUES ");
	for (size_t i = 0; i < n; i++) {
		text_puts(&sql, i > 0 ? ", ($1, " : "($1, ");
		quote_literal(&sql, steps[i]);
		text_puts(&sql, ")");
	}
	rc = db_exec_params(db, text_str(&sql), 1, &run, e);
	buf_release(&sql);
	return rc;
}

int
ledger_steps(struct db *db, const char *run, struct keyset *out, struct err *e)
{
	PGresult *res;

	if (db_query(db, "SELECT pg_catalog.split_part(step, ' ', 1) FROM gpm.steps WHERE run = $1", 1, &run, &res, e) < 0)
		return -1;
	for (int i = 0; i < PQntuples(res); i++)
		keyset_add(out, PQgetvalue(res, i, 0));
	PQclear(res);
	return 0;
}

int
ledger_marks(struct db *db, const char *run, const char *begin, struct keyset *out, struct err *e)
{
	const char *params[] = { run, begin };
	PGresult *res;

	if (db_query(db, "SELECT substr(step, length($2) + 1) FROM gpm.steps WHERE run = $1 AND left(step, length($2)) = $2", 2, params, &res, e) < 0)
		return -1;
	for (int i = 0; i < PQntuples(res); i++)
		keyset_add(out, PQgetvalue(res, i, 0));
	PQclear(res);
	return 0;
}

/* What "pre-data:17 <hash> <thing>" says that it made; '' for nothing. */
#define THING "substr(step, length(split_part(step, ' ', 1)) + length(split_part(step, ' ', 2)) + 3)"

int
ledger_statements(struct db *db, const char *run, const char *section, struct keyset *out, struct err *e)
{
	const char *params[] = { run, section };
	PGresult *res;

	if (db_query(db, "SELECT DISTINCT hash FROM (SELECT run, hash, thing, first_value(run) OVER (PARTITION BY thing ORDER BY done_at DESC, run DESC) AS last"
	    " FROM (SELECT run, done_at, split_part(step, ' ', 2) AS hash, " THING " AS thing FROM gpm.steps WHERE run <> $1 AND step LIKE $2 || ':% %') s) l"
	    " WHERE thing = '' OR run = last", 2, params, &res, e) < 0)
		return -1;
	for (int i = 0; i < PQntuples(res); i++)
		keyset_add(out, PQgetvalue(res, i, 0));
	PQclear(res);
	return 0;
}

int
ledger_made(struct db *db, const char *source, char ***out, size_t *n, struct err *e)
{
	PGresult *res;

	*n = 0;
	if (db_query(db, "SELECT DISTINCT " THING " FROM gpm.steps WHERE (step LIKE 'pre-data:% % %' OR step LIKE 'post-data:% % %')"
	    " AND " LEDGER_OF_SOURCE("$1") " ORDER BY 1", 1, &source, &res, e) < 0)
		return -1;
	*out = mem_array((size_t)PQntuples(res) + 1, sizeof(**out));
	for (int i = 0; i < PQntuples(res); i++)
		(*out)[(*n)++] = mem_str(PQgetvalue(res, i, 0));
	PQclear(res);
	return 0;
}

int
ledger_forget_statements(struct db *db, const char *run, char *const *numbers, size_t n, struct err *e)
{
	struct buf sql;
	int rc;

	if (n == 0)
		return 0;
	text_init(&sql);
	for (size_t i = 0; i < n; i++) {
		text_puts(&sql, i > 0 ? ", " : "DELETE FROM gpm.steps WHERE run = $1 AND split_part(step, ' ', 1) IN (");
		quote_literal(&sql, numbers[i]);
	}
	text_puts(&sql, ")");
	rc = db_exec_params(db, text_str(&sql), 1, &run, e);
	buf_release(&sql);
	return rc;
}

int
ledger_forget_after(struct db *db, const char *run, struct err *e)
{
	return db_exec_params(db, "DELETE FROM gpm.steps WHERE run = $1 AND (step IN ('sequences', 'matviews', 'analyze') OR step LIKE 'verified %')", 1, &run, e);
}

int
ledger_forget_failures(struct db *db, const char *run, const char *section, struct err *e)
{
	const char *params[] = { run, section };

	return db_exec_params(db, "DELETE FROM gpm.steps WHERE run = $1 AND step LIKE '" LEDGER_FAILED "' || $2 || ':%'", 2, params, e);
}

int
ledger_make_durable(struct db *db, const char *run, struct err *e)
{
	static const char step[] = "durable";
	const char *params[] = { run, step };

	/* a commit that waits brings all earlier ones to disk with it; one that wrote nothing would not wait */
	if (db_exec(db, "BEGIN; SET LOCAL synchronous_commit = on", e) < 0 ||
	    db_exec_params(db, "DELETE FROM gpm.steps WHERE run = $1 AND step = $2", 2, params, e) < 0 ||
	    ledger_add_step(db, run, step, e) < 0)
		return -1;
	return ledger_commit(db, e);
}

bool
ledger_roll_back(struct db *db, struct err *e)
{
	struct err gone;

	if (db_exec(db, "ROLLBACK", &gone) == 0)
		return true;
	if (e->code == ERR_DATABASE)
		*e = gone;
	return false;
}

int
ledger_commit(struct db *db, struct err *e)
{
	PGresult *res = PQexec(db_conn(db), "COMMIT");

	/* of a transaction that failed COMMIT makes a ROLLBACK, and says so in its tag only */
	if (PQresultStatus(res) != PGRES_COMMAND_OK || strcmp(PQcmdStatus(res), "COMMIT") != 0)
		return db_fail(db, res, e, "COMMIT failed");
	PQclear(res);
	return 0;
}
