/* share.h -- consecutive chunks of one batch: what a worker takes at a time, and what is committed together. */
#ifndef GPM_SHARE_H
#define GPM_SHARE_H

#include "find.h"
#include "method.h"

struct err;

struct share {
	struct run_table *table;  /* shared with the table's other shares */
	struct rec_chunk *chunks; /* at least one */
	size_t n;
	bool last;                /* of its batch */
	uint64_t rows, bytes;     /* BYTES are plain ones */
};

/* share_cut(t, size, put, ctx, e): all chunks of T as shares, each closed at the first chunk end at which it
 * holds SIZE plain bytes, or at its batch's.  PUT owns the share (share_free). */
typedef int share_put_fn(void *ctx, struct share *, struct err *);
int share_cut(struct run_table *, uint64_t size, share_put_fn *, void *ctx, struct err *) GPM_NODISCARD;
void share_free(struct share *);

/* share_load(l, method, s, e): in one transaction: the lock, the look into the ledger, rows, counts and
 * ledger lines of what is not loaded yet; COMMIT.  Tried again when the method says that this may do.  -1: nothing of that is in the table, and no
 * transaction is open. */
int share_load(struct loader *, const struct method *, const struct share *, struct err *) GPM_NODISCARD;

#endif
