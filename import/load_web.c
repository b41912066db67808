/* load_web.c -- the method web: each segment of a Greenplum runs gpm-import cat, which fetches the segment's share of a
 * batch from the bucket and checks each chunk before it writes a row. */
#include "prelude.h"

#include "cat_command.h"
#include "err.h"
#include "external_sql.h"
#include "insert_sql.h"
#include "load_insert.h"
#include "method.h"
#include "rights.h"

#define TABLE "gpm_web"
#define COMMAND_FAILED "38000" /* what the server says of a command that ended with another status than 0 */
#define HINT "gpm-import runs on each segment host, as the database's user, with its environment and its key to the bucket"

static const struct right rights[] = {
	RIGHT_GREENPLUM,
	{ "SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user",
	    "only a superuser may have the segments run a program", "load as a superuser; or use --method copy" },
	{ "SELECT pg_catalog.current_setting('gp_external_enable_exec') = 'on'",
	    "this server runs no programs for external tables (gp_external_enable_exec is off)",
	    "gpconfig -c gp_external_enable_exec -v on and a restart; or use --method copy" },
};

static int
check(struct db *db, struct err *e)
{
	return rights_check(db, "web", rights, GPM_ARRAY_LEN(rights), e);
}

static int
make_table(struct loader *l, const struct rec_table *t, const struct rec_chunk *first, const struct rec_chunk *last,
    struct err *e)
{
	char *command = cat_command_shards(l->opts, l->run, t->table, first, last, e);
	struct external from = { .command = command };
	struct buf query;
	int rc;

	if (command == NULL)
		return -1;
	text_init(&query);
	external_sql_table(&query, TABLE, t, &from, pg_encoding_to_char(PQclientEncoding(db_conn(l->db))));
	rc = insert_made_by(l->db, text_str(&query), e);
	buf_release(&query);
	free(command);
	return rc;
}

/* What the program said stands in the server's message; where it names an object, that one is looked at here. */
static int
explain(struct loader *l, const struct rec_table *t, const struct rec_chunk *const *chunks, size_t n, struct err *e)
{
	for (size_t i = 0; i < n; i++)
		if (strstr(e->text, chunks[i]->key) != NULL)
			return insert_explain(l, t, &chunks[i], 1, HINT, e);
	return err_hint(e, HINT);
}

/* Consecutive chunks through one external table. */
static int
put_range(struct loader *l, const struct rec_table *t, const struct rec_chunk *const *chunks, size_t n, struct err *e)
{
	struct buf sql;
	int rc;

	if (make_table(l, t, chunks[0], chunks[n - 1], e) < 0)
		return -1;
	text_init(&sql);
	external_sql_insert(&sql, TABLE, t, insert_sql_overriding(db_version(l->db)));
	rc = insert_counted(l, "web", t, text_str(&sql), chunks, n, e);
	buf_release(&sql);
	if (rc < 0 && e->code == ERR_DATABASE && strcmp(db_sqlstate(l->db), COMMAND_FAILED) == 0)
		return explain(l, t, chunks, n, e);
	return rc < 0 ? -1 : insert_run(l->db, external_sql_drop, TABLE, e);
}

static int
put_chunks(struct loader *l, const struct rec_table *t, const struct rec_chunk *const *chunks, size_t n, struct err *e)
{
	int rc = insert_refuse_rules(l->db, t, e);

	if (rc == 0)
		rc = insert_refuse_settings(l->db, t, e);
	for (size_t i = 0, len; rc == 0 && i < n; i += len) {
		len = insert_consecutive(chunks + i, n - i);
		rc = put_range(l, t, chunks + i, len, e);
	}
	return rc;
}

const struct method method_web = { .name = "web", .by_batch = true, .check = check, .put = put_chunks };
