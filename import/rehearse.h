/* rehearse.h -- a database for a rehearsal: made, used once, dropped. */
#ifndef GPM_REHEARSE_H
#define GPM_REHEARSE_H

#include "db.h"

struct err;
struct opts;
struct rehearsal;

/* rehearsal_start(opts, out, e): a new database on the server of OPTS, like the one that they name.  Those that a killed rehearsal of the same
 * user left behind are dropped before. */
int rehearsal_start(const struct opts *, struct rehearsal **out, struct err *) GPM_NODISCARD;

/* rehearsal_opts(r): the options of rehearsal_start, for the new database; valid until rehearsal_end. */
const struct opts *rehearsal_opts(const struct rehearsal *);
struct db *rehearsal_db(struct rehearsal *); /* a session beside it */

/* rehearsal_end(r, e): drop it; also after a signal.  The caller's sessions in it are closed.  NULL is fine. */
int rehearsal_end(struct rehearsal *, struct err *) GPM_NODISCARD;

#endif
