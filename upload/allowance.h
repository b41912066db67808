/* allowance.h -- how long one start of gpm-push may work, and how much it may send. */
#ifndef GPM_ALLOWANCE_H
#define GPM_ALLOWANCE_H

struct err;
struct allowance;
struct opts;

/* allowance_new(opts, out, e): --max-duration and --until, counted from now, and --max-bytes.  ERR_USAGE. */
int allowance_new(const struct opts *, struct allowance **out, struct err *) GPM_NODISCARD;
void allowance_free(struct allowance *); /* NULL is fine */

/* allowance_begin(a, e): may something new be begun?  0, ERR_STOPPED after a signal, ERR_LIMIT when the time is up. */
int allowance_begin(const struct allowance *, struct err *) GPM_NODISCARD;

/* allowance_take(a, bytes, e): an object of BYTES is about to be sent: 0 and it is counted, or ERR_LIMIT.  From any
 * thread; once it was refused everything is, so that none of many workers goes on with small ones. */
int allowance_take(struct allowance *, uint64_t bytes, struct err *) GPM_NODISCARD;

/* allowance_deadline(a): when the time is up, in milliseconds of CLOCK_MONOTONIC; 0 for never. */
uint64_t allowance_deadline(const struct allowance *);

/* allowance_next(text, now, when, e): the first moment after NOW when the local clock shows TEXT ("HH:MM").
 * ERR_USAGE.  Where the clock jumps over it, the moment that mktime(3) takes for it. */
int allowance_next(const char *text, time_t now, time_t *when, struct err *) GPM_NODISCARD;

#endif
