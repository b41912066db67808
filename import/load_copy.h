/* load_copy.h -- one batch into its table by COPY FROM STDIN, exactly once. */
#ifndef GPM_LOAD_COPY_H
#define GPM_LOAD_COPY_H

#include "db.h"
#include "find.h"

struct err;

/* load_copy_batch(db, run, t, batch, chunks, n, object, e): in one transaction: the lock, the look
 * into the ledger, then for each chunk fetch, check, COPY, count, ledger line; then COMMIT.
 * 1 loaded, 0 it was loaded before, -1: nothing of it is in the table, no transaction is open.
 * OBJECT is the worker's own memory. */
int load_copy_batch(struct db *, struct run *, const struct rec_table *t, uint64_t batch,
    const struct rec_chunk *chunks, size_t n, struct buf *object, struct err *) GPM_NODISCARD;

#endif
