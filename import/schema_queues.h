/* schema_queues.h -- resource queues and groups of the source, at a destination that has such. */
#ifndef GPM_SCHEMA_QUEUES_H
#define GPM_SCHEMA_QUEUES_H

#include "adapt.h"
#include "db.h"
#include "find.h"
#include "findings.h"

struct err;
struct queues;

/* queues_open(db, run, to, make, findings, e): what schema/globals.sql says.  MAKE: queues and groups that are not there are made; those that are there are left
 * as they are.  Nothing at all for PostgreSQL, and for a run of it. */
int queues_open(struct db *, struct run *, enum adapt_to, bool make, struct findings *, struct queues **out, struct err *) GPM_NODISCARD;
void queues_free(struct queues *); /* NULL is fine */

/* queues_add_clause(q, db, role, b, e): " RESOURCE QUEUE …" behind CREATE ROLE for a role of the source, as far as it is there. */
int queues_add_clause(const struct queues *, struct db *, const char *role, struct buf *, struct err *) GPM_NODISCARD;

#endif
