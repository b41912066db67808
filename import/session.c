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

void
session_commit_later(struct db *db)
{
	struct err ignored;

	if (db_exec(db, "SELECT pg_catalog.set_config('synchronous_commit', 'off', false) WHERE NOT EXISTS"
	    " (SELECT 1 FROM pg_catalog.pg_class WHERE relname = 'gp_segment_configuration')", &ignored) < 0)
		log_debug("commits wait for the disk: %s", ignored.text);
}

int
session_open_loading(const struct opts *opts, const char *run, struct db **out, struct err *e)
{
	struct err ignored;

	if (session_open(opts, run, "worker", out, e) < 0)
		return -1;
	session_commit_later(*out);
	if (db_exec(*out, "SET session_replication_role = replica", &ignored) < 0)
		log_debug("triggers stay on: %s", ignored.text);
	/* Greenplum's own ANALYZE behind each batch; ours comes at the end */
	if (db_exec(*out, "SELECT pg_catalog.set_config(name, 'none', false) FROM pg_catalog.pg_settings"
	    " WHERE name = 'gp_autostats_mode'", &ignored) < 0)
		log_debug("statistics are made on the way: %s", ignored.text);
	return 0;
}

const char *
session_encoding(const struct opts *opts, const struct rec_table *t, const char *server, struct err *e)
{
	const char *encoding = opt_string(opts, OPT_ID_source_encoding);
	int number;

	/* Never SQL_ASCII into a database of another encoding: from PostgreSQL 14 on COPY would then take
	 * any bytes, valid or not. */
	if (strcmp(t->encoding, "SQL_ASCII") != 0)
		encoding = t->encoding;
	else if (encoding == NULL)
		encoding = server == NULL || strcmp(server, "SQL_ASCII") != 0 ? "UTF8" : t->encoding;
	/* it may come out of a manifest, and will stand in SQL as it is: libpq's own spelling of it */
	if ((number = pg_char_to_encoding(encoding)) >= 0)
		return pg_encoding_to_char(number);
	err_set(e, encoding == t->encoding ? ERR_DIFFERS : ERR_USAGE, "'%.40s' is no encoding", encoding);
	return NULL;
}

int
session_set_encoding(const struct opts *opts, struct db *db, const struct rec_table *t, struct err *e)
{
	const char *encoding = session_encoding(opts, t, PQparameterStatus(db_conn(db), "server_encoding"), e);

	if (encoding == NULL)
		return -1;
	if (strcmp(pg_encoding_to_char(PQclientEncoding(db_conn(db))), encoding) == 0 ||
	    PQsetClientEncoding(db_conn(db), encoding) == 0)
		return 0;
	db_fail(db, NULL, e, "client_encoding %s", encoding);
	e->code = ERR_USAGE;
	return -1;
}

int
session_read_names(const struct opts *opts, struct db *db, const struct rec_run *run, struct err *e)
{
	static char bytes[] = "SQL_ASCII", utf8[] = "UTF8";
	struct rec_table names = { .encoding = strcmp(run->encoding, bytes) == 0 ? bytes : utf8 };

	return session_set_encoding(opts, db, &names, e);
}
