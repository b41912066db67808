/* through.h -- partitions that the destination does not have: their rows go through the root. */
#ifndef GPM_THROUGH_H
#define GPM_THROUGH_H

#include "db.h"
#include "find.h"

struct err;
struct opts;

/* through_root(opts, db, run, t, e): 1 when the destination has the root of T, which is a partition, and not T itself, or with --through-root, unless
 * RUN has loaded rows into T itself: T's table
 * record has the root's name from now on, and is a tree; 0 otherwise; -1. */
int through_root(const struct opts *, struct db *, const char *run, struct run_table *, struct err *) GPM_NODISCARD;

#endif
