/* copyout.c -- one table out by COPY TO STDOUT, into the spool. */
#include "prelude.h"

#include "chunk_writer.h"
#include "copyout.h"
#include "err.h"
#include "parse.h"
#include "stop.h"

/* Rows come from libpq one at a time; they are gathered so that scanning, hashing and writing
 * work on long pieces. */
#define GATHER_SIZE ((size_t)256 << 10)

/* The old spelling of the options is the one that every server since 8.2 reads. */
#define COPY_OPTIONS " TO STDOUT WITH DELIMITER ',' NULL '' CSV QUOTE '\"' ESCAPE '\"'"

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

/* COPY t (a, b) for a whole table, COPY (SELECT a, b FROM ONLY t WHERE …) for a part of it. */
static int
copy_statement(struct db *db, const struct rec_table *t, struct buf *sql, struct err *e)
{
	bool whole = t->filter == NULL;

	text_puts(sql, whole ? "COPY " : "COPY (SELECT ");
	if (!whole) {
		if (add_columns(db, sql, &t->columns, e) < 0)
			return -1;
		text_puts(sql, " FROM ONLY ");
	}
	if (db_add_name(db, sql, t->schema, t->name, e) < 0)
		return -1;
	if (whole && t->columns.len > 0) {
		text_puts(sql, " (");
		if (add_columns(db, sql, &t->columns, e) < 0)
			return -1;
		text_puts(sql, ")");
	}
	if (!whole)
		text_printf(sql, " %s)", t->filter);
	text_puts(sql, COPY_OPTIONS);
	return 0;
}

static int
flush(struct chunk_writer *w, struct buf *gather, uint64_t rows, struct progress *progress, struct err *e)
{
	if (chunk_writer_add(w, gather->data, gather->len, e) < 0)
		return -1;
	progress_add(progress, rows, gather->len);
	buf_reset(gather);
	return stop_check(e);
}

/* Everything that COPY sends, to its end. */
static int
receive(struct db *db, struct chunk_writer *w, struct progress *progress, struct err *e)
{
	struct buf gather;
	uint64_t rows = 0;
	char *row = NULL;
	int n, rc = 0;

	/* a row alone may be as long as libpq's messages */
	buf_init(&gather, GATHER_SIZE + ROWS_RECORD_LIMIT);
	while (rc == 0 && (n = PQgetCopyData(db_conn(db), &row, 0)) > 0) {
		rc = buf_add(&gather, row, (size_t)n, e);
		PQfreemem(row);
		rows++;
		if (rc == 0 && gather.len >= GATHER_SIZE) {
			rc = flush(w, &gather, rows, progress, e);
			rows = 0;
		}
	}
	if (rc == 0)
		rc = flush(w, &gather, rows, progress, e);
	buf_release(&gather);
	if (rc == 0 && n == -2)
		rc = db_fail(db, NULL, e, "COPY was cut off");
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
	PGcancel *cancel = PQgetCancel(db_conn(db));
	char ignored[256], *row;
	PGresult *res;

	if (cancel != NULL)
		PQcancel(cancel, ignored, (int)sizeof(ignored));
	PQfreeCancel(cancel);
	while (PQgetCopyData(db_conn(db), &row, 0) > 0)
		PQfreemem(row);
	while ((res = PQgetResult(db_conn(db))) != NULL)
		PQclear(res);
}

static int
start_copy(struct db *db, const struct rec_table *t, struct err *e)
{
	struct buf sql;
	PGresult *res;
	int rc;

	text_init(&sql);
	rc = copy_statement(db, t, &sql, e);
	if (rc == 0) {
		res = PQexec(db_conn(db), text_str(&sql));
		if (PQresultStatus(res) != PGRES_COPY_OUT)
			rc = db_fail(db, res, e, "COPY failed");
		else
			PQclear(res);
	}
	buf_release(&sql);
	return rc;
}

int
copyout_table(struct db *db, struct state *state, struct table *t, struct progress *progress,
    struct err *e)
{
	struct chunk_writer *w = NULL;
	struct rec_done done;
	uint64_t sent;

	if (state_begin_attempt(state, t, e) < 0 || start_copy(db, &t->rec, e) < 0)
		return -1;
	w = chunk_writer_new(state, t);
	if (receive(db, w, progress, e) < 0) {
		cancel_copy(db);
		chunk_writer_abort(w);
		return -1;
	}
	if (copy_result(db, &sent, e) < 0) {
		chunk_writer_abort(w);
		return -1;
	}
	if (chunk_writer_finish(w, &done, e) < 0)
		return -1;
	if (done.rows != sent)
		return err_set(e, ERR_DIFFERS, "COPY sent %llu rows, %llu arrived",
		    (unsigned long long)sent, (unsigned long long)done.rows);
	return state_finish_attempt(state, t, &done, e);
}
