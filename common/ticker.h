/* ticker.h -- a thread that does something from time to time beside the work. */
#ifndef GPM_TICKER_H
#define GPM_TICKER_H

#include <stdint.h>

struct ticker;

/* In the ticker's thread.  Returns how many seconds after the time at which this call was due the next one is; times that
 * pass while a call lasts are left out. */
typedef uint64_t ticker_fn(void *ctx);

/* ticker_start(first_s, fn, ctx): FN for the first time after FIRST_S seconds (0: at once).  All signals are blocked in the
 * thread: they are for the one that works, to interrupt what it waits for.  NULL, with errno, when there is no thread to be had.
 * ticker_stop(t): a call that is under way has ended when this returns.  NULL is fine. */
struct ticker *ticker_start(uint64_t first_s, ticker_fn *, void *ctx);
void ticker_stop(struct ticker *);

#endif
