/* load_copy.c -- one batch into its table by COPY FROM STDIN, exactly once. */
#include "prelude.h"

#include "db_copy.h"
#include "err.h"
#include "ledger.h"
#include "load_copy.h"
#include "parse.h"
#include "stop.h"
#include "unpack.h"

#define PIECE_SIZE ((size_t)1 << 20)

static int
copy_statement(struct db *db, const struct rec_table *t, struct buf *sql, struct err *e)
{
	text_puts(sql, "COPY ");
	if (db_add_name(db, sql, t->schema, t->name, e) < 0)
		return -1;
	if (db_copy_columns(db, t, sql, e) < 0)
		return -1;
	text_puts(sql, " FROM STDIN" DB_COPY_DIALECT);
	return 0;
}

static int
start_copy(struct db *db, const struct rec_table *t, struct err *e)
{
	struct buf sql;
	int rc;

	text_init(&sql);
	rc = copy_statement(db, t, &sql, e);
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
	res = PQgetResult(db_conn(db));
	while (res != NULL && PQresultStatus(res) != PGRES_COPY_IN && (more = PQgetResult(db_conn(db))) != NULL)
		PQclear(more);
	if (PQresultStatus(res) != PGRES_COMMAND_OK)
		return db_fail(db, res, e, "COPY failed");
	rc = parse_u64(PQcmdTuples(res), 0, INT64_MAX, rows, e);
	PQclear(res);
	return rc;
}

/* The rows of one checked object into the table. */
static int
copy_object(struct db *db, const struct rec_table *t, const struct rec_chunk *c, const char *key,
    const struct buf *object, struct err *e)
{
	struct err ignored;
	uint64_t rows = 0;

	if (start_copy(db, t, e) < 0)
		return -1;
	if (unpack_chunk(object, c, &t->columns, put_rows, db, e) < 0) {
		err_context(e, "'%s'", key);
		if (end_copy(db, "the object differs from its manifest", &rows, &ignored) == 0)
			err_context(e, "after COPY");
		return -1;
	}
	if (end_copy(db, NULL, &rows, e) < 0)
		return err_context(e, "'%s'", key);
	if (rows != c->rows)
		return err_set(e, ERR_DIFFERS, "'%s': COPY took %llu rows of %llu", key, (unsigned long long)rows,
		    (unsigned long long)c->rows);
	return 0;
}

static int
load_chunk(struct db *db, struct run *run, const struct rec_table *t, const struct rec_chunk *c,
    struct buf *object, struct err *e)
{
	char *key = run_key(run, c->key);
	int rc = unpack_fetch(run->store, key, c->stored_bytes, c->stored_sha256, object, e);

	if (rc == 0)
		rc = copy_object(db, t, c, key, object, e);
	if (rc == 0)
		rc = ledger_add_chunk(db, run->id, t, c, e);
	free(key);
	return rc;
}

int
load_copy_batch(struct db *db, struct run *run, const struct rec_table *t, uint64_t batch,
    const struct rec_chunk *chunks, size_t n, struct buf *object, struct err *e)
{
	struct err ignored;
	int rc = ledger_begin_batch(db, run->id, t, batch, chunks, n, e);

	if (rc > 0)
		return 0;
	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = load_chunk(db, run, t, &chunks[i], object, e);
	if (rc == 0 && (rc = db_exec(db, "COMMIT", e)) == 0)
		return 1;
	if (db_exec(db, "ROLLBACK", &ignored) < 0 && e->code == ERR_DATABASE)
		*e = ignored; /* the connection is gone: that is the greater trouble */
	return -1;
}
