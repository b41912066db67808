/* db.c -- a connection to PostgreSQL or one of its kin, over libpq. */
#include "prelude.h"

#include "db.h"
#include "err.h"
#include "log.h"
#include "opt.h"

struct db {
	PGconn *conn;
	char sqlstate[6];
};

static void
on_notice(void *ctx, const PGresult *res)
{
	const char *text = PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY);
	const char *severity = PQresultErrorField(res, PG_DIAG_SEVERITY_NONLOCALIZED);

	(void)ctx; /* libpq's signature */
	if (severity != NULL && strcmp(severity, "WARNING") == 0)
		log_warning("server: %s", text != NULL ? text : "");
	else
		log_debug("server: %s", text != NULL ? text : "");
}

/* libpq's text names host and user, never a password. */
static int
connect_failed(PGconn *conn, struct err *e)
{
	const char *text = PQerrorMessage(conn);
	enum err_code code = ERR_TEMPORARY;
	int len = (int)strlen(text);

	while (len > 0 && text[len - 1] == '\n')
		len--;
	if (strstr(text, "password") != NULL || strstr(text, "authentication failed") != NULL ||
	    strstr(text, "pg_hba.conf") != NULL)
		code = ERR_CREDENTIALS;
	else if (strstr(text, "does not exist") != NULL || strstr(text, "invalid ") != NULL)
		code = ERR_FAILED;
	err_set(e, code, "cannot connect: %.*s", len, text);
	if (code == ERR_CREDENTIALS)
		return err_hint(e, "put the password into ~/.pgpass (mode 0600), PGPASSFILE or PGPASSWORD");
	return -1;
}

int
db_connect(const struct opts *opts, const char *application_name, struct db **out, struct err *e)
{
	const char *dbname = opt_string(opts, OPT_ID_dbname);
	/* the first dbname may be a conninfo or a URI (never NULL, or it were the second); the second is a name, and wins where it is given */
	const char *keys[] = { "dbname", "host", "port", "user", "application_name", "dbname", NULL };
	const char *values[] = {
		dbname != NULL ? dbname : "", opt_string(opts, OPT_ID_host),
		opt_string(opts, OPT_ID_port), opt_string(opts, OPT_ID_username),
		application_name, opt_database(opts), NULL,
	};
	struct db *db = mem_alloc(sizeof(*db));

	db->conn = PQconnectdbParams(keys, values, 1);
	if (PQstatus(db->conn) != CONNECTION_OK) {
		connect_failed(db->conn, e);
		db_close(db);
		return -1;
	}
	PQsetNoticeReceiver(db->conn, on_notice, NULL);
	*out = db;
	return 0;
}

void
db_close(struct db *db)
{
	if (db == NULL)
		return;
	PQfinish(db->conn);
	free(db);
}

PGconn *
db_conn(struct db *db)
{
	return db->conn;
}

int
db_version(const struct db *db)
{
	return PQserverVersion(db->conn);
}

const char *
db_sqlstate(const struct db *db)
{
	return db->sqlstate;
}

/* What kind of trouble an SQLSTATE is (PostgreSQL manual, appendix A). */
static enum err_code
code_of(const struct db *db)
{
	static const char *const passing[] = {
		"40001", "40P01", "55P03", "57P01", "57P02", "57P03", "53300",
	};

	/* An error of libpq's own: after one in sending, the end of the connection shows only when it is read,
	 * behind what the server said last. */
	if (db->sqlstate[0] == '\0')
		for (int i = 0; i < 2 && PQconsumeInput(db->conn) == 1; i++)
			continue;
	if (PQstatus(db->conn) == CONNECTION_BAD || strncmp(db->sqlstate, "08", 2) == 0)
		return ERR_TEMPORARY;
	for (size_t i = 0; i < GPM_ARRAY_LEN(passing); i++)
		if (strcmp(db->sqlstate, passing[i]) == 0)
			return ERR_TEMPORARY;
	return ERR_DATABASE;
}

int
db_fail(struct db *db, PGresult *res, struct err *e, const char *fmt, ...)
{
	const char *state = res != NULL ? PQresultErrorField(res, PG_DIAG_SQLSTATE) : NULL;
	const char *text = res != NULL ? PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY) : NULL;
	const char *detail = res != NULL ? PQresultErrorField(res, PG_DIAG_MESSAGE_DETAIL) : NULL;
	const char *hint = res != NULL ? PQresultErrorField(res, PG_DIAG_MESSAGE_HINT) : NULL;
	const char *where = res != NULL ? PQresultErrorField(res, PG_DIAG_CONTEXT) : NULL;
	enum err_code code;
	char what[512];
	va_list ap;
	size_t n;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	snprintf(db->sqlstate, sizeof(db->sqlstate), "%s", state != NULL ? state : "");
	code = code_of(db); /* before libpq's text is taken: it may move that */
	if (text == NULL)
		text = PQerrorMessage(db->conn);
	if (text[0] == '\0')
		text = "the connection was lost";
	err_set(e, code, "%s: %.*s%s%.300s%s", what, (int)strcspn(text, "\n"), text,
	    detail != NULL ? " (" : "", detail != NULL ? detail : "", detail != NULL ? ")" : "");
	/* "COPY t, line 7, column a: …": the row that did it */
	n = strlen(e->text);
	if (where != NULL && strncmp(where, "COPY ", 5) == 0)
		snprintf(e->text + n, sizeof(e->text) - n, " (%.*s)", (int)(strcspn(where, "\n") < 200 ?
		    strcspn(where, "\n") : 200), where);
	if (hint != NULL)
		err_hint(e, "%s", hint);
	PQclear(res);
	return -1;
}

