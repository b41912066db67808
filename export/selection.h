/* selection.h -- which tables: -t -T -n -N with patterns as pg_dump has them.
 *
 * A pattern is psql's: '*' and '?' stand for any characters and any one, '.' parts schema and name, what is not in
 * double quotes is folded to lower case, other characters are as in regular expressions.  -t selects
 * whatever -n says; a name without a schema is looked for in the user's search_path.  A partitioned
 * table brings its partitions along, and takes them out with it. */
#ifndef GPM_SELECTION_H
#define GPM_SELECTION_H

#include <jansson.h>

#include "db.h"
#include "record.h"

struct catalog;
struct err;
struct opts;

/* selection_json(opts): what was asked for, for the run record; {} for everything.  New reference. */
json_t *selection_json(const struct opts *) GPM_NODISCARD;

/* selection_condition(catalog, db, opts, e): SQL that goes behind the WHERE of a query over pg_class c:
 * " AND c.oid IN (…)", or "" for everything.  A pattern that matches nothing is an error that names
 * it (ERR_NO_MATCH).  The caller frees; NULL on error. */
char *selection_condition(const struct catalog *, struct db *, const struct opts *, struct err *) GPM_NODISCARD;

/* selection_tables(catalog, db, pattern, e): the same for one pattern as of -t, without the AND: " IN (…)". */
char *selection_tables(const struct catalog *, struct db *, const char *pattern, struct err *) GPM_NODISCARD;

/* selection_dump_args(db, opts, condition, out, e): the same for pg_dump: its -t -T -n -N, and each partition that
 * comes along with its root. */
int selection_dump_args(struct db *, const struct opts *, const char *condition, struct strings *out,
    struct err *) GPM_NODISCARD;

/* selection_pattern(pattern, schema, name): the regular expressions of a pattern (mem_*, caller
 * frees); *SCHEMA is NULL when there is no dot outside quotes.  For tests. */
void selection_pattern(const char *pattern, char **schema, char **name);

#endif
