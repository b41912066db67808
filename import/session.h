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

/* session_open_loading: the same for a session that loads rows: triggers and foreign keys that are
 * there already do not act on them, where the user may say so (session_replication_role). */
int session_open_loading(const struct opts *, const char *run, struct db **out, struct err *) GPM_NODISCARD;

/* session_set_encoding(opts, db, t, e): client_encoding for the bytes of T: UTF8, or for those of a
 * SQL_ASCII source --source-encoding, or else UTF8, so that the server checks them. */
int session_set_encoding(const struct opts *, struct db *, const struct rec_table *t, struct err *) GPM_NODISCARD;

#endif
