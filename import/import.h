/* import.h -- the commands of gpm-import. */
#ifndef GPM_IMPORT_H
#define GPM_IMPORT_H

struct err;
struct opts;
struct store;

/* import_list: the runs of the bucket and their state, on stdout. */
int import_list(const struct opts *, struct store *, struct err *) GPM_NODISCARD;

/* import_verify: objects against manifests; ERR_DIFFERS when anything is not as it was written. */
int import_verify(const struct opts *, struct store *, struct err *) GPM_NODISCARD;

/* import_load: a run into the destination, exactly once, and the verdict. */
int import_load(const struct opts *, struct store *, struct err *) GPM_NODISCARD;

/* import_watch: load's work on the run that is meant now, if any is left; with --interval again and again. */
int import_watch(const struct opts *, struct store *, struct err *) GPM_NODISCARD;

/* import_schema: the schema alone, adapted to the destination: made, rehearsed or printed; what was changed, passed over and what
 * failed is listed on stdout. */
int import_schema(const struct opts *, struct store *, struct err *) GPM_NODISCARD;

/* import_check: what was loaded against the manifests, by --verify count or content; changes nothing. */
int import_check(const struct opts *, struct store *, struct err *) GPM_NODISCARD;

/* import_diff: where tables differ from the run: chunk, row and columns; changes nothing. */
int import_diff(const struct opts *, struct store *, struct err *) GPM_NODISCARD;

/* import_report: the verdict of --verify, and all around it, as text, JSON or an HTML page. */
int import_report(const struct opts *, struct store *, struct err *) GPM_NODISCARD;

/* import_plan: what load would do for the rows, as a script for psql on stdout; no connection. */
int import_plan(const struct opts *, struct store *, struct err *) GPM_NODISCARD;

/* import_cat: rows of one table on stdout, in the run's dialect; no byte of a chunk before all of it was compared. */
int import_cat(const struct opts *, struct store *, struct err *) GPM_NODISCARD;

/* import_serve: rows of one table at a URL for Greenplum's segments, until they were taken once or a signal comes. */
int import_serve(const struct opts *, struct store *, struct err *) GPM_NODISCARD;

/* import_preflight: what this destination lacks for the run; changes nothing. */
int import_preflight(const struct opts *, struct store *, struct err *) GPM_NODISCARD;

#endif
