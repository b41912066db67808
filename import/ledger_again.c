/* ledger_again.c -- exactly once: tables that a load has come to before: the same still, or to be emptied (ledger_internal.h). */
#include "prelude.h"

#include <inttypes.h>

#include "db_wait.h"
#include "err.h"
#include "ledger_internal.h"
#include "log.h"
#include "parse.h"
#include "quote.h"
#include "run_names.h"

/* --- is it the same? ------------------------------------------------------------------------- */

/* What RUN has loaded into its table of that NUMBER. */
static int
count_loaded(struct db *db, const char *run, const char *number, uint64_t *rows, struct err *e)
{
	const char *params[] = { run, number };
	char *sum = db_value(db, "SELECT coalesce(sum(rows), 0) FROM gpm.ledger WHERE run = $1 AND table_no = $2", 2, params, e);
	int rc = sum == NULL ? -1 : parse_u64(sum, 0, INT64_MAX, rows, e);

	free(sum);
	return rc;
}

int
ledger_loaded(struct db *db, const char *run, uint64_t table, uint64_t *rows, struct err *e)
{
	char number[24];

	snprintf(number, sizeof(number), "%" PRIu64, table);
	return count_loaded(db, run, number, rows, e);
}

static int
hint_reload(const struct rec_table *t, struct err *e)
{
	struct buf name;

	text_init(&name);
	quote_name(&name, t->schema, t->name);
	err_hint(e, "load --reload '%s' empties the table, whatever is in it, and loads it again", text_str(&name));
	buf_release(&name);
	return -1;
}

/* The storage is another one.  That alone is no trouble, for VACUUM FULL and CLUSTER write a table anew; TRUNCATE shows by
 * the rows. */
static int
check_rewritten(struct db *db, const char *run, const struct rec_table *t, const char *number, const char *filenode, uint64_t before,
    struct err *e)
{
	const char *params[] = { run, number, filenode };
	uint64_t here, loaded;

	if (ledger_count(db, t, &here, e) < 0 || count_loaded(db, run, number, &loaded, e) < 0)
		return -1;
	if (here == before + loaded)
		return db_exec_params(db, "UPDATE gpm.tables SET relfilenode = $3 WHERE run = $1 AND table_no = $2", 3, params, e);
	if (here > before + loaded) {
		/* somebody has added rows: nothing that would take them away is advised */
		err_set(e, ERR_DATABASE, "was written anew since it was loaded, and holds rows that this run did not load: %" PRIu64 " are here, %" PRIu64
		    " should be", here, before + loaded);
		return err_hint(e, "gpm-import diff shows them: keep those that an application needs elsewhere, delete them here, and load again");
	}
	err_set(e, ERR_DATABASE, "was emptied since it was loaded: %" PRIu64 " rows are here, %" PRIu64 " should be", here, before + loaded);
	return hint_reload(t, e);
}

/* What the ledger says of one run's table, and of what hangs on it. */
static int
forget_entry(struct db *db, const char *run, const char *number, struct err *e)
{
	const char *params[] = { run, number };

	if (db_exec_params(db, "DELETE FROM gpm.ledger WHERE run = $1 AND table_no = $2", 2, params, e) < 0 ||
	    db_exec_params(db, "DELETE FROM gpm.tables WHERE run = $1 AND table_no = $2", 2, params, e) < 0)
		return -1;
	return db_exec_params(db, "DELETE FROM gpm.steps WHERE run = $1 AND (step IN ('matviews', 'analyze') OR step LIKE 'verified %'"
	    " OR step LIKE 'unchecked ' || $2 || ' %')", 2, params, e);
}

/* It is another relation.  One without rows is loaded again where the run has all of them and that takes nothing from anybody: nothing of it
 * went into the other one, or REPLACE.  ROOT: that one was a root, which is still here. */
