/* preflight_export.h -- gpm-export preflight: can this source be exported from here? */
#ifndef GPM_PREFLIGHT_EXPORT_H
#define GPM_PREFLIGHT_EXPORT_H

struct err;
struct opts;

/* preflight_export(opts, e): connection, privileges, snapshot, locks, pg_dump, what is not carried, space
 * in the spool.  Changes nothing but makes the spool's folder. */
int preflight_export(const struct opts *, struct err *) GPM_NODISCARD;

#endif
