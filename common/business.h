/* business.h -- business checks: queries whose results are to be the same at the source and at the destination.
 *
 * A file of them is SQL, read line by line:
 *
 *     -- name: revenue by month
 *     -- tolerance: 0.01
 *     SELECT date_trunc('month', day), sum(total) FROM sales.orders GROUP BY 1 ORDER BY 1;
 *
 * "-- name:" begins a check, which goes to the next one; "-- tolerance:" is how far numbers may be from each other: a number, or
 * N% of the source's.  A query is one statement that gives rows, in an order that it says itself; names of tables are
 * written with their schema.  Results are text in the pinned settings (db_pin). */
#ifndef GPM_BUSINESS_H
#define GPM_BUSINESS_H

#include <jansson.h>

#include "db.h"

struct err;

struct business_query {
	char *name;
	char *tolerance;   /* "0.01", "1%"; NULL: none */
	char *sql;
	json_t *columns;   /* of the source's result: names; NULL in what business_parse gives */
	json_t *rows;      /* lists of texts and nulls */
};

struct business {
	struct business_query *at;
	size_t len;
};

#define BUSINESS_KEY "schema/checks.json" /* where a run keeps them, with their results */
#define BUSINESS_ROWS 10000               /* of one result at most */
#define BUSINESS_BYTES ((uint64_t)16 << 20) /* of its values */

/* business_read(path, out, e), business_parse(text, len, out, e): the queries of a file; ERR_USAGE says what is wrong in which line. */
int business_read(const char *path, struct business *out, struct err *) GPM_NODISCARD;
int business_parse(const char *text, size_t len, struct business *out, struct err *) GPM_NODISCARD;
void business_release(struct business *); /* fine on a zeroed struct */

/* business_find(b, name): NULL when there is none. */
const struct business_query *business_find(const struct business *, const char *name);

/* business_run(db, q, out, e): the rows of the query in DB's session; the caller PQclears *OUT.  A signal cancels it.  ERR_DATABASE when it is refused,
 * gives no rows, too many or too large ones, of which no more are read; after a COPY the session is of no use. */
int business_run(struct db *, const struct business_query *, PGresult **out, struct err *) GPM_NODISCARD;

/* business_take(q, res, e): RES is the source's result of Q. */
int business_take(struct business_query *, const PGresult *, struct err *) GPM_NODISCARD;

/* business_write(b, out, e): all with their results, as a run keeps them.  business_load(text, len, out, e): back; everything in it is looked at:
 * ERR_DIFFERS when it is no such file. */
int business_write(const struct business *, struct buf *out, struct err *) GPM_NODISCARD;
int business_load(const char *text, size_t len, struct business *out, struct err *) GPM_NODISCARD;

#endif
