/* unchecked.c -- tables whose rows came past our own eyes. */
#include "prelude.h"

#include <inttypes.h>

#include "err.h"
#include "ledger.h"
#include "log.h"
#include "unchecked.h"

/* One step a batch: workers with other batches of the table do not wait for each other. */
int
unchecked_note(struct db *db, const char *run, uint64_t table, uint64_t batch, struct err *e)
{
	char *step = mem_printf(UNCHECKED_STEP "%" PRIu64, table, batch);
	int rc = ledger_add_step(db, run, step, e);

	free(step);
	return rc;
}

/* Is there a step of RUN like PATTERN? */
static int
find(struct db *db, const char *run, const char *pattern, struct err *e)
{
	const char *params[] = { run, pattern };
	PGresult *res;
	int rc;

	if (db_query(db, "SELECT 1 FROM gpm.steps WHERE run = $1 AND step LIKE $2 LIMIT 1", 2, params, &res, e) < 0)
		return -1;
	rc = PQntuples(res);
	PQclear(res);
	return rc;
}

int
unchecked_any(struct db *db, const char *run, struct err *e)
{
	PGresult *res;
	int rc;

	if (db_query(db, "SELECT 1 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
	    " WHERE n.nspname = 'gpm' AND c.relname = 'steps'", 0, NULL, &res, e) < 0)
		return -1;
	rc = PQntuples(res);
	PQclear(res);
	return rc == 0 ? 0 : find(db, run, "unchecked %", e);
}

/* No letter of a step means anything to LIKE. */
static char *
pattern_of(uint64_t table)
{
	return mem_printf(UNCHECKED_STEP "%%", table);
}

int
unchecked_is(struct db *db, const char *run, uint64_t table, struct err *e)
{
	char *pattern = pattern_of(table);
	int rc = find(db, run, pattern, e);

	free(pattern);
	return rc;
}

void
unchecked_settle(struct db *db, const char *run, uint64_t table)
{
	char *pattern = pattern_of(table);
	const char *params[] = { run, pattern };
	PGresult *res;
	struct err e;

	if (db_query(db, "DELETE FROM gpm.steps WHERE run = $1 AND step LIKE $2 RETURNING 1", 2, params, &res, &e) < 0)
		log_debug("the ledger keeps that table %" PRIu64 " is not content-checked: %s", table, e.text);
	else
		PQclear(res);
	free(pattern);
}
