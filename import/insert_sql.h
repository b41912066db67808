/* insert_sql.h -- what the methods that INSERT … SELECT from a foreign or external table have in common, for those
 * who run the statements and who print them.  Texts are appended, without a ';'. */
#ifndef GPM_INSERT_SQL_H
#define GPM_INSERT_SQL_H

#include "buf.h"
#include "record.h"

/* A query that writes a CREATE statement with T's columns, each with the type that it has at the destination, whatever
 * the manifest says of them:
 *	SELECT pg_catalog.format('CREATE … %I (%s) …', 'name', <insert_sql_columns>, …) <insert_sql_from> */
void insert_sql_columns(struct buf *);
void insert_sql_from(struct buf *, const struct rec_table *);

/* Identity columns are written unasked, as COPY does; PostgreSQL before 10 knows neither them nor the words.  For a
 * script, whose server is not known, there is a query of one column for psql's \gset. */
#define INSERT_SQL_OVERRIDING "OVERRIDING SYSTEM VALUE"
const char *insert_sql_overriding(int server_version_num); /* the words, or "" */
extern const char insert_sql_overriding_query[];

/* insert_sql_rows: INSERT INTO T's table, OVERRIDING (the words, "", or a variable of psql), all rows of schema.name. */
void insert_sql_rows(struct buf *, const struct rec_table *, const char *overriding, const char *schema, const char *name);

/* insert_sql_rules: "FROM … WHERE …", a row for each rule that would act on the INSERT, as it does not on COPY. */
void insert_sql_rules(struct buf *, const struct rec_table *);

/* insert_sql_settings: "FROM … WHERE …", a row (name, reset_val) for each setting of this user and database with which a
 * Greenplum's segments would take T's rows for something else.  What a session sets does not reach the processes that
 * segments start after it, but for what Greenplum hands on (DateStyle and the like); they begin with what the
 * database, the role or postgresql.conf says. */
void insert_sql_settings(struct buf *, const struct rec_table *);

#endif
