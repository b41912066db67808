/* ledger_parts.c -- exactly once: partitions whose rows go through their root (ledger.h).
 *
 * Such a partition's entry in gpm.tables, and its lines in gpm.ledger, have its own number and the root's name; a step "through <root>"
 * tells that there are such, so that the root is what is compared. */
#include "prelude.h"

#include <inttypes.h>

#include "err.h"
#include "ledger_internal.h"
#include "log.h"
#include "parse.h"
#include "quote.h"

#define STEP "through "

char *
ledger_root_key(const char *schema, const char *name)
{
	char *s = name_encode(schema), *n = name_encode(name), *key = mem_printf("%s.%s", s, n);

	free(s);
	free(n);
	return key;
}

int
ledger_roots(struct db *db, const char *run, struct keyset *out, size_t *n, struct err *e)
{
	PGresult *res;
	int rc = ledger_is_there(db, e);

	*n = 0;
	if (rc <= 0)
		return rc;
	if (db_query(db, "SELECT step FROM gpm.steps WHERE run = $1 AND step LIKE '" STEP "%'", 1, &run, &res, e) < 0)
		return -1;
	*n = (size_t)PQntuples(res);
	for (int i = 0; i < PQntuples(res); i++)
		keyset_add(out, PQgetvalue(res, i, 0) + strlen(STEP));
	PQclear(res);
	return 0;
}

int
ledger_target(struct db *db, const char *run, uint64_t table, char **schema, char **name, struct err *e)
{
	char number[24];
	const char *params[] = { run, number };
	PGresult *res;
	int rc;

	snprintf(number, sizeof(number), "%" PRIu64, table);
	if (db_query(db, "SELECT schema_name, table_name FROM gpm.tables WHERE run = $1 AND table_no = $2", 2, params, &res, e) < 0)
		return -1;
	if ((rc = PQntuples(res)) > 0) {
		*schema = mem_str(PQgetvalue(res, 0, 0));
		*name = mem_str(PQgetvalue(res, 0, 1));
	}
	PQclear(res);
	return rc;
}

/* Rows in T and below it, less those that RUN loaded there: in one statement, for other shares go on. */
static int
count_foreign(struct db *db, const char *run, const struct rec_table *t, uint64_t *rows, struct err *e)
{
	struct buf sql;
	char *count;
	int rc;

	text_init(&sql);
	text_puts(&sql, "WITH RECURSIVE d(oid) AS (SELECT ");
	quote_regclass(&sql, t->schema, t->name);
	text_puts(&sql, "::oid UNION ALL SELECT i.inhrelid FROM pg_catalog.pg_inherits i JOIN d ON i.inhparent = d.oid)"
	    " SELECT (SELECT count(*) FROM ");
	quote_name(&sql, t->schema, t->name);
	text_puts(&sql, ") - (SELECT coalesce(sum(l.rows), 0) FROM gpm.ledger l JOIN pg_catalog.pg_namespace n ON n.nspname = l.schema_name"
	    " JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = l.table_name JOIN d ON d.oid = c.oid WHERE l.run = $1)");
	count = db_value(db, text_str(&sql), 1, &run, e);
	buf_release(&sql);
	if (count == NULL)
		return -1;
	rc = count[0] == '-' ? err_set(e, ERR_DATABASE, "lacks %s of the rows that this run loaded", count + 1) :
	    parse_u64(count, 0, INT64_MAX, rows, e);
	free(count);
	return rc;
}

/* The first part of the root that the run comes to. */
static int
note_root(struct db *db, const char *run, const struct rec_table *t, struct err *e)
{
	char *key = ledger_root_key(t->schema, t->name), *step = mem_printf(STEP "%s", key);
	int rc = ledger_has_step(db, run, step, e);

	if (rc == 0)
		rc = ledger_add_step(db, run, step, e);
	free(step);
	free(key);
	return rc < 0 ? -1 : 0;
}

static int
enter(struct db *db, const char *run, const struct rec_table *t, uint64_t before, struct err *e)
{
	if (db_exec(db, "BEGIN", e) < 0 || note_root(db, run, t, e) < 0 || ledger_note_table(db, run, t, before, e) < 0)
		return -1;
	return ledger_commit(db, e);
}

