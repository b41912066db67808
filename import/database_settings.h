/* database_settings.h -- what the source set for its database (ALTER DATABASE … SET), at the destination's. */
#ifndef GPM_DATABASE_SETTINGS_H
#define GPM_DATABASE_SETTINGS_H

#include "db.h"
#include "find.h"
#include "findings.h"

struct err;

/* database_settings_apply(db, run, findings, e): those that the database here has no value of its own for.  What the server refuses
 * is told.  To be done last: sessions that are opened later have them. */
int database_settings_apply(struct db *, struct run *, struct findings *, struct err *) GPM_NODISCARD;

#endif
