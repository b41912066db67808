/* builds.h -- statements that build indexes, several at a time.
 *
 * Of one table, indexes are built beside each other, as the server's locks allow it; a constraint waits
 * until nothing else is built on its table, and the rest of the table waits for it.  Statements of one table
 * begin in their order; larger tables come first, for they take longest.  What may wait until they are all
 * built comes after them, in its order. */
#ifndef GPM_BUILDS_H
#define GPM_BUILDS_H

#include "sqlsplit.h"

struct builds;
struct err;

/* Does one statement; LANE is 0 … n-1, one statement at a time in each.  0; 1 to have it done again ALONE, with
 * nothing else on its table meanwhile; -1 to end all of them. */
typedef int builds_fn(void *ctx, unsigned lane, const struct sql_statement *, bool alone, struct err *);

/* Bytes of a table as statements name it; 0 when it is not known. */
typedef uint64_t builds_size_fn(void *ctx, const char *table);

struct builds *builds_new(unsigned lanes, builds_fn *, builds_size_fn *, void *ctx) GPM_NODISCARD;
void builds_free(struct builds *); /* NULL is fine */

/* builds_add(b, s): keep a copy of S until builds_run, if it builds an index or may wait for those; else false. */
bool builds_add(struct builds *, const struct sql_statement *s);

/* builds_run(b, e): all that were added; returns when they are done. */
int builds_run(struct builds *, struct err *) GPM_NODISCARD;

#endif