int
db_exec(struct db *db, const char *sql, struct err *e)
{
	PGresult *res = PQexec(db->conn, sql);
	ExecStatusType status = PQresultStatus(res);

	if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK && status != PGRES_EMPTY_QUERY)
		return db_fail(db, res, e, "'%.60s'", sql);
	PQclear(res);
	return 0;
}

void
db_cancel(struct db *db)
{
	PGcancel *cancel = PQgetCancel(db->conn);
	char ignored[256];

	if (cancel != NULL)
		PQcancel(cancel, ignored, (int)sizeof(ignored));
	PQfreeCancel(cancel);
}

int
db_exec_params(struct db *db, const char *sql, int n, const char *const *params, struct err *e)
{
	PGresult *res = PQexecParams(db->conn, sql, n, NULL, params, NULL, NULL, 0);
	ExecStatusType status = PQresultStatus(res);

	if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
		return db_fail(db, res, e, "'%.60s'", sql);
	PQclear(res);
	return 0;
}

int
db_query_simple(struct db *db, const char *sql, PGresult **out, struct err *e)
{
	PGresult *res = PQexec(db->conn, sql);

	if (PQresultStatus(res) != PGRES_TUPLES_OK)
		return db_fail(db, res, e, "'%.60s'", sql);
	*out = res;
	return 0;
}

PGresult *
db_exec_one(struct db *db, const char *sql)
{
	return PQexecParams(db->conn, sql, 0, NULL, NULL, NULL, NULL, 0);
}

int
db_execf(struct db *db, struct err *e, const char *fmt, ...)
{
	char *sql;
	va_list ap;
	int rc;

	va_start(ap, fmt);
	rc = vasprintf(&sql, fmt, ap);
	va_end(ap);
	if (rc < 0)
		return err_set(e, ERR_SYSTEM, "out of memory");
	rc = db_exec(db, sql, e);
	free(sql);
	return rc;
}

int
db_query(struct db *db, const char *sql, int nparams, const char *const *params, PGresult **out,
    struct err *e)
{
	PGresult *res = PQexecParams(db->conn, sql, nparams, NULL, params, NULL, NULL, 0);

	if (PQresultStatus(res) != PGRES_TUPLES_OK)
		return db_fail(db, res, e, "'%.60s'", sql);
	*out = res;
	return 0;
}

char *
db_value(struct db *db, const char *sql, int nparams, const char *const *params, struct err *e)
{
	PGresult *res;
	char *value = NULL;

	if (db_query(db, sql, nparams, params, &res, e) < 0)
		return NULL;
	if (PQntuples(res) == 1 && PQnfields(res) == 1 && !PQgetisnull(res, 0, 0))
		value = mem_str(PQgetvalue(res, 0, 0));
	else
		err_set(e, ERR_DATABASE, "'%.60s' gave no value", sql);
	PQclear(res);
	return value;
}

/* --- quoting --------------------------------------------------------------------------------- */

static int
add_quoted(struct db *db, struct buf *b, char *quoted, struct err *e)
{
	int rc;

	if (quoted == NULL)
		return db_fail(db, NULL, e, "a name cannot be quoted");
	rc = buf_puts(b, quoted, e);
	PQfreemem(quoted);
	return rc;
}

int
db_add_ident(struct db *db, struct buf *b, const char *name, struct err *e)
{
	return add_quoted(db, b, PQescapeIdentifier(db->conn, name, strlen(name)), e);
}

int
db_add_name(struct db *db, struct buf *b, const char *schema, const char *name, struct err *e)
{
	if (db_add_ident(db, b, schema, e) < 0 || buf_addc(b, '.', e) < 0)
		return -1;
	return db_add_ident(db, b, name, e);
}

int
db_add_literal(struct db *db, struct buf *b, const char *text, struct err *e)
{
	return add_quoted(db, b, PQescapeLiteral(db->conn, text, strlen(text)), e);
}

/* --- settings -------------------------------------------------------------------------------- */

/* The settings that shape what COPY writes and how rows are read, and those
 * that could end a long session.  Set only where pg_settings has them: the list serves every server
 * from 8.2 on. */