static int
enter_remade(struct db *db, const char *run, const struct rec_table *t, const char *number, bool root, bool replace, uint64_t *before, struct err *e)
{
	uint64_t here, loaded;

	if (ledger_count(db, t, &here, e) < 0 || count_loaded(db, run, number, &loaded, e) < 0)
		return -1;
	if (here > 0 || t->since_column != NULL || (loaded > 0 && (root || !replace))) {
		err_set(e, ERR_DATABASE, "is not the table that was loaded: it was dropped and made anew since");
		return hint_reload(t, e);
	}
	log_warning("%s.%s was dropped and made anew since the load came to it: its rows are loaded into the new one", t->schema, t->name);
	*before = 0;
	/* it may be under a root's name */
	if (forget_entry(db, run, number, e) < 0)
		return -1;
	return ledger_enter_empty(db, run, t, e);
}

int
ledger_check_same(struct db *db, const char *run, const struct rec_table *t, bool replace, uint64_t *before, struct err *e)
{
	char number[24];
	const char *params[] = { run, number, t->schema, t->name };
	struct buf sql;
	PGresult *res;
	int rc;

	snprintf(number, sizeof(number), "%" PRIu64, t->table);
	text_init(&sql);
	text_puts(&sql, "SELECT t.relation = c.oid, t.relfilenode = coalesce(pg_catalog.pg_relation_filenode(c.oid), 0),"
	    " coalesce(pg_catalog.pg_relation_filenode(c.oid), 0), (t.schema_name <> $3 OR t.table_name <> $4) AND EXISTS (SELECT 1 FROM pg_catalog.pg_class r WHERE r.oid = t.relation) FROM gpm.tables t, pg_catalog.pg_class c"
	    " WHERE t.run = $1 AND t.table_no = $2 AND c.oid = ");
	quote_regclass(&sql, t->schema, t->name);
	rc = db_query(db, text_str(&sql), 4, params, &res, e);
	buf_release(&sql);
	if (rc < 0)
		return -1;
	if (PQntuples(res) != 1 || strcmp(PQgetvalue(res, 0, 0), "t") != 0) {
		rc = enter_remade(db, run, t, number, PQntuples(res) == 1 && strcmp(PQgetvalue(res, 0, 3), "t") == 0, replace, before, e);
	} else if (strcmp(PQgetvalue(res, 0, 1), "t") != 0) {
		rc = check_rewritten(db, run, t, number, PQgetvalue(res, 0, 2), *before, e);
	}
	PQclear(res);
	return rc;
}

/* --- emptied --------------------------------------------------------------------------------- */

/* Every run's entry of T, by its name: run, number, is it the relation that has the name now? */
static int
find_entries(struct db *db, const struct rec_table *t, PGresult **res, struct err *e)
{
	const char *params[] = { t->schema, t->name };
	struct buf sql;
	int rc;

	text_init(&sql);
	text_puts(&sql, "SELECT run, table_no, relation = ");
	quote_regclass(&sql, t->schema, t->name);
	text_puts(&sql, " FROM gpm.tables WHERE schema_name = $1 AND table_name = $2");
	rc = db_query(db, text_str(&sql), 2, params, res, e);
	buf_release(&sql);
	return rc;
}

int
ledger_check_loaded_only(struct db *db, const struct rec_table *t, struct err *e)
{
	uint64_t here, loaded = 0, n;
	PGresult *res;
	int rc = 0, entries;

	if (ledger_count(db, t, &here, e) < 0 || find_entries(db, t, &res, e) < 0)
		return -1;
	for (int i = 0; rc == 0 && i < PQntuples(res); i++) {
		if (strcmp(PQgetvalue(res, i, 2), "t") != 0) {
			err_set(e, ERR_DATABASE, "is not the table that earlier runs loaded: it was made anew since");
			rc = hint_reload(t, e);
		} else if ((rc = count_loaded(db, PQgetvalue(res, i, 0), PQgetvalue(res, i, 1), &n, e)) == 0) {
			loaded += n;
		}
	}
	if (rc == 0 && loaded != here) {
		err_set(e, ERR_DATABASE, "holds %" PRIu64 " rows, of which earlier runs loaded %" PRIu64 ": others were added or removed", here, loaded);
		rc = hint_reload(t, e);
	}
	entries = PQntuples(res);
	PQclear(res);
	return rc < 0 ? -1 : entries;
}

