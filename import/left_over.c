/* left_over.c -- tables that earlier runs of the same database loaded, that are here, and that a run does not have. */
#include "prelude.h"

#include <inttypes.h>

#include "err.h"
#include "ledger.h"
#include "left_over.h"
#include "made.h"
#include "run_names.h"

bool
left_over_is_told(const struct run *run)
{
	static const char *const parts[] = { "table", "exclude_table", "schema", "exclude_schema", "schema_only", "data_only" };

	for (size_t i = 0; i < GPM_ARRAY_LEN(parts); i++)
		if (json_object_get(run->header.selection, parts[i]) != NULL)
			return false;
	return true;
}

int
left_over_each(struct db *db, const struct run *run, const struct keyset *names, left_over_fn *fn, void *ctx, struct err *e)
{
	const char *params[] = { run->id, run->header.source_id };
	PGresult *res;
	int rc = ledger_is_there(db, e);

	if (rc <= 0)
		return rc;
	if (db_query(db, "SELECT schema_name, table_name, max(run), max((SELECT max(" MADE_SPELL_FULL("p.relnamespace", "p.relname") ") FROM pg_catalog.pg_inherits"
	    " JOIN pg_catalog.pg_class p ON p.oid = inhparent WHERE inhrelid = c.oid)) FROM gpm.tables o JOIN pg_catalog.pg_class c ON c.oid = o.relation"
	    " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = schema_name AND c.relname = table_name AND " LEDGER_OF_SOURCE("$2") " AND"
	    " NOT EXISTS (SELECT 1 FROM gpm.tables t WHERE t.run = $1 AND t.schema_name = o.schema_name AND t.table_name = o.table_name)"
	    " GROUP BY 1, 2 ORDER BY 1, 2", 2, params, &res, e) < 0)
		return -1;
	rc = 0;
	for (int i = 0; rc == 0 && i < PQntuples(res); i++) {
		struct left_over l = { PQgetvalue(res, i, 0), PQgetvalue(res, i, 1), PQgetvalue(res, i, 2), PQgetisnull(res, i, 3) ? NULL : PQgetvalue(res, i, 3) };

		if (!run_names_has(names, l.schema, l.name))
			rc = fn(ctx, &l, e);
	}
	PQclear(res);
	return rc;
}

struct judging {
	struct db *db;
	struct report *report;
};

static int
judge(void *ctx, const struct left_over *l, struct err *e)
{
	struct judging *j = ctx;
	struct rec_table t = { .schema = (char *)(uintptr_t)l->schema, .name = (char *)(uintptr_t)l->name };
	struct err trouble;
	uint64_t rows;

	if (l->root == NULL)
		return 0;
	if (ledger_count(j->db, &t, &rows, e) < 0)
		return -1;
	if (rows == 0)
		return 0;
	err_set(&trouble, ERR_DIFFERS, "is a partition of %s here, with %" PRIu64 " rows of run %s; the source has no such table any more", l->root, rows, l->run);
	err_hint(&trouble, "ALTER TABLE %s DETACH PARTITION it, or drop it; load --replace --drop-gone does", l->root);
	report_trouble(j->report, &trouble, "%s.%s", l->schema, l->name);
	return 0;
}

int
left_over_judge(struct db *db, struct run *run, struct report *report, struct err *e)
{
	struct judging j = { db, report };
	struct keyset *names;
	int rc = ledger_is_there(db, e);

	if (rc <= 0 || !left_over_is_told(run))
		return rc < 0 ? -1 : 0;
	if (run_names_read(run, db, &names, e) < 0)
		return -1;
	rc = left_over_each(db, run, names, judge, &j, e);
	keyset_free(names);
	return rc;
}
