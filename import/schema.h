/* schema.h -- the schema at the destination: roles, statements before and after the rows. */
#ifndef GPM_SCHEMA_H
#define GPM_SCHEMA_H

#include "db.h"
#include "find.h"
#include "report.h"

struct err;
struct opts;

/* schema_roles(db, run, report, e): owners and grantees that are missing are made, without password
 * or attributes; one that cannot be made is warned of. */
int schema_roles(struct db *, struct run *, struct err *) GPM_NODISCARD;

#define SCHEMA_LIMIT ((size_t)256 << 20) /* bytes of schema text that are held at once */

/* schema_fetch(run, section, out, e): the text of schema/<section>.sql, checked. */
int schema_fetch(struct run *, const char *section, struct buf *out, struct err *) GPM_NODISCARD;

/* schema_apply(opts, run, section, report, e): the statements of schema/<section>.sql, each in a transaction
 * with its line in gpm.steps, so that a restart goes on behind the last one.  A statement that
 * fails is reported and tried again at the next start; an owner that cannot be set is told only.
 * In a session of its own, because the text sets session settings. */
int schema_apply(const struct opts *, struct run *, const char *section, struct report *, struct err *) GPM_NODISCARD;

/* schema_sequences, schema_matviews, schema_analyze(db, run, report, e): after the rows; each a step. */
int schema_sequences(struct db *, struct run *, struct report *, struct err *) GPM_NODISCARD;
int schema_matviews(struct db *, struct run *, struct report *, struct err *) GPM_NODISCARD;
int schema_analyze(struct db *, struct run *, struct report *, struct err *) GPM_NODISCARD;

#endif
