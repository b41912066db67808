/* db_wait.c -- statements that may take hours. */
#include "prelude.h"

#include <poll.h>

#include "db_wait.h"
#include "err.h"
#include "parse.h"
#include "stop.h"

#define LOOK_MS 200 /* who waits for the server looks for a signal this often */

PGresult *
db_result(struct db *db)
{
	PGconn *conn = db_conn(db);
	bool cancelled = false;
	struct err stopped;

	/* what is wrong with the connection PQgetResult tells */
	while (PQisBusy(conn)) {
		struct pollfd p = { .fd = PQsocket(conn), .events = POLLIN };

		if (!cancelled && (cancelled = stop_check(&stopped) < 0))
			db_cancel(db);
		/* what TLS has read already the socket does not show: look in any case */
		poll(&p, 1, LOOK_MS);
		if (PQconsumeInput(conn) == 0)
			break;
	}
	return PQgetResult(conn);
}

int
db_run(struct db *db, const char *sql, uint64_t *rows, struct err *e)
{
	PGresult *res = NULL, *more;
	ExecStatusType status;
	int rc = 0;

	if (PQsendQueryParams(db_conn(db), sql, 0, NULL, NULL, NULL, NULL, 0) == 1)
		res = db_result(db);
	status = PQresultStatus(res);
	while (res != NULL && (more = db_result(db)) != NULL)
		PQclear(more);
	if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
		if (PQstatus(db_conn(db)) != CONNECTION_OK || stop_check(e) == 0)
			return db_fail(db, res, e, "statement failed"); /* SQL may hold a secret */
		PQclear(res); /* it was cancelled */
		return -1;
	}
	if (rows != NULL)
		rc = parse_u64(PQcmdTuples(res), 0, INT64_MAX, rows, e);
	PQclear(res);
	return rc;
}
