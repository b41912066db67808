/* pick.h -- tables of a run that an option names. */
#ifndef GPM_PICK_H
#define GPM_PICK_H

#include "find.h"
#include "opt.h"

struct err;

/* pick_tables(opts, id, run, out, n, e): the root manifest's lines of the tables that the list option ID names, in the run's
 * order; all when there is none.  A name is SCHEMA.TABLE as SQL reads it: folded to lower case, or as it is
 * in double quotes; no pattern.  A number is the table's own in the run.  ERR_USAGE for what is no name,
 * ERR_FAILED for a table that the run does not have.  pick_free frees them. */
int pick_tables(const struct opts *, enum opt_id, struct run *, struct rec_manifest **out, size_t *n, struct err *) GPM_NODISCARD;
void pick_free(struct rec_manifest *, size_t n);

#endif
