/* copyout.h -- one table out by COPY TO STDOUT, into the spool. */
#ifndef GPM_COPYOUT_H
#define GPM_COPYOUT_H

#include "db.h"
#include "progress.h"
#include "state.h"

struct err;

/* copyout_table(db, state, t, progress, e): one attempt at T in DB's transaction, which holds the
 * snapshot and T's lock.  The rows counted must be those that COPY says it sent. */
int copyout_table(struct db *, struct state *, struct table *, struct progress *, struct err *) GPM_NODISCARD;

#endif
