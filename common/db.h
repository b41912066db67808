/* db.h -- a connection to PostgreSQL or one of its kin, over libpq. */
#ifndef GPM_DB_H
#define GPM_DB_H

#include <jansson.h>
#include <libpq-fe.h>

#include "buf.h"

struct err;
struct opts;
struct db;

/* db_connect(opts, application_name, out, e): -d -h -p -U of OPTS and the PG* variables; database
 * errors that a later try may heal (server starting, too many clients, connection lost) are
 * ERR_TEMPORARY, a refused password is ERR_CREDENTIALS. */
int db_connect(const struct opts *, const char *application_name, struct db **out, struct err *) GPM_NODISCARD;
void db_close(struct db *); /* NULL is fine */

PGconn *db_conn(struct db *);
int db_version(const struct db *);            /* server_version_num */

/* db_exec(db, sql, e): one or more statements without rows of interest. */
int db_exec(struct db *, const char *sql, struct err *) GPM_NODISCARD;
int db_execf(struct db *, struct err *, const char *fmt, ...) GPM_PRINTF(3, 4) GPM_NODISCARD;

/* db_cancel(db): ask the server to end what the session is doing; its results are still to be read. */
void db_cancel(struct db *);

/* db_exec_params(db, sql, n, params, e): one statement with parameters as db_query has them, without rows of interest. */
int db_exec_params(struct db *, const char *sql, int n, const char *const *params, struct err *) GPM_NODISCARD;

/* db_query_simple(db, sql, out, e): several statements in one message, all up to a COMMIT or to their end one transaction;
 * the rows of the last one, as text; the caller PQclears *OUT. */
int db_query_simple(struct db *, const char *sql, PGresult **out, struct err *) GPM_NODISCARD;

/* db_exec_one(db, sql): PQexec of exactly one statement, whatever the text says: the extended protocol
 * takes no second one.  COPY is allowed. */
PGresult *db_exec_one(struct db *, const char *sql) GPM_NODISCARD;

/* db_query(db, sql, nparams, params, out, e): rows as text; the caller PQclears *OUT.
 * PARAMS are text, NULL for SQL NULL. */
int db_query(struct db *, const char *sql, int nparams, const char *const *params, PGresult **out,
    struct err *) GPM_NODISCARD;

/* db_value(db, sql, nparams, params, e): the one field of the one row, caller frees; NULL on error
 * (also when there is not exactly one row, or the field is NULL). */
char *db_value(struct db *, const char *sql, int nparams, const char *const *params, struct err *) GPM_NODISCARD;

/* db_fail(db, res, e, fmt, …): E from RES (or the connection when NULL): the message, its SQLSTATE
 * and the server's hint; a lost connection, a deadlock, a lock timeout … is ERR_TEMPORARY.
 * Returns -1.  RES is cleared. */
int db_fail(struct db *, PGresult *, struct err *, const char *fmt, ...) GPM_PRINTF(4, 5);

/* The SQLSTATE of the last db_* failure on this connection: "42P07", or "". */
const char *db_sqlstate(const struct db *);

/* db_add_ident(db, b, name), db_add_name(db, b, schema, name), db_add_literal: quoted by libpq
 * for this connection and appended. */
int db_add_ident(struct db *, struct buf *, const char *name, struct err *) GPM_NODISCARD;
int db_add_name(struct db *, struct buf *, const char *schema, const char *name, struct err *) GPM_NODISCARD;
int db_add_literal(struct db *, struct buf *, const char *text, struct err *) GPM_NODISCARD;

/* db_pin(db, encoding, e): the session settings that shape the bytes of COPY, each only where the
 * server has it (FORMAT.md, "Settings"); client_encoding is set to ENCODING. */
int db_pin(struct db *, const char *encoding, struct err *) GPM_NODISCARD;
extern const char db_pin_sql[]; /* the query that sets them, client_encoding apart */

/* db_end_orphans(db, prefix, e): end the other sessions of this database whose application_name begins
 * with PREFIX: what a dead process of ours left running.  The caller holds the lock that says that
 * there is no living one. */
int db_end_orphans(struct db *, const char *prefix, struct err *) GPM_NODISCARD;

/* db_pinned(db, out, e): what db_pin set, as a JSON object name → value; new reference. */
int db_pinned(struct db *, json_t **out, struct err *) GPM_NODISCARD;

#endif