int
ledger_forget(struct db *db, const struct rec_table *t, struct err *e)
{
	PGresult *res;
	int n, rc = find_entries(db, t, &res, e);

	if (rc < 0)
		return -1;
	n = PQntuples(res);
	for (int i = 0; rc == 0 && i < n; i++)
		rc = forget_entry(db, PQgetvalue(res, i, 0), PQgetvalue(res, i, 1), e);
	PQclear(res);
	return rc < 0 ? -1 : n;
}

/* Tables whose foreign keys point to T, each once for itself and for each that it is a partition of, or that is one of its: oid, schema, name, and of
 * the relative schema, name. */
static int
find_referencing(struct db *db, const struct rec_table *t, PGresult **res, struct err *e)
{
	struct buf sql;
	int rc;

	text_init(&sql);
	text_puts(&sql, "WITH RECURSIVE f(rel) AS (SELECT DISTINCT conrelid FROM pg_catalog.pg_constraint WHERE contype = 'f'"
	    " AND conrelid <> confrelid AND confrelid = ");
	quote_regclass(&sql, t->schema, t->name);
	text_puts(&sql, "), up(rel, kin) AS (SELECT rel, rel FROM f UNION ALL SELECT rel, inhparent FROM up JOIN pg_catalog.pg_inherits ON inhrelid = kin),"
	    " down(rel, kin) AS (SELECT rel, rel FROM f UNION ALL SELECT rel, inhrelid FROM down JOIN pg_catalog.pg_inherits ON inhparent = kin)"
	    " SELECT rel, rn.nspname, r.relname, kn.nspname, k.relname FROM (SELECT * FROM up UNION SELECT * FROM down) x"
	    " JOIN pg_catalog.pg_class r ON r.oid = rel JOIN pg_catalog.pg_namespace rn ON rn.oid = r.relnamespace"
	    " JOIN pg_catalog.pg_class k ON k.oid = kin JOIN pg_catalog.pg_namespace kn ON kn.oid = k.relnamespace ORDER BY 2, 3, 1");
	rc = db_query(db, text_str(&sql), 0, NULL, res, e);
	buf_release(&sql);
	return rc;
}

/* Those of which neither itself nor a relative is the run's, with commas between. */
static void
name_foreign(const PGresult *res, const struct keyset *own, struct buf *names)
{
	int n = PQntuples(res);

	for (int first = 0, next; first < n; first = next) {
		bool ours = false;

		for (next = first; next < n && strcmp(PQgetvalue(res, next, 0), PQgetvalue(res, first, 0)) == 0; next++)
			ours = ours || run_names_has(own, PQgetvalue(res, next, 3), PQgetvalue(res, next, 4));
		if (!ours)
			text_printf(names, "%s%s.%s", names->len > 0 ? ", " : "", PQgetvalue(res, first, 1), PQgetvalue(res, first, 2));
	}
}

/* Do foreign keys of other tables point to T?  1, 0, -1: some of tables that are not the run's, whose rows would be left
 * pointing to nothing: no trigger acts, and what the run's own tables point to it brings along. */
static int
is_referenced(struct db *db, const struct rec_table *t, const struct keyset *own, struct err *e)
{
	struct buf names;
	PGresult *res;
	int rc;

	if (find_referencing(db, t, &res, e) < 0)
		return -1;
	rc = PQntuples(res) > 0;
	text_init(&names);
	name_foreign(res, own, &names);
	if (names.len > 0) {
		err_set(e, ERR_DATABASE, "cannot be emptied: foreign keys of tables that are not of this run point to it: %s", text_str(&names));
		rc = err_hint(e, "drop the foreign keys, load, and make them again: rows that point to nothing are told then; --drop-gone drops tables that are gone at the source");
	}
	buf_release(&names);
	PQclear(res);
	return rc;
}

/* DELETE of rows that foreign keys point to would be refused, or take rows of other tables along, if triggers acted. */
static int
check_silent(struct db *db, struct err *e)
{
	char *role = db_value(db, "SHOW session_replication_role", 0, NULL, e);
	bool silent = role != NULL && strcmp(role, "replica") == 0;

	free(role);
	if (role == NULL || silent)
		return role == NULL ? -1 : 0;
	err_set(e, ERR_DATABASE, "cannot be emptied: foreign keys of other tables point to it, and this user's sessions cannot pass over them");
	return err_hint(e, "load as a superuser, or drop the foreign keys and make them again afterwards");
}

