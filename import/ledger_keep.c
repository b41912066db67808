/* ledger_keep.c -- a table whose rows another run has loaded already, out of the same objects (ledger.h). */
#include "prelude.h"

#include <inttypes.h>

#include "err.h"
#include "ledger_internal.h"
#include "log.h"
#include "parse.h"
#include "quote.h"

/* --- is it the same? ------------------------------------------------------------------------- */

struct loader_run {
	char *run, *number; /* of the table there */
	bool analyzed;
};

/* The one run that has loaded T, if it is one, all of T in it is that run's, out of as many chunks and rows, and none of them waits for a comparison
 * of its content. */
static int
find_loader(struct db *db, const struct rec_table *t, uint64_t chunks, uint64_t rows, struct loader_run *out, struct err *e)
{
	char wanted[64];
	const char *params[] = { t->schema, t->name, wanted };
	PGresult *res;
	struct buf sql;
	int rc;

	snprintf(wanted, sizeof(wanted), "%" PRIu64 " %" PRIu64, chunks, rows);
	text_init(&sql);
	text_puts(&sql, "SELECT t.run, t.table_no, t.rows_before = 0 AND t.relation = ");
	quote_regclass(&sql, t->schema, t->name);
	text_puts(&sql, " AND (SELECT pg_catalog.count(*) || ' ' || coalesce(pg_catalog.sum(l.rows), 0) FROM gpm.ledger l"
	    " WHERE l.run = t.run AND l.table_no = t.table_no) = $3 AND NOT EXISTS (SELECT 1 FROM gpm.steps s WHERE s.run = t.run"
	    " AND s.step LIKE 'unchecked ' || t.table_no || ' %'), EXISTS (SELECT 1 FROM pg_catalog.pg_stats p WHERE p.schemaname = $1 AND p.tablename = $2)"
	    " FROM gpm.tables t WHERE t.schema_name = $1 AND t.table_name = $2");
	rc = db_query(db, text_str(&sql), 3, params, &res, e);
	buf_release(&sql);
	if (rc < 0)
		return -1;
	rc = PQntuples(res) == 1 && strcmp(PQgetvalue(res, 0, 2), "t") == 0;
	if (rc > 0) {
		out->run = mem_str(PQgetvalue(res, 0, 0));
		out->number = mem_str(PQgetvalue(res, 0, 1));
		out->analyzed = strcmp(PQgetvalue(res, 0, 3), "t") == 0;
	}
	PQclear(res);
	return rc;
}

/* Does T have the columns, and as many rows as were loaded? */
static int
is_as_loaded(struct db *db, const struct rec_table *t, uint64_t rows, struct err *e)
{
	struct buf sql;
	uint64_t here;
	char *count;
	int rc;

	text_init(&sql);
	text_puts(&sql, "SELECT pg_catalog.count(*) FROM (SELECT ");
	quote_columns(&sql, &t->columns);
	text_puts(&sql, " FROM ONLY ");
	quote_name(&sql, t->schema, t->name);
	text_puts(&sql, ") t");
	count = db_value(db, text_str(&sql), 0, NULL, e);
	rc = count == NULL || parse_u64(count, 0, INT64_MAX, &here, e) < 0 ? -1 : here == rows;
	free(count);
	buf_release(&sql);
	return rc;
}

/* A line of the ledger and the next chunk of the run: the same bytes in the same place? */
static int
is_same(const PGresult *res, ledger_next_fn *next, void *ctx, struct err *e)
{
	struct rec_chunk c;
	char batch[24], seq[24], rows[24], hex[65];
	int rc = next(ctx, &c, e);

	if (rc <= 0)
		return rc;
	snprintf(batch, sizeof(batch), "%" PRIu64, c.batch);
	snprintf(seq, sizeof(seq), "%" PRIu64, c.seq);
	snprintf(rows, sizeof(rows), "%" PRIu64, c.rows);
	format_hex(c.stored_sha256, 32, hex);
	record_free_fields(REC_CHUNK, &c);
	return strcmp(PQgetvalue(res, 0, 0), batch) == 0 && strcmp(PQgetvalue(res, 0, 1), seq) == 0 && strcmp(PQgetvalue(res, 0, 2), rows) == 0 &&
	    strcmp(PQgetvalue(res, 0, 3), hex) == 0;
}

