/* schema_dump.h -- the schema of the source as SQL, by its own pg_dump. */
#ifndef GPM_SCHEMA_DUMP_H
#define GPM_SCHEMA_DUMP_H

#include "db.h"
#include "state.h"

struct catalog;
struct err;
struct opts;

/* schema_dump(opts, catalog, db, snapshot, condition, state, e): schema/{globals,pre-data,post-data}.sql of the run, as
 * seen in SNAPSHOT where pg_dump can, each journalled.  The programs are the newest pg_dump and pg_dumpall that are
 * not older than the server (Greenplum's own for Greenplum: client_program.h), from --client-bin, or else
 * $GPHOME/bin, Debian's version folders, PATH.  Passwords of roles are not dumped.  CONDITION and the options
 * -t -T -n -N choose as selection.h says. */
int schema_dump(const struct opts *, const struct catalog *, struct db *, const char *snapshot, const char *condition,
    struct state *, struct err *) GPM_NODISCARD;

/* schema_write(state, key, data, len, e): a file beside them, durable and journalled. */
int schema_write(struct state *, const char *key, const void *data, size_t len, struct err *) GPM_NODISCARD;

#endif
