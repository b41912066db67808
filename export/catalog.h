/* catalog.h -- what the source holds: tables, sequences, materialized views, and what is passed over.
 * A server's catalog is of one of several generations (catalog_sql.h), told by what it has, not by its version. */
#ifndef GPM_CATALOG_H
#define GPM_CATALOG_H

#include "db.h"
#include "record.h"

struct err;

struct catalog;

/* catalog_new(db, out, e): the generation of DB's server: PostgreSQL from 9.0 on, Greenplum 4.3 to 6, or Greenplum 7
 * and its kin.  Serves every session to that server; changes nothing. */
int catalog_new(struct db *, struct catalog **out, struct err *) GPM_NODISCARD;
void catalog_free(struct catalog *); /* NULL is fine */

/* catalog_family(version()): "PostgreSQL", "Greenplum", "WarehousePG", "Cloudberry" or "AnalyticDB", as it calls itself. */
const char *catalog_family(const char *says);
bool catalog_is_greenplum(const struct catalog *); /* has segments, whatever it is called */

/* Which of the catalogs it is. */
enum catalog_generation {
	CATALOG_POSTGRESQL = 1, CATALOG_GREENPLUM4 = 2, CATALOG_GREENPLUM5 = 4, CATALOG_GREENPLUM6 = 8,
	CATALOG_GREENPLUM7 = 16, /* and its kin */
};
enum catalog_generation catalog_generation(const struct catalog *);
const char *catalog_name(const struct catalog *); /* "Greenplum 6" */

/* What a table can be read in, a part at a time, at no more cost than as a whole. */
enum catalog_parts {
	CATALOG_WHOLE,    /* nothing */
	CATALOG_PAGES,    /* ranges of the pages of a heap (ctid) */
	CATALOG_SEGMENTS, /* gp_segment_id */
};
enum catalog_parts catalog_parts(const struct catalog *);

/* catalog_nparts(c, db, oid, n, e): how many of them table OID has; 0 for none. */
int catalog_nparts(const struct catalog *, struct db *, uint64_t oid, uint64_t *n, struct err *) GPM_NODISCARD;

/* catalog_filenode(c, db, oid, node, e): what is another number once OID was truncated or rewritten, as of now and
 * of no snapshot. */
int catalog_filenode(const struct catalog *, struct db *, uint64_t oid, uint64_t *node, struct err *) GPM_NODISCARD;

/* catalog_changes(c, db, condition, fn, ctx, e): a text for each append-optimized table of Greenplum that is another one once its rows, or what they look like, may
 * have changed: file, modification count (of every INSERT, UPDATE, DELETE and COPY) and time of the last DDL, in DB's snapshot.  Not for
 * tables with types whose text can change without the table (enums, composites, regclass, …), nor where the user may not read the counts. */
typedef int catalog_change_fn(void *ctx, const char *schema, const char *name, const char *change, struct err *);
int catalog_changes(const struct catalog *, struct db *, const char *condition, catalog_change_fn *, void *ctx, struct err *) GPM_NODISCARD;

/* catalog_is_child(c): SQL: relation l (pg_class) is a partition of its parent in pg_inherits. */
const char *catalog_is_child(const struct catalog *);

/* In all of these, CONDITION is what selection_condition gave: "" for everything.
 * The functions are called once a relation and take REC's content. */
typedef int catalog_table_fn(void *ctx, struct rec_table *rec, struct err *);
typedef int catalog_sequence_fn(void *ctx, struct rec_sequence *, struct err *);
typedef int catalog_matview_fn(void *ctx, struct rec_matview *, struct err *);
typedef int catalog_skipped_fn(void *ctx, struct rec_skipped *, struct err *);

/* catalog_tables(c, db, condition, encoding, locked, fn, ctx, e): every table that holds rows of its own: ordinary tables,
 * leaf partitions, configuration tables of extensions; ordered by name.  ENCODING goes into the
 * records.  Sizes are only asked for when the tables are LOCKED by this session: the server would
 * wait for everybody else's locks; else they are estimates. */
int catalog_tables(const struct catalog *, struct db *, const char *condition, const char *encoding, bool locked, catalog_table_fn *, void *ctx, struct err *) GPM_NODISCARD;

/* catalog_sequences: with their values; those of extensions only where configuration. */
int catalog_sequences(const struct catalog *, struct db *, const char *condition, catalog_sequence_fn *, void *ctx, struct err *) GPM_NODISCARD;
int catalog_matviews(const struct catalog *, struct db *, const char *condition, catalog_matview_fn *, void *ctx, struct err *) GPM_NODISCARD;

#define LEDGER_SCHEMA "gpm" /* gpm-import's own at a destination; it is never carried on */

/* catalog_skipped: foreign and external tables, whose rows are elsewhere, and tables in LEDGER_SCHEMA. */
int catalog_skipped(const struct catalog *, struct db *, const char *condition, catalog_skipped_fn *, void *ctx, struct err *) GPM_NODISCARD;

/* catalog_large_objects(db, n, e): how many there are; they are not carried. */
int catalog_large_objects(struct db *, uint64_t *n, struct err *) GPM_NODISCARD;

#endif
