/* gp_table.h -- a writable external table through which Greenplum's segments send the rows of a table.
 *
 * It lives in the worker's transaction, which is rolled back at the end. */
#ifndef GPM_GP_TABLE_H
#define GPM_GP_TABLE_H

#include "db.h"
#include "record.h"

struct err;

/* gp_table_create(db, t, urls, n, e): with the columns and the distribution of T: with the source's own key no segment sends
 * rows to another one first.  A replicated table has no key; its rows leave once.  The error does not
 * tell the URLs, which may hold a secret. */
int gp_table_create(struct db *, const struct rec_table *t, const char *const *urls, size_t n, struct err *) GPM_NODISCARD;

/* gp_table_insert(db, t, sent, e): all rows of T on their way; *SENT as many as the server says.  What
 * the other end refuses is ERR_DATABASE, one that is not reached ERR_TEMPORARY. */
int gp_table_insert(struct db *, const struct rec_table *t, uint64_t *sent, struct err *) GPM_NODISCARD;

/* gp_table_reach(db, urls, n, e): some rows of every segment to URLS, in a transaction of its own that is rolled back: do they get
 * through at all?  Fails after a short while; where the segments see nobody, they would otherwise try for hours.
 * ERR_FAILED when they do not; any other code is of other trouble. */
int gp_table_reach(struct db *, const char *const *urls, size_t n, struct err *) GPM_NODISCARD;

#endif
