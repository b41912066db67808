/* session.h -- sessions at the destination. */
#ifndef GPM_SESSION_H
#define GPM_SESSION_H

#include "db.h"
#include "record.h"

struct err;
struct opts;

/* session_open(opts, run, role, out, e): every setting pinned (db_pin, UTF8); application_name
 * "gpm-import <run> <role>": the sessions of a load, which a later load ends when they were left behind. */
int session_open(const struct opts *, const char *run, const char *role, struct db **out, struct err *) GPM_NODISCARD;

/* session_open_reading: for who only looks, beside a load or not; "gpm-import-check <run>". */
int session_open_reading(const struct opts *, const char *run, struct db **out, struct err *) GPM_NODISCARD;

/* session_commit_later(db): except on Greenplum, where nothing waits for the disks of all segments later, COMMIT does not wait for the disk of the server any more.  What a crash of the server then
 * takes away, it takes with its ledger lines and steps, and the next start does it again; ledger_make_durable
 * waits for all of it. */
void session_commit_later(struct db *);

/* session_open_loading: the same for a session that loads rows: triggers and foreign keys that are
 * there already do not act on them, where the user may say so (session_replication_role). */
int session_open_loading(const struct opts *, const char *run, struct db **out, struct err *) GPM_NODISCARD;

/* session_encoding(opts, t, server, e): what the bytes of T are read as: their encoding, or for those of a SQL_ASCII
 * source --source-encoding, or else UTF8, so that the server checks them (SQL_ASCII when SERVER, the encoding of
 * the destination, NULL when it is not known, is that).  NULL and E: no encoding. */
const char *session_encoding(const struct opts *, const struct rec_table *t, const char *server, struct err *) GPM_NODISCARD;

/* session_set_encoding(opts, db, t, e): session_encoding as client_encoding. */
int session_set_encoding(const struct opts *, struct db *, const struct rec_table *t, struct err *) GPM_NODISCARD;

/* session_read_names(opts, db, run, e): the same for the names in the manifests of RUN. */
int session_read_names(const struct opts *, struct db *, const struct rec_run *run, struct err *) GPM_NODISCARD;

#endif
