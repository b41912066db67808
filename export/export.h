/* export.h -- gpm-export: a database out into the spool. */
#ifndef GPM_EXPORT_H
#define GPM_EXPORT_H

struct err;
struct opts;

/* export_run(opts, group, e): one database, as a run of GROUP (NULL: of none).  0 when every table is out and the run is complete; -1 otherwise, with
 * ERR_PARTIAL when only some tables failed and the run is complete without them. */
int export_run(const struct opts *, const char *group, struct err *) GPM_NODISCARD;

#endif
