/* business_results.c -- the results of --checks at the source. */
#include "prelude.h"

#include "business_results.h"
#include "err.h"
#include "log.h"
#include "schema_dump.h"

#define RESULTS_LIMIT ((size_t)64 << 20)

static int
run_query(struct business_query *q, struct db *db, struct err *e)
{
	PGresult *res;
	int rc;

	/* of an earlier moment that could not be had */
	json_decref(q->columns);
	json_decref(q->rows);
	q->columns = q->rows = NULL;
	if (business_run(db, q, &res, e) < 0)
		return -1;
	log_debug("check '%s': %d rows", q->name, PQntuples(res));
	rc = business_take(q, res, e);
	PQclear(res);
	return rc;
}

/* The transaction cannot write, but a query can change a setting, which those behind it, and rows that are read in this
 * session, are not to see.  A query that fails ends the export, and the transaction with it. */
static int
run_aside(struct business_query *q, struct db *db, struct err *e)
{
	if (db_exec(db, "SAVEPOINT gpm", e) < 0 || run_query(q, db, e) < 0)
		return -1;
	return db_exec(db, "ROLLBACK TO SAVEPOINT gpm; RELEASE SAVEPOINT gpm", e);
}

int
business_results(struct business *b, struct db *db, struct state *state, struct err *e)
{
	struct buf text;
	int rc = 0;

	for (size_t i = 0; i < b->len; i++)
		if (run_aside(&b->at[i], db, e) < 0)
			return -1;
	buf_init(&text, RESULTS_LIMIT);
	rc = business_write(b, &text, e);
	if (rc == 0)
		rc = schema_write(state, BUSINESS_KEY, text.data, text.len, e);
	buf_release(&text);
	return rc;
}