const char db_pin_sql[] =
    "SELECT pg_catalog.set_config(s.name, CASE WHEN v.value = 'max' THEN s.max_val ELSE v.value END, false)"
    "  FROM (VALUES ('extra_float_digits', 'max'), ('DateStyle', 'ISO, MDY'), ('IntervalStyle', 'postgres'),"
    "   ('TimeZone', 'UTC'), ('bytea_output', 'hex'), ('lc_monetary', 'C'), ('search_path', 'pg_catalog'),"
    "   ('row_security', 'off'), ('statement_timeout', '0'), ('lock_timeout', '0'),"
    "   ('idle_in_transaction_session_timeout', '0'), ('idle_session_timeout', '0'),"
    "   ('transaction_timeout', '0'), ('synchronize_seqscans', 'off'), ('standard_conforming_strings', 'on'),"
    "   ('xmloption', 'content'), ('array_nulls', 'on'),"
    "   ('enable_tidscan', 'on'), ('client_connection_check_interval', '5000'))"
    "   AS v(name, value)"
    "  JOIN pg_catalog.pg_settings s ON pg_catalog.lower(s.name) = pg_catalog.lower(v.name)";

/* Those of them that shape bytes: they go into the run record. */
static const char pinned_sql[] =
    "SELECT name, setting FROM pg_catalog.pg_settings WHERE name IN ('extra_float_digits', 'DateStyle',"
    " 'IntervalStyle', 'TimeZone', 'bytea_output', 'lc_monetary', 'client_encoding', 'row_security') ORDER BY 1";

/* Settings under which damaged or invisible rows are left out, or added, without an error. */
static const char *const unsafe[] = {
	"zero_damaged_pages", "ignore_checksum_failure", "ignore_system_indexes", "gp_select_invisible",
};

/* Is NAME on?  pg_settings does not show all of them on Greenplum.  1, 0 also for a server that does not have it, -1. */
static int
is_on(struct db *db, const char *name, struct err *e)
{
	const char *params[] = { name };
	PGresult *res;
	int rc;

	if (db_version(db) >= 90600) {
		if (db_query(db, "SELECT pg_catalog.current_setting($1, true)", 1, params, &res, e) < 0)
			return -1;
	} else {
		char *sql = mem_printf("SHOW %s", name);

		rc = db_query(db, sql, 0, NULL, &res, e);
		free(sql);
		if (rc < 0)
			return strcmp(db->sqlstate, "42704") == 0 ? 0 : -1;
	}
	rc = strcmp(PQgetvalue(res, 0, 0), "on") == 0;
	PQclear(res);
	return rc;
}

static int
turn_off_unsafe(struct db *db, struct err *e)
{
	for (size_t i = 0; i < GPM_ARRAY_LEN(unsafe); i++) {
		int on = is_on(db, unsafe[i], e);

		if (on < 0)
			return -1;
		if (on == 0 || db_execf(db, e, "SET %s = off", unsafe[i]) == 0)
			continue;
		err_set(e, ERR_FAILED, "%s is on: damaged rows would be left out without a word", unsafe[i]);
		return err_hint(e, "turn it off for this user and database");
	}
	return 0;
}

int
db_pin(struct db *db, const char *encoding, struct err *e)
{
	PGresult *res;

	/* libpq puts the name into its SQL as it is, and it may come out of a manifest */
	if (pg_char_to_encoding(encoding) < 0)
		return err_set(e, ERR_DIFFERS, "'%.40s' is no encoding", encoding);
	if (PQsetClientEncoding(db->conn, encoding) != 0)
		return db_fail(db, NULL, e, "cannot set client_encoding to %s", encoding);
	if (db_query(db, db_pin_sql, 0, NULL, &res, e) < 0)
		return err_context(e, "cannot set the session's settings");
	PQclear(res);
	return turn_off_unsafe(db, e);
}

int
db_end_orphans(struct db *db, const char *prefix, struct err *e)
{
	const char *params[] = { prefix };
	PGresult *res;

	if (db_version(db) < 90200) /* pg_stat_activity had other columns */
		return 0;
	if (db_query(db, "SELECT pid, pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity"
	    " WHERE datname = pg_catalog.current_database() AND pid <> pg_catalog.pg_backend_pid()"
	    " AND usename = current_user AND pg_catalog.strpos(application_name, $1) = 1", 1, params, &res, e) < 0)
		return -1;
	for (int i = 0; i < PQntuples(res); i++)
		log_warning("ended session %s, which a dead process left behind", PQgetvalue(res, i, 0));
	PQclear(res);
	return 0;
}

int
db_pinned(struct db *db, json_t **out, struct err *e)
{
	PGresult *res;

	if (db_query(db, pinned_sql, 0, NULL, &res, e) < 0)
		return -1;
	*out = json_object();
	for (int i = 0; i < PQntuples(res); i++)
		json_object_set_new(*out, PQgetvalue(res, i, 0), json_string(PQgetvalue(res, i, 1)));
	PQclear(res);
	return 0;
}
