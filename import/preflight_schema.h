/* preflight_schema.h -- what a destination lacks for the schema of a run. */
#ifndef GPM_PREFLIGHT_SCHEMA_H
#define GPM_PREFLIGHT_SCHEMA_H

#include "adapt.h"
#include "db.h"
#include "find.h"
#include "maps.h"

struct preflight;

/* preflight_schema(list, run, db, to, maps): the extensions, tablespaces and table access methods that its statements need, as they would
 * be run in a destination of kind TO.  Of them only SET is run, in DB. */
void preflight_schema(struct preflight *, struct run *, struct db *, enum adapt_to, const struct maps *);

#endif
