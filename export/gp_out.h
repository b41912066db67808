/* gp_out.h -- rows of a table straight from Greenplum's segments: a writable external table whose location is
 * a receiver in this process. */
#ifndef GPM_GP_OUT_H
#define GPM_GP_OUT_H

#include "copyout.h"
#include "db.h"

struct err;

#define GP_OUT_LANES 2 /* chunks of a table that are open at once, for each receiver */

/* gp_out_rows(x, db, t, done, e): all rows of T into chunks, in DB's transaction, which holds the snapshot and T's
 * lock and may write.  *DONE says what they were.  What INSERT says it sent must have arrived.
 * The transaction is to be rolled back: the external table goes with it. */
int gp_out_rows(const struct copyout *, struct db *, struct table *t, struct rec_done *done, struct err *) GPM_NODISCARD;

#endif
