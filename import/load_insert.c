/* load_insert.c -- what the methods that INSERT … SELECT from a foreign or external table do alike. */
#include "prelude.h"

#include <inttypes.h>

#include "db_wait.h"
#include "err.h"
#include "insert_sql.h"
#include "ledger.h"
#include "load_insert.h"
#include "unpack.h"

int
insert_refuse_rules(struct db *db, const struct rec_table *t, struct err *e)
{
	struct buf sql;
	char *n;
	int rc;

	text_init(&sql);
	text_puts(&sql, "SELECT pg_catalog.count(*) ");
	insert_sql_rules(&sql, t);
	n = db_value(db, text_str(&sql), 0, NULL, e);
	buf_release(&sql);
	rc = n != NULL && strcmp(n, "0") == 0 ? 0 : -1;
	if (n != NULL && rc < 0) {
		err_set(e, ERR_DATABASE, "has %s rules that would act on the rows", n);
		err_hint(e, "disable them, or use --method copy");
	}
	free(n);
	return rc;
}

int
insert_refuse_settings(struct db *db, const struct rec_table *t, struct err *e)
{
	struct buf sql;
	char *found;
	int rc;

	text_init(&sql);
	text_puts(&sql, "SELECT coalesce(pg_catalog.string_agg(name || ' = ' || reset_val, ', '), '') ");
	insert_sql_settings(&sql, t);
	found = db_value(db, text_str(&sql), 0, NULL, e);
	buf_release(&sql);
	rc = found != NULL && *found == '\0' ? 0 : -1;
	if (found != NULL && rc < 0) {
		err_set(e, ERR_DATABASE, "the segments would misread some values, because of %s", found);
		err_hint(e, "ALTER DATABASE or ALTER ROLE … RESET it for the time of the load, or use --method copy");
	}
	free(found);
	return rc;
}

size_t
insert_consecutive(const struct rec_chunk *const *chunks, size_t n)
{
	size_t len = 1;

	while (len < n && chunks[len]->seq == chunks[0]->seq + len)
		len++;
	return len;
}

int
insert_run(struct db *db, void (*build)(struct buf *, const char *), const char *name, struct err *e)
{
	struct buf sql;
	int rc;

	text_init(&sql);
	build(&sql, name);
	rc = db_run(db, text_str(&sql), NULL, e);
	buf_release(&sql);
	return rc;
}

int
insert_made_by(struct db *db, const char *query, struct err *e)
{
	char *create = db_value(db, query, 0, NULL, e);
	int rc = create != NULL ? db_run(db, create, NULL, e) : -1;

	free(create);
	return rc;
}

int
insert_counted(struct loader *l, const char *method, const struct rec_table *t, const char *sql,
    const struct rec_chunk *const *chunks, size_t n, struct err *e)
{
	uint64_t want = 0, got = 0;

	for (size_t i = 0; i < n; i++)
		want += chunks[i]->rows;
	if (db_run(l->db, sql, &got, e) < 0)
		return -1;
	if (got != want)
		return err_set(e, ERR_DIFFERS, "%s took %" PRIu64 " rows of %" PRIu64, method, got, want);
	for (size_t i = 0; i < n; i++)
		if (ledger_add_chunk(l->db, l->run->id, t, chunks[i], e) < 0)
			return -1;
	return 0;
}

int
insert_explain(struct loader *l, const struct rec_table *t, const struct rec_chunk *const *chunks, size_t n,
    const char *hint, struct err *e)
{
	const struct buf *object;
	struct err found;
	int rc = 0;

	ahead_begin(l->ahead, chunks, n);
	for (size_t i = 0; rc == 0 && i < n; i++) {
		rc = ahead_next(l->ahead, &object, &found);
		if (rc == 0 && (rc = unpack_chunk(object, chunks[i], &t->columns, NULL, NULL, &found)) < 0)
			run_chunk_context(l->run, chunks[i], &found);
	}
	ahead_end(l->ahead);
	if (rc < 0)
		*e = found;
	else
		err_hint(e, "%s", hint);
	return -1;
}
