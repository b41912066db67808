/* slices.h -- a big table in parts, so that all workers can read it at once. */
#ifndef GPM_SLICES_H
#define GPM_SLICES_H

#include "attempt.h"
#include "db.h"

struct catalog;
struct err;

/* The work of an export: slices in the order in which they are to be taken out. */
struct slices {
	struct slice *at;
	size_t len;
	struct attempt **attempts;
	size_t nattempts;
};

/* slices_plan(catalog, db, state, jobs, out, e): every listed table that is not out yet, the largest first; a big
 * table in several slices when there are several JOBS and the server can read a part at a time.  DB is a session that holds the tables' locks; NULL: nothing is split. */
int slices_plan(const struct catalog *, struct db *, struct state *, unsigned jobs, struct slices *out, struct err *) GPM_NODISCARD;
void slices_release(struct slices *); /* fine on a zeroed struct */

/* slice_condition(s): "WHERE …", NULL for a whole table; the caller frees. */
char *slice_condition(const struct slice *) GPM_NODISCARD;

#endif
