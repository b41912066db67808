/* session.c -- sessions at the destination. */
#include "prelude.h"

#include "err.h"
#include "log.h"
#include "opt.h"
#include "session.h"

/* A pinned session under a name, which is freed. */
static int
open_as(const struct opts *opts, char *application, struct db **out, struct err *e)
{
	int rc = db_connect(opts, application, out, e);

	free(application);
	if (rc == 0 && (rc = db_pin(*out, "UTF8", e)) < 0) {
		db_close(*out);
		*out = NULL;
	}
	return rc;
}

int
session_open(const struct opts *opts, const char *run, const char *role, struct db **out, struct err *e)
{
	return open_as(opts, mem_printf("gpm-import %s %s", run, role), out, e);
}

int
session_open_reading(const struct opts *opts, const char *run, struct db **out, struct err *e)
{
	return open_as(opts, mem_printf("gpm-import-check %s", run), out, e);
}

int
session_open_loading(const struct opts *opts, const char *run, struct db **out, struct err *e)
{
	struct err ignored;

	if (session_open(opts, run, "worker", out, e) < 0)
		return -1;
	if (db_exec(*out, "SET session_replication_role = replica", &ignored) < 0)
		log_debug("triggers stay on: %s", ignored.text);
	return 0;
}

int
session_set_encoding(const struct opts *opts, struct db *db, const struct rec_table *t, struct err *e)
{
	const char *encoding = opt_string(opts, OPT_ID_source_encoding);
	const char *server = PQparameterStatus(db_conn(db), "server_encoding");

	/* Never SQL_ASCII into a database of another encoding: from PostgreSQL 14 on COPY would then take
	 * any bytes, valid or not. */
	if (strcmp(t->encoding, "SQL_ASCII") != 0 || encoding == NULL)
		encoding = strcmp(t->encoding, "SQL_ASCII") == 0 && (server == NULL || strcmp(server, "SQL_ASCII") != 0) ?
		    "UTF8" : t->encoding;
	if (strcmp(pg_encoding_to_char(PQclientEncoding(db_conn(db))), encoding) == 0)
		return 0;
	/* libpq puts the name into its SQL as it is, and it may come out of a manifest */
	if (pg_char_to_encoding(encoding) < 0)
		return err_set(e, encoding == t->encoding ? ERR_DIFFERS : ERR_USAGE, "'%.40s' is no encoding", encoding);
	if (PQsetClientEncoding(db_conn(db), encoding) == 0)
		return 0;
	db_fail(db, NULL, e, "client_encoding %s", encoding);
	e->code = ERR_USAGE;
	return -1;
}
