/* db_wait.h -- statements that may take hours: a signal, or stop_thread, cancels them on the server. */
#ifndef GPM_DB_WAIT_H
#define GPM_DB_WAIT_H

#include "db.h"

/* db_result(db): PQgetResult for a statement that was sent. */
PGresult *db_result(struct db *) GPM_NODISCARD;

/* db_run(db, sql, rows, e): exactly one statement, no COPY; ERR_STOPPED when it was cancelled.  *ROWS, unless NULL: how many
 * rows it touched ("INSERT 0 7"). */
int db_run(struct db *, const char *sql, uint64_t *rows, struct err *) GPM_NODISCARD;

#endif