/* Before the rows are counted: what somebody adds behind the count's back would go unseen. */
static int
lock_table(struct db *db, const struct rec_table *t, struct err *e)
{
	struct buf sql;
	int rc;

	text_init(&sql);
	text_puts(&sql, "LOCK TABLE ONLY ");
	quote_name(&sql, t->schema, t->name);
	text_puts(&sql, " IN ACCESS EXCLUSIVE MODE");
	rc = db_run(db, text_str(&sql), NULL, e);
	buf_release(&sql);
	return rc;
}

/* TRUNCATE gives the room back; what it may not do, or would do to more than the run's own rows, DELETE does. */
static int
take_rows(struct db *db, const struct rec_table *t, const struct keyset *own, struct err *e)
{
	int referenced = is_referenced(db, t, own, e);
	struct buf sql;
	int rc;

	if (referenced < 0 || (referenced > 0 && check_silent(db, e) < 0))
		return -1;
	text_init(&sql);
	text_puts(&sql, referenced > 0 || t->filter != NULL ? "DELETE FROM ONLY " : "TRUNCATE ONLY ");
	quote_name(&sql, t->schema, t->name);
	if (t->filter != NULL)
		text_printf(&sql, " %s", t->filter);
	rc = db_run(db, text_str(&sql), NULL, e);
	buf_release(&sql);
	return rc;
}

enum take { NOTHING, LOADED, EVERYTHING }; /* which rows may be taken out */

static int
take_out(struct db *db, const struct rec_table *t, const struct keyset *own, enum take take, struct err *e)
{
	if (take == NOTHING)
		return 0;
	if (lock_table(db, t, e) < 0 || (take == LOADED && ledger_check_loaded_only(db, t, e) < 0))
		return -1;
	return take_rows(db, t, own, e);
}

static int
enter_in_transaction(struct db *db, const char *run, const struct rec_table *t, const struct keyset *own, enum take take, struct err *e)
{
	char lock[LEDGER_LOCK_LEN];
	uint64_t left = 0;

	ledger_table_lock(t, lock);
	/* exclusive, until the end: who comes after a death waits for it where it enters the table */
	if (db_execf(db, e, "BEGIN ISOLATION LEVEL READ COMMITTED, READ WRITE; SELECT pg_catalog.pg_advisory_xact_lock('%s')", lock) < 0 ||
	    ledger_check_triggers(db, t, e) < 0 || take_out(db, t, own, take, e) < 0 || ledger_count(db, t, &left, e) < 0)
		return -1;
	if (left > 0)
		return err_set(e, ERR_DATABASE, "holds %" PRIu64 " rows where it should be empty: a rule, a policy or somebody else", left);
	if (ledger_forget(db, t, e) < 0 || ledger_note_table(db, run, t, 0, e) < 0)
		return -1;
	return ledger_commit(db, e);
}

int
ledger_enter_empty(struct db *db, const char *run, const struct rec_table *t, struct err *e)
{
	int rc = enter_in_transaction(db, run, t, NULL, NOTHING, e);

	if (rc < 0)
		ledger_roll_back(db, e);
	return rc;
}

int
ledger_enter_emptied(struct db *db, const char *run, const struct rec_table *t, const struct keyset *own, bool loaded_only, struct err *e)
{
	struct err ignored;
	int rc;

	if (db_exec(db, "SET session_replication_role = replica", &ignored) < 0)
		log_debug("triggers stay on: %s", ignored.text);
	if ((rc = enter_in_transaction(db, run, t, own, loaded_only ? LOADED : EVERYTHING, e)) < 0)
		ledger_roll_back(db, e);
	else
		log_info("%s.%s was emptied, for the rows of run %s", t->schema, t->name, run);
	if (db_exec(db, "RESET session_replication_role", &ignored) < 0)
		log_debug("%s.%s: %s", t->schema, t->name, ignored.text);
	return rc;
}