static int
enter_first(struct db *db, const char *run, const struct rec_table *t, bool append, uint64_t *before, struct err *e)
{
	if (ledger_check_triggers(db, t, e) < 0 || count_foreign(db, run, t, before, e) < 0)
		return -1;
	if (*before == 0 || append)
		return 0;
	err_set(e, ERR_DATABASE, "%s.%s, through which its rows would go, holds %" PRIu64 " rows that this run did not load", t->schema, t->name, *before);
	return err_hint(e, "empty it, or add to it by --append; --replace and --reload do not empty a root");
}

/* 1 when RUN has entered the part before; not when it was entered as a table of its own and nothing was loaded into that. */
static int
find_entry(struct db *db, const char *run, const struct rec_table *t, uint64_t *before, struct err *e)
{
	char number[24], *schema, *name;
	const char *params[] = { run, number, t->schema, t->name };
	int rc;

	snprintf(number, sizeof(number), "%" PRIu64, t->table);
	if (db_exec_params(db, "DELETE FROM gpm.tables WHERE run = $1 AND table_no = $2 AND NOT (schema_name = $3 AND table_name = $4)"
	    " AND NOT EXISTS (SELECT 1 FROM gpm.ledger WHERE run = $1 AND table_no = $2)", 4, params, e) < 0 ||
	    (rc = ledger_target(db, run, t->table, &schema, &name, e)) < 0)
		return -1;
	if (rc == 0)
		return 0;
	rc = strcmp(schema, t->schema) == 0 && strcmp(name, t->name) == 0 ? ledger_rows_before(db, run, t, before, e) :
	    err_set(e, ERR_DATABASE, "was loaded as %s.%s, which is not here any more", schema, name);
	free(schema);
	free(name);
	return rc;
}

/* Has RUN loaded rows of the part?  They are refused a --reload: nobody can tell them from others in the root. */
static int
check_not_loaded(struct db *db, const char *run, const struct rec_table *t, struct err *e)
{
	uint64_t rows;

	if (ledger_loaded(db, run, t->table, &rows, e) < 0)
		return -1;
	if (rows == 0)
		return 0;
	err_set(e, ERR_DATABASE, "its rows are in %s.%s, where they cannot be told from those of other partitions", t->schema, t->name);
	return err_hint(e, "TRUNCATE %s.%s, and load --replace, which loads the rows of all its partitions again", t->schema, t->name);
}

/* What the ledger says of a root that somebody has emptied: all of it goes, whichever run's, so that its partitions are new again. */
static int
forget_emptied(struct db *db, const struct rec_table *t, struct err *e)
{
	uint64_t here;
	int rc;

	if (db_exec(db, "BEGIN ISOLATION LEVEL READ COMMITTED, READ WRITE", e) < 0 || ledger_count(db, t, &here, e) < 0)
		return -1;
	if (here == 0 && (rc = ledger_forget(db, t, e)) != 0) {
		if (rc < 0)
			return -1;
		log_info("%s.%s was emptied since rows were loaded through it: they are loaded again", t->schema, t->name);
	}
	return ledger_commit(db, e);
}

/* Once for a root: all parts share its lock, and who waited before the first has waited for every dead import's. */
static int
come_to_root(struct db *db, const struct rec_table *t, enum ledger_entry entry, struct err *e)
{
	char lock[LEDGER_LOCK_LEN];

	ledger_table_lock(t, lock);
	if (ledger_wait_lock(db, lock, t->name, e) < 0)
		return -1;
	if (entry != LEDGER_REPLACE || forget_emptied(db, t, e) == 0)
		return 0;
	ledger_roll_back(db, e);
	return -1;
}

int
ledger_enter_part(struct db *db, const char *run, const struct rec_table *t, bool first, enum ledger_entry entry, uint64_t *before,
    struct err *e)
{
	int rc;

	if ((first && come_to_root(db, t, entry, e) < 0) || (entry == LEDGER_RELOAD && check_not_loaded(db, run, t, e) < 0))
		return -1;
	*before = 0;
	if ((rc = find_entry(db, run, t, before, e)) != 0)
		return rc < 0 ? -1 : 0;
	if (first && enter_first(db, run, t, entry == LEDGER_APPEND, before, e) < 0)
		return -1;
	if ((rc = enter(db, run, t, *before, e)) < 0)
		ledger_roll_back(db, e);
	return rc;
}
