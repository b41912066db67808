/* load_copy.c -- the method copy: chunks fetched and checked here, into their table by COPY FROM STDIN. */
#include "prelude.h"

#include "db_copy.h"
#include "db_wait.h"
#include "err.h"
#include "ledger.h"
#include "method.h"
#include "parse.h"
#include "stop.h"
#include "unpack.h"

#define PIECE_SIZE ((size_t)1 << 20)

static int
start_copy(struct db *db, const struct rec_table *t, struct err *e)
{
	struct buf sql;
	int rc;

	text_init(&sql);
	text_puts(&sql, "COPY ");
	rc = db_add_name(db, &sql, t->schema, t->name, e);
	if (rc == 0)
		rc = db_copy_columns(db, t, &sql, e);
	text_puts(&sql, " FROM STDIN" DB_COPY_DIALECT);
	if (rc == 0)
		rc = db_copy_start(db, text_str(&sql), PGRES_COPY_IN, e);
	buf_release(&sql);
	return rc;
}

static int
put_rows(void *ctx, const void *data, size_t len, struct err *e)
{
	struct db *db = ctx;
	const char *p = data;

	/* the server refuses a message of more than 1 GB */
	while (len > 0) {
		size_t n = len < PIECE_SIZE ? len : PIECE_SIZE;

		if (PQputCopyData(db_conn(db), p, (int)n) != 1)
			return db_fail(db, NULL, e, "COPY was cut off");
		if (stop_check(e) < 0)
			return -1;
		p += n;
		len -= n;
	}
	return 0;
}

/* End the COPY; with WHY the server throws its rows away. */
static int
end_copy(struct db *db, const char *why, uint64_t *rows, struct err *e)
{
	PGresult *res, *more;
	int rc;

	if (PQputCopyEnd(db_conn(db), why) != 1)
		return db_fail(db, NULL, e, "COPY was cut off");
	res = db_result(db);
	while (res != NULL && PQresultStatus(res) != PGRES_COPY_IN && (more = db_result(db)) != NULL)
		PQclear(more);
	if (PQresultStatus(res) != PGRES_COMMAND_OK)
		return db_fail(db, res, e, "COPY failed");
	rc = parse_u64(PQcmdTuples(res), 0, INT64_MAX, rows, e);
	PQclear(res);
	return rc;
}

/* The rows of one checked object into the COPY that was begun. */
static int
copy_object(struct db *db, const struct rec_table *t, const struct rec_chunk *c, const struct buf *object,
    struct err *e)
{
	struct err ignored;
	uint64_t rows = 0;

	if (unpack_chunk(object, c, &t->columns, put_rows, db, e) < 0) {
		if (end_copy(db, "the object differs from its manifest", &rows, &ignored) == 0)
			err_context(e, "after COPY");
		return -1;
	}
	if (end_copy(db, NULL, &rows, e) < 0)
		return -1;
	if (rows != c->rows)
		return err_set(e, ERR_DIFFERS, "COPY took %llu rows of %llu", (unsigned long long)rows,
		    (unsigned long long)c->rows);
	return 0;
}

static int
put_chunks(struct loader *l, const struct rec_table *t, const struct rec_chunk *const *chunks, size_t n,
    struct err *e)
{
	const struct buf *object;
	int rc = 0;

	ahead_begin(l->ahead, chunks, n);
	for (size_t i = 0; rc == 0 && i < n; i++) {
		rc = ahead_next(l->ahead, &object, e);
		if (rc == 0 && (rc = start_copy(l->db, t, e)) == 0 &&
		    (rc = copy_object(l->db, t, chunks[i], object, e)) < 0)
			run_chunk_context(l->run, chunks[i], e);
		if (rc == 0)
			rc = ledger_add_chunk(l->db, l->run->id, t, chunks[i], e);
	}
	ahead_end(l->ahead);
	return rc;
}

const struct method method_copy = { .name = "copy", .put = put_chunks };
