/* catalog.h -- what the source holds: tables, sequences, materialized views, and what is passed over.
 * For PostgreSQL from 9.0 on; other generations of Greenplum's catalog get files of their own. */
#ifndef GPM_CATALOG_H
#define GPM_CATALOG_H

#include "db.h"
#include "record.h"

struct err;

/* In all of these, CONDITION is what selection_condition gave: "" for everything.
 * The functions are called once a relation and take REC's content. */
typedef int catalog_table_fn(void *ctx, struct rec_table *rec, struct err *);
typedef int catalog_sequence_fn(void *ctx, struct rec_sequence *, struct err *);
typedef int catalog_matview_fn(void *ctx, struct rec_matview *, struct err *);
typedef int catalog_skipped_fn(void *ctx, struct rec_skipped *, struct err *);

/* catalog_tables(db, condition, encoding, locked, fn, ctx, e): every table that holds rows of its own: ordinary tables,
 * leaf partitions, configuration tables of extensions; ordered by name.  ENCODING goes into the
 * records.  Sizes are only asked for when the tables are LOCKED by this session: the server would
 * wait for everybody else's locks.  A table that the user may not read is an error that names it. */
int catalog_tables(struct db *, const char *condition, const char *encoding, bool locked, catalog_table_fn *, void *ctx, struct err *) GPM_NODISCARD;

/* catalog_sequences: with their values; those of extensions only where configuration. */
int catalog_sequences(struct db *, const char *condition, catalog_sequence_fn *, void *ctx, struct err *) GPM_NODISCARD;
int catalog_matviews(struct db *, const char *condition, catalog_matview_fn *, void *ctx, struct err *) GPM_NODISCARD;

#define LEDGER_SCHEMA "gpm" /* gpm-import's own at a destination; it is never carried on */

/* catalog_skipped: foreign tables, whose rows are elsewhere, and tables in LEDGER_SCHEMA. */
int catalog_skipped(struct db *, const char *condition, catalog_skipped_fn *, void *ctx, struct err *) GPM_NODISCARD;

/* catalog_large_objects(db, n, e): how many there are; they are not carried. */
int catalog_large_objects(struct db *, uint64_t *n, struct err *) GPM_NODISCARD;

#endif
