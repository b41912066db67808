/* lookback.h -- under --replace: a schema that earlier runs, or an earlier start, made here. What of it is still as the run has it, what has
 * to be made again, and what has to go first.
 *
 * Before the statements of a section are done all of them are looked at. A table that the run has otherwise goes, where that takes nothing from anybody
 * (anew.h); then what was made here before and is not here any more is forgotten, so that it is made again, with all that is said of it. */
#ifndef GPM_LOOKBACK_H
#define GPM_LOOKBACK_H

#include "adapt.h"
#include "db.h"
#include "find.h"
#include "findings.h"
#include "maps.h"

struct err;
struct lookback;
struct opts;

/* lookback_new(opts, run, to, maps, findings): all outlive it. */
struct lookback *lookback_new(const struct opts *, struct run *, enum adapt_to, const struct maps *, struct findings *) GPM_NODISCARD;
void lookback_free(struct lookback *); /* NULL is fine */

/* lookback_section(l, db, section, text, e): pre-data, then post-data, each before the first of its statements is done and before the steps of the
 * run are read. */
int lookback_section(struct lookback *, struct db *, const char *section, const struct buf *text, struct err *) GPM_NODISCARD;

/* lookback_stands(l, section, s): another run did S here word for word, and what it makes is here, or nobody looks for it. */
bool lookback_stands(const struct lookback *, const char *section, const struct sql_statement *);

/* lookback_over(l, s): a statement in the place of S, when it makes a function, and runs made one of that name that is here; NULL: S is as it
 * should be.  The caller frees. */
char *lookback_over(const struct lookback *, const struct sql_statement *) GPM_NODISCARD;

/* lookback_differs(l, schema, name): the table was here, the run has it otherwise, and it could not go. */
bool lookback_differs(const struct lookback *, const char *schema, const char *name);

#endif
