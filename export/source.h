/* source.h -- who the source is: server, database, and the sessions that read it. */
#ifndef GPM_SOURCE_H
#define GPM_SOURCE_H

#include "db.h"
#include "record.h"

struct err;
struct opts;

/* source_connect(opts, run, role, out, e): a session with every setting pinned (db_pin), its
 * application_name "gpm-export <run> <role>"; RUN may be NULL before there is one. */
int source_connect(const struct opts *, const char *run, const char *role, struct db **out,
    struct err *) GPM_NODISCARD;

/* source_identify(db, out, e): fill the server's and database's part of a run record; strings are
 * the record's (record_free_fields). */
int source_identify(struct db *, struct rec_run *out, struct err *) GPM_NODISCARD;

/* source_encoding(database encoding): what the bytes of COPY are in: "UTF8", or "SQL_ASCII" for a
 * database of that encoding, whose bytes nobody can convert. */
const char *source_encoding(const char *database_encoding);

#endif
