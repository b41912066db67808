/* rate.h -- --limit-rate, and how it changes while the push runs: gpm.conf is looked at again. */
#ifndef GPM_RATE_H
#define GPM_RATE_H

struct err;
struct opts;
struct rate;
struct throttle;

/* rate_new(opts, out, e): OPTS outlives it.  ERR_USAGE. */
int rate_new(const struct opts *, struct rate **out, struct err *) GPM_NODISCARD;
void rate_free(struct rate *); /* NULL is fine */

struct throttle *rate_throttle(const struct rate *); /* for store_set_throttle */

#endif
