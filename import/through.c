/* through.c -- partitions that the destination does not have: their rows go through the root. */
#include "prelude.h"

#include <inttypes.h>

#include "err.h"
#include "opt.h"
#include "through.h"

#define IS_THERE(schema, name) "EXISTS (SELECT 1 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace" \
	" WHERE n.nspname = " schema " AND c.relname = " name ")"

int
through_root(const struct opts *opts, struct db *db, const char *run, struct run_table *t, struct err *e)
{
	struct rec_table *r = &t->table;
	char number[24], *through;
	const char *params[] = { r->schema, r->name, r->root_schema, r->root_name, opt_flag(opts, OPT_ID_through_root) ? "t" : "f", run, number };
	int rc;

	if (r->root_schema == NULL || r->root_name == NULL)
		return 0;
	snprintf(number, sizeof(number), "%" PRIu64, r->table);
	through = db_value(db, "SELECT (NOT " IS_THERE("$1", "$2") " OR ($5::bool AND NOT EXISTS (SELECT 1 FROM gpm.ledger WHERE run = $6 AND table_no = $7"
	    " AND schema_name = $1 AND table_name = $2))) AND " IS_THERE("$3", "$4"), 7, params, e);
	rc = through == NULL ? -1 : strcmp(through, "t") == 0;
	free(through);
	if (rc > 0) {
		free(r->schema);
		free(r->name);
		r->schema = mem_str(r->root_schema);
		r->name = mem_str(r->root_name);
		r->tree = true;
	}
	return rc;
}
