/* source.c -- who the source is, and sessions to it. */
#include "prelude.h"

#include "catalog.h"
#include "err.h"
#include "opt.h"
#include "parse.h"
#include "source.h"

const char *
source_encoding(const char *database_encoding)
{
	return strcmp(database_encoding, "SQL_ASCII") == 0 ? "SQL_ASCII" : "UTF8";
}

int
source_connect(const struct opts *opts, const char *run, const char *role, struct db **out,
    struct err *e)
{
	char *application = mem_printf("gpm-export %s %s", run != NULL ? run : "-", role);
	char *encoding;
	int rc = db_connect(opts, application, out, e);

	free(application);
	if (rc < 0)
		return -1;
	encoding = db_value(*out, "SELECT pg_catalog.current_setting('server_encoding')", 0, NULL, e);
	if (encoding == NULL || db_pin(*out, source_encoding(encoding), e) < 0) {
		db_close(*out);
		*out = NULL;
		rc = -1;
	}
	free(encoding);
	return rc;
}

/* The system identifier and the database's oid.  Servers before 9.6 do not tell the former: the time of a
 * file that initdb made serves instead, or, where only a superuser may look at it, the address. */
static char *
source_id(struct db *db, struct err *e)
{
	struct err ignored;
	char *id = NULL;

	if (db_version(db) < 90600)
		id = db_value(db, "SELECT (pg_catalog.pg_stat_file('base/1/PG_VERSION')).modification || '/' || d.oid"
		    " FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()", 0, NULL, &ignored);
	if (id != NULL)
		return id;
	return db_value(db, db_version(db) >= 90600 ?
	    "SELECT c.system_identifier || '/' || d.oid FROM pg_catalog.pg_control_system() c, pg_catalog.pg_database d"
	    " WHERE d.datname = pg_catalog.current_database()" :
	    "SELECT coalesce(pg_catalog.host(pg_catalog.inet_server_addr()), 'local') || ':' ||"
	    " pg_catalog.current_setting('port') || '/' || d.oid FROM pg_catalog.pg_database d"
	    " WHERE d.datname = pg_catalog.current_database()", 0, NULL, e);
}

/* Owners and grantees of what is in this database: the destination needs them. */
static int
read_roles(struct db *db, struct strings *out, struct err *e)
{
	PGresult *res;

	if (db_query(db,
	    "SELECT r.rolname FROM pg_catalog.pg_roles r WHERE r.oid IN"
	    " (SELECT s.refobjid FROM pg_catalog.pg_shdepend s JOIN pg_catalog.pg_database d"
	    "   ON d.oid = s.dbid AND d.datname = pg_catalog.current_database()"
	    "   WHERE s.refclassid = 'pg_catalog.pg_authid'::pg_catalog.regclass"
	    "  UNION SELECT c.relowner FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n"
	    "   ON n.oid = c.relnamespace WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema')"
	    " AND r.rolname !~ '^pg_' ORDER BY 1", 0, NULL, &res, e) < 0)
		return -1;
	out->len = (size_t)PQntuples(res);
	out->at = mem_array(out->len, sizeof(*out->at));
	for (size_t i = 0; i < out->len; i++)
		out->at[i] = mem_str(PQgetvalue(res, (int)i, 0));
	PQclear(res);
	return 0;
}

/* Whether tables without an operator class are distributed by the hash of Greenplum 5, which pg_dump does not say. */
static void
add_legacy_hash(struct db *db, json_t *settings)
{
	struct err none; /* a server that has no such setting */
	char *value = db_value(db, "SHOW gp_use_legacy_hashops", 0, NULL, &none);

	if (value != NULL)
		json_object_set_new(settings, "gp_use_legacy_hashops", json_string(value));
	free(value);
}

int
source_identify(struct db *db, struct rec_run *out, struct err *e)
{
	PGresult *res;

	if (db_query(db,
	    "SELECT pg_catalog.version(), pg_catalog.current_database(), pg_catalog.current_setting('server_encoding'),"
	    " pg_catalog.to_char(pg_catalog.now() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')", 0, NULL, &res, e) < 0)
		return -1;
	out->server_version = mem_str(PQgetvalue(res, 0, 0));
	out->system = mem_str(catalog_family(out->server_version));
	out->server_version_num = (uint64_t)db_version(db);
	out->database = mem_str(PQgetvalue(res, 0, 1));
	out->encoding = mem_str(PQgetvalue(res, 0, 2));
	out->server_time = mem_str(PQgetvalue(res, 0, 3));
	out->digest = mem_str("gpm-row-1");
	PQclear(res);
	if ((out->source_id = source_id(db, e)) == NULL)
		return -1;
	if (db_pinned(db, &out->settings, e) < 0)
		return -1;
	if (strcmp(out->system, "PostgreSQL") != 0)
		add_legacy_hash(db, out->settings);
	return read_roles(db, &out->roles, e);
}
