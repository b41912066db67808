/* runs.h -- several runs, one after the other. */
#ifndef GPM_RUNS_H
#define GPM_RUNS_H

#include "spool.h"
#include "store.h"

struct err;
struct opts;

typedef int runs_fn(void *ctx, const char *id, struct err *);

/* runs_each(opts, ids, n, fn, ctx, e): each by itself: trouble with one does not keep the others from being stored.  The worst
 * of it in E, the rest is printed. */
int runs_each(const struct opts *, const spool_id *ids, size_t n, runs_fn *, void *ctx, struct err *) GPM_NODISCARD;

/* runs_hush(opts, e): where it ended may be everyday for whoever starts it again and again, and asked for silence: the exit
 * status tells. */
void runs_hush(const struct opts *, struct err *);

/* runs_of_store(store, out, n, e): the ids that the bucket has folders of, oldest first; the caller frees *OUT. */
int runs_of_store(struct store *, spool_id **out, size_t *n, struct err *) GPM_NODISCARD;

#endif
