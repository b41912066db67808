/* feed.h -- checked rows into a deal, by a thread of its own, while a statement takes them. */
#ifndef GPM_FEED_H
#define GPM_FEED_H

#include "find.h"
#include "gpfdist_deal.h"

struct err;
struct feed;

/* What gives: all of its rows by feed_chunks, then 0.  In its thread stop_check fails once the feed is stopped. */
typedef int feed_fn(void *ctx, struct deal *, struct err *);

/* feed_start(d, fn, ctx, out, e): FN in a thread; the end of the rows is told to D, or why there is none. */
int feed_start(struct deal *, feed_fn *, void *ctx, struct feed **out, struct err *) GPM_NODISCARD;

/* feed_stop(f, e): the deal was shut: what is still fetched is given up; waits for the thread, frees F.  -1: FN failed, and not because
 * nobody took its rows; E says why. */
int feed_stop(struct feed *, struct err *) GPM_NODISCARD;

/* feed_chunks(d, run, t, chunks, n, e): each is fetched, unpacked and compared whole before the deal gets it.  Two at a time, while
 * those before them are dealt out; so they come in no order.  Holds two objects as they are stored; what they unpack to
 * is the deal's to count. */
int feed_chunks(struct deal *, struct run *, const struct rec_table *, const struct rec_chunk *const *chunks, size_t n,
    struct err *) GPM_NODISCARD;

#endif
