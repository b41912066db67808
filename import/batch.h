/* batch.h -- schema statements done together, in one transaction; when one of them fails, one by one.
 *
 * A transaction for each costs more than what most of them do.  After a failure fewer are tried together, and more again
 * as they succeed. */
#ifndef GPM_BATCH_H
#define GPM_BATCH_H

#include "sqlsplit.h"

struct batch;
struct err;

/* Does all of N statements, in their order, or none: 1; 0 to have them done one by one; -1 ends it. */
typedef int batch_together_fn(void *ctx, const struct sql_statement *, size_t n, struct err *);

/* Does one statement: 0, -1. */
typedef int batch_alone_fn(void *ctx, const struct sql_statement *, struct err *);

struct batch *batch_new(batch_together_fn *, batch_alone_fn *, void *ctx) GPM_NODISCARD;
void batch_free(struct batch *); /* NULL is fine */

/* batch_add(b, s, e): keep a copy of S; those that wait are done when they are enough.
 * batch_run(b, e): those that wait are done when it returns 0. */
int batch_add(struct batch *, const struct sql_statement *, struct err *) GPM_NODISCARD;
int batch_run(struct batch *, struct err *) GPM_NODISCARD;

#endif
