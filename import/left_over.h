/* left_over.h -- tables that earlier runs of the same database loaded, that are here, and that a run does not have. */
#ifndef GPM_LEFT_OVER_H
#define GPM_LEFT_OVER_H

#include "db.h"
#include "find.h"
#include "keyset.h"
#include "report.h"

struct err;

struct left_over {
	const char *schema, *name;
	const char *run;       /* the last one that came to it */
	const char *root;      /* what it is a partition of here; NULL: of nothing */
};

/* left_over_each(db, run, names, fn, ctx, e): those that are not among NAMES (run_names.h), by name, until FN fails.  None without a ledger. */
typedef int left_over_fn(void *ctx, const struct left_over *, struct err *);
int left_over_each(struct db *, const struct run *, const struct keyset *names, left_over_fn *, void *ctx, struct err *) GPM_NODISCARD;

/* left_over_is_told(run): the run has its whole database, so that what it does not have is gone at the source. */
bool left_over_is_told(const struct run *);

/* left_over_judge(db, run, report, e): one that is a partition here and holds rows is a trouble: they are seen in its root, and at the source they
 * are not. */
int left_over_judge(struct db *, struct run *, struct report *, struct err *) GPM_NODISCARD;

#endif
