/* load_fdw.c -- the method file_fdw: the server itself runs gpm-import cat, which checks each chunk before it
 * writes a row, and inserts what comes. */
#include "prelude.h"

#include "cat_command.h"
#include "db_wait.h"
#include "err.h"
#include "fdw_sql.h"
#include "load_insert.h"
#include "log.h"
#include "method.h"
#include "rights.h"

#define PROGRAM_FAILED "38000" /* what the server says of a program that ended with another status than 0 */

/* --- rights ---------------------------------------------------------------------------------- */

static const struct right rights[] = {
	{ "SELECT rolsuper OR EXISTS (SELECT 1 FROM pg_catalog.pg_roles r WHERE r.rolname = 'pg_execute_server_program'"
	    " AND pg_catalog.pg_has_role(r.oid, 'USAGE')) FROM pg_catalog.pg_roles WHERE rolname = current_user",
	    "this user may not have the server run a program",
	    "a superuser: GRANT pg_execute_server_program TO the user who loads; or use --method copy" },
	{ "SELECT EXISTS (SELECT 1 FROM pg_catalog.pg_available_extensions WHERE name = 'file_fdw')",
	    "the extension file_fdw is not installed on this server",
	    "install PostgreSQL's contrib package there; or use --method copy" },
	{ "SELECT EXISTS (SELECT 1 FROM pg_catalog.pg_extension WHERE extname = 'file_fdw')"
	    " OR (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user)",
	    "this database has no extension file_fdw, and this user cannot make it",
	    "a superuser: CREATE EXTENSION file_fdw" },
	{ "SELECT coalesce((SELECT pg_catalog.has_foreign_data_wrapper_privilege(oid, 'USAGE')"
	    " FROM pg_catalog.pg_foreign_data_wrapper WHERE fdwname = 'file_fdw'), true)",
	    "this user may not use the foreign-data wrapper file_fdw",
	    "a superuser: GRANT USAGE ON FOREIGN DATA WRAPPER file_fdw TO the user who loads" },
};

static int
check(struct db *db, struct err *e)
{
	if (db_version(db) < 100000) {
		err_set(e, ERR_FAILED, "file_fdw runs programs from PostgreSQL 10 on");
		return err_hint(e, "use --method copy");
	}
	return rights_check(db, "file_fdw", rights, GPM_ARRAY_LEN(rights), e);
}

static int
prepare(struct db *db, struct err *e)
{
	char *n = db_value(db, "SELECT pg_catalog.count(*) FROM pg_catalog.pg_extension WHERE extname = 'file_fdw'", 0, NULL, e);
	bool there = n != NULL && strcmp(n, "0") != 0;

	free(n);
	if (n == NULL || there)
		return n == NULL ? -1 : 0;
	if (db_exec(db, "CREATE EXTENSION IF NOT EXISTS file_fdw SCHEMA gpm", e) < 0)
		return -1;
	log_info("the extension file_fdw was made, in schema gpm");
	return 0;
}

/* --- rows ------------------------------------------------------------------------------------ */

static int
make_table(struct loader *l, const char *name, const struct rec_table *t, const struct rec_chunk *first,
    const struct rec_chunk *last, struct err *e)
{
	char *command = cat_command(l->opts, l->run, t->table, first, last, e);
	struct buf query;
	int rc;

	if (command == NULL)
		return -1;
	text_init(&query);
	fdw_sql_table(&query, name, t, command, pg_encoding_to_char(PQclientEncoding(db_conn(l->db))));
	rc = insert_made_by(l->db, text_str(&query), e);
	free(command);
	buf_release(&query);
	return rc;
}

/* Consecutive chunks through one foreign table. */
static int
put_range(struct loader *l, const char *name, const struct rec_table *t, const struct rec_chunk *const *chunks,
    size_t n, struct err *e)
{
	struct buf sql;
	int rc;

	if (make_table(l, name, t, chunks[0], chunks[n - 1], e) < 0)
		return -1;
	text_init(&sql);
	fdw_sql_insert(&sql, name, t);
	rc = insert_counted(l, "file_fdw", t, text_str(&sql), chunks, n, e);
	buf_release(&sql);
	/* the server knows only that its program failed */
	if (rc < 0 && e->code == ERR_DATABASE && strcmp(db_sqlstate(l->db), PROGRAM_FAILED) == 0)
		return insert_explain(l, t, chunks, n,
		    "the server's log has what it said; it runs as the server's user, with the server's environment", e);
	return rc < 0 ? -1 : insert_run(l->db, fdw_sql_drop_table, name, e);
}

static int
put_chunks(struct loader *l, const struct rec_table *t, const struct rec_chunk *const *chunks, size_t n,
    struct err *e)
{
	char *name = mem_printf("gpm_cat_%d", PQbackendPID(db_conn(l->db))); /* no other session has it */
	int rc = insert_refuse_rules(l->db, t, e);

	if (rc == 0)
		rc = insert_run(l->db, fdw_sql_server, name, e);
	for (size_t i = 0, len; rc == 0 && i < n; i += len) {
		len = insert_consecutive(chunks + i, n - i);
		rc = put_range(l, name, t, chunks + i, len, e);
	}
	if (rc == 0)
		rc = insert_run(l->db, fdw_sql_drop_server, name, e);
	free(name);
	return rc;
}

const struct method method_file_fdw = {
	.name = "file_fdw", .check = check, .prepare = prepare, .put = put_chunks,
};
