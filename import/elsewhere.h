/* elsewhere.h -- statements about partitions that the destination does not have and does not need, for their rows go through the root
 * (through.h).  Which table is a partition is known when all of pre-data was seen, so that what fails waits until then. */
#ifndef GPM_ELSEWHERE_H
#define GPM_ELSEWHERE_H

#include "db.h"
#include "sqlsplit.h"

struct elsewhere;
struct err;

struct elsewhere *elsewhere_new(void) GPM_NODISCARD;
void elsewhere_free(struct elsewhere *); /* NULL is fine */

/* elsewhere_see(w, s): S, adapted, comes next. */
void elsewhere_see(struct elsewhere *, const struct sql_statement *);

/* elsewhere_is(w, db, s, e): S is about a partition that is not here, or an index on one, while a table above it is: 1, 0, -1.  From any
 * thread, while none sees. */
int elsewhere_is(const struct elsewhere *, struct db *, const struct sql_statement *, struct err *) GPM_NODISCARD;

/* elsewhere_wait(w, s, why): keep a copy of S, which failed because something is not here; false when it is about no table and no index.
 * elsewhere_each(w, fn, ctx, e): FN for each that waits, in their order, until one fails; none waits any more. */
typedef int elsewhere_fn(void *ctx, const struct sql_statement *, const struct err *why, struct err *);
bool elsewhere_wait(struct elsewhere *, const struct sql_statement *, const struct err *why) GPM_NODISCARD;
int elsewhere_each(struct elsewhere *, elsewhere_fn *, void *ctx, struct err *) GPM_NODISCARD;

#endif
