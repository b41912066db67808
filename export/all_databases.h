/* all_databases.h -- gpm-export --all-databases: a run for every database of the server, under one group. */
#ifndef GPM_ALL_DATABASES_H
#define GPM_ALL_DATABASES_H

struct err;
struct opts;

/* all_databases_run(opts, e): one database after the other, by name.  Those that are out already in the newest group of the same server and
 * options are kept, unless it is whole: then a new group begins.  -1 with the worst of what went wrong; the others are done. */
int all_databases_run(const struct opts *, struct err *) GPM_NODISCARD;

#endif
