/* snapshot.h -- one moment in time, held: locks first, then the snapshot (promise 10).
 *
 * A table truncated or rewritten after a snapshot was taken reads as empty in it, without an error.
 * So one session, the holder, takes ACCESS SHARE on every listed table and keeps it; the snapshot
 * is exported after that; workers read in that snapshot.  The list is read again in the snapshot:
 * when it differs from what was locked, all starts over with the new list. */
#ifndef GPM_SNAPSHOT_H
#define GPM_SNAPSHOT_H

#include "db.h"
#include "record.h"

struct err;
struct catalog;
struct opts;
struct snapshot;

/* Called with every table of the final list, in the snapshot; takes REC's content. */
typedef int snapshot_table_fn(void *ctx, struct rec_table *rec, struct err *);

/* snapshot_take(opts, catalog, run, encoding, condition, out, e): connect the holder, list, lock, export the snapshot.
 * ERR_TEMPORARY when a lock is not had within --lock-wait-timeout, with the table's name.
 * CATALOG, CONDITION (selection_condition) and ENCODING are kept by pointer.
 * With --snapshot table there is no holder's lock and no snapshot: each table has its own moment, which
 * begins once it is locked. */
int snapshot_take(const struct opts *, const struct catalog *, const char *run, const char *encoding,
    const char *condition, struct snapshot **out, struct err *) GPM_NODISCARD;
void snapshot_release(struct snapshot *); /* NULL is fine: ends the transaction and the session */

/* snapshot_tables(s, fn, ctx, e): the tables that are locked, or with --snapshot table those that are there now;
 * once, and after the schema was read: ERR_TEMPORARY when one was altered meanwhile. */
int snapshot_tables(struct snapshot *, snapshot_table_fn *, void *ctx, struct err *) GPM_NODISCARD;

const char *snapshot_id(const struct snapshot *); /* NULL with --snapshot table */
struct db *snapshot_db(struct snapshot *); /* the holder's session, inside the snapshot */

/* snapshot_keep(s): the holder's session becomes the caller's, and with it the locks: S is only to be released. */
struct db *snapshot_keep(struct snapshot *) GPM_NODISCARD;

/* snapshot_join(s, db, t, e): begin a transaction on a worker's session in the snapshot and
 * lock the table.  1: ready; 0: someone waits for a stronger lock on the table, so that this session
 * would wait behind him; read it in the holder's session; -1: snapshot_leave is needed all the same.
 * With --snapshot table: lock the table, which takes --lock-wait-timeout at most, and compare it with
 * T: ERR_DATABASE when it cannot be had, or is not what was listed any more.
 * snapshot_leave ends the transaction. */
int snapshot_join(const struct snapshot *, struct db *, const struct rec_table *t, struct err *) GPM_NODISCARD;
int snapshot_leave(struct db *, struct err *) GPM_NODISCARD;

#endif
