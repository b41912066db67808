/* assess.h -- gpm-export assess: what of this source would break, change or be missing at a named destination? */
#ifndef GPM_ASSESS_H
#define GPM_ASSESS_H

struct err;
struct opts;

/* assess_run(opts, e): the report on stdout.  Reads catalogs and settings only, in read-only sessions.  -1 with ERR_PARTIAL when something
 * would break, or could not be looked at. */
int assess_run(const struct opts *, struct err *) GPM_NODISCARD;

#endif
