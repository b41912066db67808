/* run_names.h -- what of a destination is a run's own, by name: its tables and the roots of its partitions. */
#ifndef GPM_RUN_NAMES_H
#define GPM_RUN_NAMES_H

#include "db.h"
#include "find.h"
#include "keyset.h"

struct err;

/* run_names_read(run, db, out, e): the tables that RUN holds, or should hold (those that could not be taken out), and the roots through which rows of
 * it went; the caller frees by keyset_free. */
int run_names_read(struct run *, struct db *, struct keyset **out, struct err *) GPM_NODISCARD;

void run_names_add(struct keyset *, const char *schema, const char *name);
bool run_names_has(const struct keyset *, const char *schema, const char *name);

#endif
