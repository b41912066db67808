/* oss_sql.h -- the statements by which AnalyticDB for PostgreSQL reads the folder of a batch in OSS: as its documentation
 * has them, without a server to try them on.
 *
 * No secret is in them: a foreign server's user mapping has it, or variables of psql (OSS_SQL_ID, OSS_SQL_KEY).
 * Texts are appended, without a ';'. */
#ifndef GPM_OSS_SQL_H
#define GPM_OSS_SQL_H

#include "place.h"
#include "record.h"

#define OSS_SQL_ID "gpm_oss_id"   /* psql's variables */
#define OSS_SQL_KEY "gpm_oss_key"

/* oss_sql_table: a query whose value is the statement that makes the foreign table gpm.NAME over FOLDER, by wrapper
 * oss_fdw and foreign SERVER, with T's columns of the types that they have here. */
void oss_sql_table(struct buf *, const char *name, const struct rec_table *, const char *server, const char *bucket,
    const char *folder, const char *encoding);
void oss_sql_insert(struct buf *, const char *name, const struct rec_table *, const char *overriding);
void oss_sql_drop(struct buf *, const char *name);

/* oss_sql_objects: a query whose value is a query for how many objects gpm.NAME reads; AnalyticDB's function for that
 * may be in any schema. */
void oss_sql_objects(struct buf *, const char *name);

/* oss_sql_external: a query whose value is the statement that makes the older temporary external table, of protocol oss. */
void oss_sql_external(struct buf *, const char *name, const struct rec_table *, const struct place *, const char *folder,
    const char *encoding);

/* oss_sql_copy: COPY of the objects that the manifest in URL names. */
void oss_sql_copy(struct buf *, const struct rec_table *, const char *url, const char *endpoint, const char *encoding);

#endif
