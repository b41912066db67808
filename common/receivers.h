/* receivers.h -- the gpfdist servers inside gpm-export, one for each --listen, and inside gpm-import, which reads a table back through them. */
#ifndef GPM_RECEIVERS_H
#define GPM_RECEIVERS_H

#include "db.h"
#include "gpfdist_receive.h"

struct err;
struct opts;

/* A segment tries so long to bring a body; an answer may be held back for half of it. */
#define RECEIVERS_RETRY_S 3600

struct receivers {
	struct receiver **at;
	size_t len;
	uint64_t buffer_kb; /* writable_external_table_bufsize that fits the memory */
};

/* receivers_start(opts, db, jobs, out, e): on every --listen, or else where this host meets the coordinator that
 * DB is connected to.  Memory (--memory) is shared out over them, the primary segments and JOBS tables. */
int receivers_start(const struct opts *, struct db *, unsigned jobs, struct receivers *out, struct err *) GPM_NODISCARD;

/* receivers_reach(r, db, e): can the segments come?  In a session of its own.  Codes as of gp_table_reach. */
int receivers_reach(const struct receivers *, struct db *, struct err *) GPM_NODISCARD;

/* receivers_buffer(bodies, segments, jobs): kB of a segment's buffer, when so many bytes are for all of them. */
uint64_t receivers_buffer(uint64_t bodies, uint64_t segments, unsigned jobs);

/* receivers_pin(db, retry_seconds, buffer_kb, e): what the segments go by, in the transaction under way. */
int receivers_pin(struct db *, int retry_seconds, uint64_t buffer_kb, struct err *) GPM_NODISCARD;

void receivers_stop(struct receivers *); /* fine on a zeroed struct */

#endif