/* There are as many of both. A row at a time: a table may have a million of them. */
static int
same_chunks(struct db *db, const struct loader_run *from, ledger_next_fn *next, void *ctx, struct err *e)
{
	const char *params[] = { from->run, from->number };
	PGresult *res;
	int rc = 1;

	if (PQsendQueryParams(db_conn(db), "SELECT batch, seq, rows, stored_sha256 FROM gpm.ledger WHERE run = $1 AND table_no = $2 ORDER BY batch, seq", 2, NULL,
	    params, NULL, NULL, 0) != 1 || PQsetSingleRowMode(db_conn(db)) != 1)
		rc = db_fail(db, NULL, e, "cannot read the ledger");
	while ((res = PQgetResult(db_conn(db))) != NULL) {
		if (rc > 0 && PQresultStatus(res) == PGRES_SINGLE_TUPLE) {
			rc = is_same(res, next, ctx, e);
		} else if (PQresultStatus(res) != PGRES_TUPLES_OK && PQresultStatus(res) != PGRES_SINGLE_TUPLE && rc >= 0) {
			rc = db_fail(db, res, e, "cannot read the ledger");
			continue;
		}
		PQclear(res);
	}
	return rc;
}

/* --- then it is this run's ------------------------------------------------------------------- */

static int
take_over(struct db *db, const char *run, const struct rec_table *t, const struct loader_run *from, struct err *e)
{
	char own[24];
	const char *params[] = { from->run, from->number, run, own };

	snprintf(own, sizeof(own), "%" PRIu64, t->table);
	if (db_exec_params(db, "INSERT INTO gpm.ledger (run, table_no, batch, seq, schema_name, table_name, object_key, stored_sha256, rows, loaded_at)"
	    " SELECT $3::text, $4::bigint, batch, seq, schema_name, table_name, object_key, stored_sha256, rows, loaded_at"
	    " FROM gpm.ledger WHERE run = $1 AND table_no = $2::bigint", 4, params, e) < 0)
		return -1;
	return ledger_forget(db, t, e) < 0 ? -1 : ledger_note_table(db, run, t, 0, e);
}

static int
keep(struct db *db, const char *run, const struct rec_table *t, uint64_t chunks, uint64_t rows, ledger_next_fn *next, void *ctx, struct loader_run *from,
    struct err *e)
{
	char lock[LEDGER_LOCK_LEN];
	int rc;

	ledger_table_lock(t, lock);
	/* as where a table is emptied: nobody loads it, and who comes after a death waits */
	rc = db_execf(db, e, "BEGIN ISOLATION LEVEL READ COMMITTED, READ WRITE; SELECT pg_catalog.pg_advisory_xact_lock('%s')", lock);
	if (rc == 0)
		rc = find_loader(db, t, chunks, rows, from, e);
	if (rc > 0 && strcmp(from->run, run) == 0)
		rc = 0;
	if (rc > 0)
		rc = is_as_loaded(db, t, rows, e);
	if (rc > 0)
		rc = same_chunks(db, from, next, ctx, e);
	if (rc > 0)
		rc = take_over(db, run, t, from, e) < 0 || ledger_commit(db, e) < 0 ? -1 : 1;
	return rc;
}

int
ledger_keep(struct db *db, const char *run, const struct rec_table *t, uint64_t chunks, uint64_t rows, ledger_next_fn *next, void *ctx, bool *analyzed,
    struct err *e)
{
	struct loader_run from = { .run = NULL };
	int rc;

	if (t->filter != NULL || t->tree)
		return 0;
	rc = keep(db, run, t, chunks, rows, next, ctx, &from, e);
	if (rc > 0)
		log_debug("%s.%s has the objects that run %s loaded: its rows stay", t->schema, t->name, from.run);
	*analyzed = from.analyzed;
	free(from.run);
	free(from.number);
	if (rc == 0)
		return db_exec(db, "ROLLBACK", e);
	if (rc < 0)
		ledger_roll_back(db, e);
	/* what is wrong with the table is told where it is entered as all others are */
	return rc < 0 && e->code == ERR_DATABASE ? 0 : rc;
}
