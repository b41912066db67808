/* space.h -- room for chunks in the spool: --spool-limit, and 5 % of the disk that stay free.
 *
 * Room for a whole chunk is taken before it is opened.  Where there is none, the export waits for gpm-push
 * to free some, says so once an interval, and gives up after --wait. */
#ifndef GPM_SPACE_H
#define GPM_SPACE_H

#include "spool.h"

struct err;
struct opts;
struct space;

/* space_new(opts, spool, run, chunk_size, jobs, out, e): SPOOL is kept.  ERR_USAGE when the limit is smaller
 * than what JOBS workers need at least: a chunk each. */
int space_new(const struct opts *, struct spool *, const char *run, uint64_t chunk_size, unsigned jobs,
    struct space **out, struct err *) GPM_NODISCARD;
void space_free(struct space *); /* NULL is fine */

/* space_take(s, e): room for one chunk; from any thread.  ERR_LIMIT after --wait, ERR_STOPPED after a signal
 * or space_cancel. */
int space_take(struct space *, struct err *) GPM_NODISCARD;

/* space_settle(s, bytes): the chunk that room was taken for is closed with so many bytes, or given up (0). */
void space_settle(struct space *, uint64_t bytes);

/* space_cancel(s): who waits need not any more: another worker has failed. */
void space_cancel(struct space *);

#endif
