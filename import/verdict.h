/* verdict.h -- is every row there?  Rows out of the source = rows in the manifest = rows here; and, when
 * asked for, the same rows: the digest of the destination's own COPY output against the manifest's. */
#ifndef GPM_VERDICT_H
#define GPM_VERDICT_H

#include "find.h"
#include "report.h"

struct err;
struct opts;

/* verdict(opts, run, report, e): every table by --verify (count or content), --jobs at a time; a line a
 * table on stdout, then whether the run is verified: 0 only when all tables are, no table
 * failed at the source and nothing was reported on the way. */
int verdict(const struct opts *, struct run *, struct report *, struct err *) GPM_NODISCARD;

#endif
