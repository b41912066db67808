/* aggregates.h -- counts, bounds and sums of a table's columns: taken at the source and, to compare,
 * at the destination.
 *
 * {"columns":[{"non_null":"41","min":"-3","max":"9","sum":"120","length":"77"}, …]} in the order of the
 * table record, every value as text, each only where it applies and is not NULL:
 *
 *   non_null   every column
 *   min, max   smallint, integer, bigint, numeric, date, time, timestamp (both with and without zone)
 *   sum        smallint, integer, bigint, numeric: exact
 *   length     text, character varying, character: characters; bytea: bytes.  Left out for the bytes of
 *              a SQL_ASCII source, whose characters no server counts alike
 *
 * A domain is measured as what it is made of.
 *
 * Numbers are written without zeros at the end of a fraction, because 1.50 and 1.5 are one number and
 * a server may show either as the smallest. */
#ifndef GPM_AGGREGATES_H
#define GPM_AGGREGATES_H

#include "db.h"
#include "record.h"

struct err;

/* aggregates_read(db, t, rows, out, e): one scan of T (its columns, its filter) in DB's session, whose
 * settings are pinned (a few scans for a table of several hundred columns: a server takes 1664
 * expressions at a time).  *ROWS is count(*).  *OUT is a new reference. */
int aggregates_read(struct db *, const struct rec_table *t, uint64_t *rows, json_t **out, struct err *) GPM_NODISCARD;

/* aggregates_compare(t, want, here, e): ERR_DIFFERS names the first column in which they differ, what differs,
 * and both values. */
int aggregates_compare(const struct rec_table *t, const json_t *want, const json_t *here, struct err *) GPM_NODISCARD;

#endif
