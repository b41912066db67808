/* export.h -- gpm-export: a database out into the spool. */
#ifndef GPM_EXPORT_H
#define GPM_EXPORT_H

struct db;
struct err;
struct opts;

/* export_run(opts, group, holder, e): one database, as a run of GROUP (NULL: of none).  0 when every table is out and the run is complete; -1 otherwise, with
 * ERR_PARTIAL when only some tables failed and the run is complete without them.  HOLDER, unless NULL: when the run is complete, the session
 * that has its tables locked, for as long as the caller wants them so. */
int export_run(const struct opts *, const char *group, struct db **holder, struct err *) GPM_NODISCARD;

#endif
