/* descent.h -- is a run newer than what was loaded here, and does it follow it? */
#ifndef GPM_DESCENT_H
#define GPM_DESCENT_H

#include "db.h"
#include "find.h"

struct err;
struct opts;

/* descent_check(opts, run, db, e): before anything of RUN is loaded; the ledger is there.  Notes the root manifest of RUN.
 * ERR_DIFFERS: RUN was begun here with another root manifest; it says that it follows a run of another root manifest than the
 * one that was loaded; a newer run of the same database was loaded here, and RUN was not named by --run.
 * That it does not descend from the newest one that was loaded is told. */
int descent_check(const struct opts *, struct run *, struct db *, struct err *) GPM_NODISCARD;

#endif
