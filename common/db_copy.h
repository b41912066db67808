/* db_copy.h -- rows out of a table by COPY TO STDOUT, in the run's dialect. */
#ifndef GPM_DB_COPY_H
#define GPM_DB_COPY_H

#include "db.h"
#include "record.h"

struct err;

/* Called with pieces of about 256 kB, whole rows, ROWS of them. */
typedef int db_copy_fn(void *ctx, const char *data, size_t len, uint64_t rows, struct err *);

/* db_copy_out(db, t, fn, ctx, sent, e): the rows of T (its columns in their order, its filter) in DB's
 * session, whose settings are pinned.  *SENT is what the server says it sent.  When FN fails or a
 * signal came the statement is cancelled and the session can be used on. */
int db_copy_out(struct db *, const struct rec_table *t, db_copy_fn *, void *ctx, uint64_t *sent,
    struct err *) GPM_NODISCARD;

/* db_copy_select(db, t, sql, e): append "SELECT a, b FROM ONLY t WHERE …", the rows of T as above; without ONLY for a tree of them. */
int db_copy_select(struct db *, const struct rec_table *t, struct buf *sql, struct err *) GPM_NODISCARD;

/* db_copy_columns(db, t, sql, e): append " (a, b)" to SQL, nothing for a table without columns. */
int db_copy_columns(struct db *, const struct rec_table *t, struct buf *sql, struct err *) GPM_NODISCARD;

/* db_copy_start(db, sql, want, e): run a COPY statement, exactly one; WANT is PGRES_COPY_OUT or _IN.  A
 * signal cancels it. */
int db_copy_start(struct db *, const char *sql, ExecStatusType want, struct err *) GPM_NODISCARD;

/* The dialect as options of COPY, in the old spelling, which every server since 8.2 reads. */
#define DB_COPY_DIALECT " WITH DELIMITER ',' NULL '' CSV QUOTE '\"' ESCAPE '\"'"

#endif
