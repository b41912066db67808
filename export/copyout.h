/* copyout.h -- rows of a table out by COPY TO STDOUT, into the spool. */
#ifndef GPM_COPYOUT_H
#define GPM_COPYOUT_H

#include "attempt.h"
#include "db.h"
#include "progress.h"
#include "space.h"

struct err;
struct gp_files;
struct receivers;

/* What all workers of an export share. */
struct copyout {
	struct state *state;
	struct space *space;
	struct progress *progress;
	bool measure;         /* --measure aggregates */
	/* segments send their rows themselves, to receivers or into files elsewhere; both NULL: all by COPY */
	const struct receivers *receivers;
	const struct gp_files *files;
	uint64_t small_table; /* bytes: below it a table goes by COPY all the same */
};

/* copyout_by_segments(x, t): do the segments send the rows of T? */
bool copyout_by_segments(const struct copyout *, const struct rec_table *t);

/* copyout_slice(x, db, s, e): one slice in DB's transaction, which holds the snapshot
 * and the table's lock.  The rows counted must be those that COPY says it sent.  With the last slice the
 * attempt is finished; with MEASURE one more scan takes the aggregates (aggregates.h) before that, and
 * must find as many rows. */
int copyout_slice(const struct copyout *, struct db *, const struct slice *, struct err *) GPM_NODISCARD;

#endif
