/* ledger.h -- exactly once: what of a run this destination holds (FORMAT.md, "Ledger"). */
#ifndef GPM_LEDGER_H
#define GPM_LEDGER_H

#include "db.h"
#include "record.h"

struct err;

/* ledger_create(db, e): schema gpm and its tables, when they are not there. */
int ledger_create(struct db *, struct err *) GPM_NODISCARD;

/* ledger_lock_run(db, e): one import at a time works on this database; held by the session.
 * Waits a few seconds for the server to notice that an importer died, then ERR_LOCKED. */
int ledger_lock_run(struct db *, struct err *) GPM_NODISCARD;

/* --- steps: schema statements and other things that are done once --- */

/* ledger_has_step(db, run, step, e): 1, 0, -1.  ledger_add_step: in the caller's transaction. */
int ledger_has_step(struct db *, const char *run, const char *step, struct err *) GPM_NODISCARD;
int ledger_add_step(struct db *, const char *run, const char *step, struct err *) GPM_NODISCARD;

/* --- tables and batches --- */

/* ledger_enter_table(db, run, t, append, before, e): before the first batch of T.  *BEFORE is the
 * number of rows that were there when this run first came to the table.  A table that holds
 * rows and was not entered is refused (ERR_DATABASE, names no table) unless APPEND. */
int ledger_enter_table(struct db *, const char *run, const struct rec_table *t, bool append,
    uint64_t *before, struct err *) GPM_NODISCARD;

/* ledger_rows_before(db, run, t, before, e): what ledger_enter_table noted; 1, 0 not entered, -1. */
int ledger_rows_before(struct db *, const char *run, const struct rec_table *t, uint64_t *before,
    struct err *) GPM_NODISCARD;

/* ledger_begin_batch(db, run, t, batch, chunks, n, e): begin a transaction, lock the table's name
 * against other importers, look the batch up.  1: it is loaded already, as these chunks (no transaction is
 * left open); 0: to be loaded, the transaction is open; -1. Chunks that differ from those in the
 * ledger are ERR_DIFFERS. */
int ledger_begin_batch(struct db *, const char *run, const struct rec_table *t, uint64_t batch,
    const struct rec_chunk *chunks, size_t n, struct err *) GPM_NODISCARD;

/* ledger_add_chunk(db, run, t, chunk, e): one line, in the batch's transaction. */
int ledger_add_chunk(struct db *, const char *run, const struct rec_table *t, const struct rec_chunk *,
    struct err *) GPM_NODISCARD;

/* ledger_count(db, t, rows, e): rows of the table at the destination that the run's filter covers. */
int ledger_count(struct db *, const struct rec_table *t, uint64_t *rows, struct err *) GPM_NODISCARD;

#endif
