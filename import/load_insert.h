/* load_insert.h -- what the methods that INSERT … SELECT from a foreign or external table do alike. */
#ifndef GPM_LOAD_INSERT_H
#define GPM_LOAD_INSERT_H

#include "method.h"

/* insert_refuse_rules(db, t, e): ERR_DATABASE when rules would act on the rows; COPY passes over them, INSERT does not. */
int insert_refuse_rules(struct db *, const struct rec_table *, struct err *) GPM_NODISCARD;

/* insert_refuse_settings(db, t, e): for methods whose rows are read by Greenplum's segments: ERR_DATABASE when a setting of
 * this user or database would make something else of T's rows there (insert_sql_settings). */
int insert_refuse_settings(struct db *, const struct rec_table *, struct err *) GPM_NODISCARD;

/* insert_consecutive(chunks, n): how many of them, from the first on, follow one another: chunks that were loaded before
 * leave gaps.  N is at least 1. */
size_t insert_consecutive(const struct rec_chunk *const *chunks, size_t n);

/* insert_run(db, build, name, e): run what one of the builders of SQL writes. */
int insert_run(struct db *, void (*build)(struct buf *, const char *), const char *name, struct err *) GPM_NODISCARD;

/* insert_made_by(db, query, e): run the statement that is QUERY's value. */
int insert_made_by(struct db *, const char *query, struct err *) GPM_NODISCARD;

/* insert_counted(l, method, t, sql, chunks, n, e): run the INSERT of these chunks' rows, compare its count, and write
 * their lines in the ledger.  When the INSERT itself fails the SQLSTATE says so (db_sqlstate); METHOD is named when
 * the count is another (ERR_DIFFERS). */
int insert_counted(struct loader *, const char *method, const struct rec_table *, const char *sql,
    const struct rec_chunk *const *chunks, size_t n, struct err *) GPM_NODISCARD;

/* insert_explain(l, t, chunks, n, hint, e): E says that the server could not read these chunks; when one of them differs
 * from its manifest, that becomes the error, else HINT is added.  Reads all of them.  Returns -1. */
int insert_explain(struct loader *, const struct rec_table *, const struct rec_chunk *const *chunks, size_t n,
    const char *hint, struct err *);

#endif
