/* unchanged.h -- --base: tables that nobody wrote to since an earlier run are not read again.
 *
 * Such a table's attempt is of the method "base": its done line says in which run its rows are, and gpm-push names their objects there. */
#ifndef GPM_UNCHANGED_H
#define GPM_UNCHANGED_H

#include "catalog.h"
#include "state.h"

struct err;
struct opts;

/* unchanged_check(opts, e): do the options go together?  ERR_USAGE. */
int unchanged_check(const struct opts *, struct err *) GPM_NODISCARD;

/* unchanged_choose(opts, spool, header, e): the run that --base names goes into the base of HEADER, a new run's.  "latest" may find none, which is told. */
int unchanged_choose(const struct opts *, struct spool *, struct rec_run *header, struct err *) GPM_NODISCARD;

/* unchanged_note(catalog, db, condition, state, e): what the newest moment, DB's snapshot, shows of the rows of the tables that are listed (table.change), for this run or one
 * that is based on it.  The tables are locked: one that is truncated meanwhile would show nothing. */
int unchanged_note(const struct catalog *, struct db *, const char *condition, struct state *, struct err *) GPM_NODISCARD;

/* unchanged_take(state, measure, spool, e): tables that are listed, not out yet, and as they were in the run's base are done; none when the spool has lost that run, which is told.  MEASURE: only those whose aggregates it has. */
int unchanged_take(struct state *, bool measure, struct spool *, struct err *) GPM_NODISCARD;

#endif
