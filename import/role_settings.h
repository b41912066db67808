/* role_settings.h -- what globals.sql says of roles, for those that were made here. */
#ifndef GPM_ROLE_SETTINGS_H
#define GPM_ROLE_SETTINGS_H

#include "adapt.h"
#include "db.h"
#include "find.h"
#include "findings.h"

struct err;

/* role_settings_apply(db, run, to, owners, made, findings, e): attributes, settings (of the role, and of the role in the run's database:
 * here in this one) and memberships of the roles MADE, by their names at the source, in DB's transaction.  Roles that were
 * there before are left as they are.  What would make somebody master of the server (SUPERUSER, CREATEROLE, REPLICATION, BYPASSRLS, membership in who has such or in the server's
 * own roles) is told and not given; passwords are in no run.  What the server refuses is told. */
int role_settings_apply(struct db *, struct run *, enum adapt_to, const struct adapt_map *owners, const struct strings *made,
    struct findings *, struct err *) GPM_NODISCARD;

#endif
