/* external_sql.h -- the statements that read chunks through an external table of Greenplum, for those who run and who
 * print them.
 *
 * The table is a temporary one: it needs no right on a schema, and no other session meets its NAME.  Texts are
 * appended, without a ';'. */
#ifndef GPM_EXTERNAL_SQL_H
#define GPM_EXTERNAL_SQL_H

#include "buf.h"
#include "record.h"

/* What the rows come from: a command for the shell of each segment, or locations. */
struct external {
	const char *command;     /* or NULL, and */
	const char *const *urls;
	size_t nurls;
};

/* external_sql_table: a query whose value is the statement that makes the readable external table, with T's columns of
 * the types that they have here, in the run's dialect and ENCODING.  Without a reject limit: a row that does not fit is
 * an error. */
void external_sql_table(struct buf *, const char *name, const struct rec_table *, const struct external *, const char *encoding);

/* external_sql_insert: all its rows into T's table; OVERRIDING as in insert_sql.h. */
void external_sql_insert(struct buf *, const char *name, const struct rec_table *, const char *overriding);

void external_sql_drop(struct buf *, const char *name);

#endif
