/* verdict.h -- is every row there?  Rows out of the source = rows in the manifest = rows here. */
#ifndef GPM_VERDICT_H
#define GPM_VERDICT_H

#include "db.h"
#include "find.h"
#include "report.h"

struct err;

/* verdict(db, run, report, e): counts every table, prints a line a table on stdout, and says whether
 * the run is verified: 0 only when all tables are, no table failed at the source and nothing was
 * reported on the way. */
int verdict(struct db *, struct run *, struct report *, struct err *) GPM_NODISCARD;

#endif
