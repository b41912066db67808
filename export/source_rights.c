/* source_rights.c -- what the exporting user must be allowed at the source: asked before anything is locked. */
#include "prelude.h"

#include "catalog_sql.h"
#include "err.h"
#include "opt.h"
#include "source_rights.h"

/* NULL: the relation was dropped just now. */
#define NOT_READABLE "(pg_catalog.has_table_privilege(c.oid, 'SELECT') AND pg_catalog.has_schema_privilege(n.oid, 'USAGE')) IS FALSE"
#define NOT_WRITABLE "(pg_catalog.has_table_privilege(c.oid, 'UPDATE') OR pg_catalog.has_table_privilege(c.oid, 'DELETE')) IS FALSE"
#define TO_READ "GRANT SELECT on them (and USAGE on their schemas), or connect as another user"

/* What is said when the right is missing for some relations. */
static const struct words {
	const char *kind, *trouble, *hint;
} words[RIGHTS] = {
	[RIGHT_TABLES] = { "tables", "may not be read by this user", TO_READ },
	[RIGHT_ROOTS] = { "partitioned tables", "may not be read by this user, which pg_dump needs to lock them", TO_READ },
	[RIGHT_SEQUENCES] = { "sequences", "may not be read by this user", TO_READ },
	[RIGHT_FREEZE] = { "tables", "may not be locked by this user, as --freeze does",
	    "GRANT UPDATE on them, or connect as another user" },
	[RIGHT_ALL_ROWS] = { "tables", "have row-level security for this user, and fail for it",
	    "connect as their owner (not with FORCE ROW LEVEL SECURITY), or as a role with BYPASSRLS" },
};

/* The relations that a right is about, and the condition that it is missing. */
static char *
condition_of(enum source_right right, const struct catalog *c)
{
	switch (right) {
	case RIGHT_TABLES:
		return mem_printf("%s AND " NOT_READABLE, c->holds_rows);
	case RIGHT_ROOTS:
		return mem_printf("(c.relkind = 'p' OR (c.relkind = 'r' AND NOT %s)) AND NOT (%s) AND " NOT_READABLE,
		    c->is_leaf, c->holds_rows);
	case RIGHT_SEQUENCES:
		return mem_str("c.relkind = 'S' AND " NOT_READABLE);
	case RIGHT_FREEZE:
		return mem_printf("%s AND " NOT_WRITABLE, c->holds_rows);
	case RIGHT_ALL_ROWS:
		return mem_printf("%s AND %s", c->holds_rows, c->hides_rows);
	case RIGHTS:
		break;
	}
	return mem_str("false");
}

bool
source_rights_need(enum source_right right, const struct opts *opts)
{
	bool rows = !opt_flag(opts, OPT_ID_schema_only), schema = !opt_flag(opts, OPT_ID_data_only);

	switch (right) {
	case RIGHT_ROOTS:
		return schema;
	case RIGHT_SEQUENCES:
	case RIGHT_ALL_ROWS:
		return rows;
	case RIGHT_FREEZE:
		return opt_flag(opts, OPT_ID_freeze);
	case RIGHT_TABLES:
	case RIGHTS:
		break;
	}
	return true;
}

int
source_rights_check(enum source_right right, const struct catalog *c, struct db *db, const char *condition, struct err *e)
{
	char *missing = condition_of(right, c);
	char *sql = mem_printf("SELECT n.nspname, c.relname FROM pg_catalog.pg_class c"
	    " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace%s"
	    " WHERE %s AND %s AND (c.oid IN (SELECT k.oid FROM %s k) OR NOT %s) AND %s %s ORDER BY 1, 2",
	    c->joins, c->is_lasting, c->user_schema, c->config_tables, c->of_extension, missing, condition);
	PGresult *res;
	int rc = db_query(db, sql, 0, NULL, &res, e);

	free(sql);
	free(missing);
	if (rc < 0)
		return -1;
	if (PQntuples(res) > 0) {
		err_set(e, ERR_FAILED, "%d %s %s, among them %s.%s", PQntuples(res), words[right].kind, words[right].trouble,
		    PQgetvalue(res, 0, 0), PQgetvalue(res, 0, 1));
		rc = err_hint(e, "%s", words[right].hint);
	}
	PQclear(res);
	return rc;
}

int
source_rights_check_all(const struct opts *opts, const struct catalog *c, struct db *db, const char *condition, struct err *e)
{
	for (enum source_right right = 0; right < RIGHT_ALL_ROWS; right++)
		if (source_rights_need(right, opts) && source_rights_check(right, c, db, condition, e) < 0)
			return -1;
	return 0;
}
