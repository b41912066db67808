/* db_copy.c -- rows out of a table by COPY TO STDOUT. */
#include "prelude.h"

#include <poll.h>

#include "db_copy.h"
#include "err.h"
#include "parse.h"
#include "stop.h"

/* Rows come from libpq one at a time; they are gathered so that scanning, hashing and writing
 * work on long pieces. */
#define GATHER_SIZE ((size_t)256 << 10)

#define LOOK_MS 200 /* who waits for the server looks for a signal this often */

static int
add_columns(struct db *db, struct buf *sql, const struct columns *columns, struct err *e)
{
	for (size_t i = 0; i < columns->len; i++) {
		if (i > 0)
			text_puts(sql, ", ");
		if (db_add_ident(db, sql, columns->at[i].name, e) < 0)
			return -1;
	}
	return 0;
}

int
db_copy_columns(struct db *db, const struct rec_table *t, struct buf *sql, struct err *e)
{
	if (t->columns.len == 0)
		return 0;
	text_puts(sql, " (");
	if (add_columns(db, sql, &t->columns, e) < 0)
		return -1;
	text_puts(sql, ")");
	return 0;
}

int
db_copy_select(struct db *db, const struct rec_table *t, struct buf *sql, struct err *e)
{
	text_puts(sql, "SELECT ");
	if (add_columns(db, sql, &t->columns, e) < 0)
		return -1;
	text_puts(sql, t->tree ? " FROM " : " FROM ONLY ");
	if (db_add_name(db, sql, t->schema, t->name, e) < 0)
		return -1;
	if (t->filter != NULL)
		text_printf(sql, " %s", t->filter);
	return 0;
}

/* COPY t (a, b) for a whole table, COPY (SELECT …) for a part of it or a tree. */
static int
copy_statement(struct db *db, const struct rec_table *t, struct buf *sql, struct err *e)
{
	bool whole = t->filter == NULL && !t->tree;

	text_puts(sql, whole ? "COPY " : "COPY (");
	if ((whole ? db_add_name(db, sql, t->schema, t->name, e) : db_copy_select(db, t, sql, e)) < 0)
		return -1;
	if (whole && db_copy_columns(db, t, sql, e) < 0)
		return -1;
	text_puts(sql, whole ? " TO STDOUT" DB_COPY_DIALECT : ") TO STDOUT" DB_COPY_DIALECT);
	return 0;
}

static int
flush(struct buf *gather, uint64_t rows, db_copy_fn *fn, void *ctx, struct err *e)
{
	if (gather->len > 0 && fn(ctx, gather->data, gather->len, rows, e) < 0)
		return -1;
	buf_reset(gather);
	return stop_check(e);
}

/* Read what the server has to say, if that comes soon.  It may be silent for as long as it likes, but a signal is
 * heeded. */
static int
listen_to(struct db *db, struct err *e)
{
	struct pollfd p = { .fd = PQsocket(db_conn(db)), .events = POLLIN };

	if (stop_check(e) < 0)
		return -1;
	/* what TLS has read already the socket does not show: look in any case */
	poll(&p, 1, LOOK_MS);
	if (PQconsumeInput(db_conn(db)) == 0)
		return db_fail(db, NULL, e, "COPY was cut off");
	return 0;
}

/* The next row, which the caller frees: its length, -1 at the end, -2. */
static int
next_row(struct db *db, char **row, struct err *e)
{
	int n;

	while ((n = PQgetCopyData(db_conn(db), row, 1)) == 0)
		if (listen_to(db, e) < 0)
			return -2;
	if (n == -2)
		db_fail(db, NULL, e, "COPY was cut off");
	return n;
}

/* Everything that COPY sends, to its end. */
static int
receive(struct db *db, db_copy_fn *fn, void *ctx, struct err *e)
{
	struct buf gather;
	uint64_t rows = 0;
	char *row = NULL;
	int n, rc = 0;

	/* a row alone may be as long as libpq's messages */
	buf_init(&gather, GATHER_SIZE + ROWS_RECORD_LIMIT);
	while (rc == 0 && (n = next_row(db, &row, e)) > 0) {
		rc = buf_add(&gather, row, (size_t)n, e);
		PQfreemem(row);
		rows++;
		if (rc == 0 && gather.len >= GATHER_SIZE) {
			rc = flush(&gather, rows, fn, ctx, e);
			rows = 0;
		}
	}
	if (rc == 0)
		rc = n == -2 ? -1 : flush(&gather, rows, fn, ctx, e);
	buf_release(&gather);
	return rc;
}

/* The end of the statement, and how many rows the server says it sent. */
static int
copy_result(struct db *db, uint64_t *rows, struct err *e)
{
	PGresult *res = PQgetResult(db_conn(db));
	int rc;

	if (PQresultStatus(res) != PGRES_COMMAND_OK)
		return db_fail(db, res, e, "COPY failed");
	rc = parse_u64(PQcmdTuples(res), 0, INT64_MAX, rows, e);
	PQclear(res);
	while ((res = PQgetResult(db_conn(db))) != NULL)
		PQclear(res);
	return rc;
}

/* Stop a COPY whose rows we no longer want, so that the session can be used again. */
static void
cancel_copy(struct db *db)
{
	PGconn *conn = db_conn(db);
	PGresult *res;
	char *row;

	db_cancel(db);
	while ((res = PQgetResult(conn)) != NULL) {
		ExecStatusType status = PQresultStatus(res);

		PQclear(res);
		/* as long as COPY goes on, each result says so again */
		if (status == PGRES_COPY_OUT)
			while (PQgetCopyData(conn, &row, 0) > 0)
				PQfreemem(row);
		else if (status == PGRES_COPY_IN && PQputCopyEnd(conn, "stopped") != 1)
			break; /* the connection is lost */
	}
}

int
db_copy_start(struct db *db, const char *sql, ExecStatusType want, struct err *e)
{
	PGconn *conn = db_conn(db);
	PGresult *res, *more;

	if (PQsendQueryParams(conn, sql, 0, NULL, NULL, NULL, NULL, 0) != 1)
		return db_fail(db, NULL, e, "COPY failed");
	while (PQisBusy(conn)) {
		if (listen_to(db, e) < 0) {
			cancel_copy(db);
			return -1;
		}
	}
	res = PQgetResult(conn);
	if (PQresultStatus(res) == want) {
		PQclear(res);
		return 0;
	}
	while ((more = PQgetResult(conn)) != NULL)
		PQclear(more);
	return db_fail(db, res, e, "COPY failed");
}

static int
start_copy(struct db *db, const struct rec_table *t, struct err *e)
{
	struct buf sql;
	int rc;

	text_init(&sql);
	rc = copy_statement(db, t, &sql, e);
	if (rc == 0)
		rc = db_copy_start(db, text_str(&sql), PGRES_COPY_OUT, e);
	buf_release(&sql);
	return rc;
}

int
db_copy_out(struct db *db, const struct rec_table *t, db_copy_fn *fn, void *ctx, uint64_t *sent,
    struct err *e)
{
	if (start_copy(db, t, e) < 0)
		return -1;
	if (receive(db, fn, ctx, e) < 0) {
		cancel_copy(db);
		return -1;
	}
	return copy_result(db, sent, e);
}
