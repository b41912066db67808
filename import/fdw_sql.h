/* fdw_sql.h -- the statements that read chunks through file_fdw, for those who run and who print them.
 *
 * NAME is that of the server and of the foreign table, which is in schema gpm; both live no longer than
 * their transaction.  Texts are appended, without a ';'. */
#ifndef GPM_FDW_SQL_H
#define GPM_FDW_SQL_H

#include "buf.h"
#include "record.h"

void fdw_sql_server(struct buf *, const char *name);

/* fdw_sql_table: a query whose value is the statement that makes the foreign table.  It has T's columns with the
 * types that they have here, whatever the manifest says of them; COMMAND is run by the server, and
 * what it writes is in ENCODING. */
void fdw_sql_table(struct buf *, const char *name, const struct rec_table *, const char *command, const char *encoding);

void fdw_sql_insert(struct buf *, const char *name, const struct rec_table *);
void fdw_sql_drop_table(struct buf *, const char *name);
void fdw_sql_drop_server(struct buf *, const char *name);

#endif
