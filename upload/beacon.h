/* beacon.h -- the metrics of a push that is at work, written anew from time to time. */
#ifndef GPM_BEACON_H
#define GPM_BEACON_H

#include <stdint.h>

struct beacon;
struct spool;

/* beacon_start(spool, path, interval_s): writes PATH (metrics_write) at once and then every INTERVAL_S seconds (1 at least), or less often
 * where that would take more than a twentieth of the time, because journals are long.  SPOOL and PATH are borrowed.  That
 * there is no thread to be had is warned of; a push goes on without.
 * beacon_stop(b): its last write is over when this returns.  NULL is fine. */
struct beacon *beacon_start(struct spool *, const char *path, uint64_t interval_s);
void beacon_stop(struct beacon *);

#endif
