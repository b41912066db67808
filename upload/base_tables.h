/* base_tables.h -- tables that gpm-export left to an earlier run (its --base): their objects are named where they are. */
#ifndef GPM_BASE_TABLES_H
#define GPM_BASE_TABLES_H

#include "context.h"

struct err;

/* base_tables_wait(p): is there a finished one whose objects are not named yet, as far as the export's journal was read? */
bool base_tables_wait(const struct push *);

/* base_tables_add(p, e): their objects into the push journal, each one once, however often a push starts.  That they are there, all of them,
 * is looked at before the seal, as with all that is named elsewhere (tidy). Ends between two tables when no more may be begun (allowance.h). Not while others add; the claim is taken. */
int base_tables_add(struct push *, struct err *) GPM_NODISCARD;

#endif
