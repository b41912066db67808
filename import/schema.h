/* schema.h -- the schema at the destination: roles, statements before and after the rows. */
#ifndef GPM_SCHEMA_H
#define GPM_SCHEMA_H

#include "db.h"
#include "find.h"
#include "findings.h"
#include "maps.h"

struct entered;
struct err;
struct schema;
struct opts;

/* schema_roles(db, run, to, owners, findings, e): owners and grantees that are missing are made, without password
 * but with the attributes, settings and memberships that they had (role_settings.h), under the names that they have here; one that cannot be made is warned of.  In Greenplum in the resource queues and groups
 * of the source, which are made when they are missing; what is there is left as it is. */
int schema_roles(struct db *, struct run *, enum adapt_to, const struct adapt_map *owners, struct findings *, struct err *) GPM_NODISCARD;

#define SCHEMA_LIMIT ((size_t)256 << 20) /* bytes of schema text that are held at once */

/* schema_fetch_file(run, name, out, e): the text of the run's file NAME ("schema/…", without what compression adds to it), checked.
 * schema_fetch(run, section, out, e): the text of schema/<section>.sql, checked. */
int schema_fetch_file(struct run *, const char *name, struct buf *out, struct err *) GPM_NODISCARD;
int schema_fetch(struct run *, const char *section, struct buf *out, struct err *) GPM_NODISCARD;

/* schema_each_global(run, take, ctx, e): TAKE for each statement of schema/globals.sql, in order, until one fails. */
typedef int schema_global(void *ctx, const struct sql_statement *, struct err *);
int schema_each_global(struct run *, schema_global *, void *ctx, struct err *) GPM_NODISCARD;

/* schema_new(opts, run, to, maps, findings): a run's schema on its way into a destination of kind TO. */
struct schema *schema_new(const struct opts *, struct run *, enum adapt_to, const struct maps *, struct findings *) GPM_NODISCARD;
void schema_free(struct schema *); /* NULL is fine */

/* schema_differs(s, schema, name): under --replace, once pre-data was applied: the table is here otherwise than the run has it.  S NULL: no. */
bool schema_differs(const struct schema *, const char *schema, const char *name);

/* schema_apply(s, section, e): the statements of schema/<section>.sql, adapted, each (or several, before the rows)
 * in a transaction with its line in gpm.steps, so that a restart goes on behind the last one.  A statement that
 * fails is a finding and tried again at the next start; an owner that cannot be set, a tablespace or a
 * table access method that is not here is told only.  Before post-data comes pre-data, or schema_see.
 * In sessions of its own, because the text sets session settings. */
int schema_apply(struct schema *, const char *section, struct err *) GPM_NODISCARD;

/* schema_see(s, section, e): what those statements say, for the ones that come after them; none is run. */
int schema_see(struct schema *, const char *section, struct err *) GPM_NODISCARD;

/* schema_is_place(sql): a SET that says where, or by which access method, tables and indexes are made.
 * schema_missing_place(db, sql): after DB refused such a one, what there is to tell of it: "tablespace … is not here: …"; NULL when it is the setting
 * that the server does not know.  Caller frees. */
bool schema_is_place(const char *sql);
char *schema_missing_place(struct db *, const char *sql) GPM_NODISCARD;

/* schema_print(adapter, run, section, wanted, report, e): the statements on stdout for psql, what was done to each in a comment
 * before it; unless they are WANTED they are only seen, as by schema_see.  One that psql would not only send to the server is reported and left out. */
int schema_print(struct adapter *, struct run *, const char *section, bool wanted, struct report *,
    struct err *) GPM_NODISCARD;

/* schema_sequences, schema_matviews(db, run, report, e), schema_analyze(opts, …), --jobs tables at a time: after the
 * rows; each a step. */
int schema_sequences(struct db *, struct run *, struct report *, struct err *) GPM_NODISCARD;
int schema_matviews(struct db *, struct run *, struct report *, struct err *) GPM_NODISCARD;
int schema_analyze(const struct opts *, struct db *, struct run *, const struct entered *, struct report *, struct err *) GPM_NODISCARD;

#endif
