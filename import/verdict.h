/* verdict.h -- is every row there?  Rows out of the source = rows in the manifest = rows here; and, when
 * asked for, the same rows: the digest of the destination's own COPY output against the manifest's. */
#ifndef GPM_VERDICT_H
#define GPM_VERDICT_H

#include "db.h"
#include "entered.h"
#include "find.h"
#include "report.h"

struct err;
struct opts;

/* verdict_check_level(opts, e): is --verify one of count, aggregates, content? */
int verdict_check_level(const struct opts *, struct err *) GPM_NODISCARD;

/* verdict_check_run(opts, run, e): can RUN be proven by --verify?  ERR_USAGE when it holds no aggregates. */
int verdict_check_run(const struct opts *, const struct run *, struct err *) GPM_NODISCARD;

/* What was found of one table. */
struct verdict_line {
	const char *schema, *name;
	uint64_t rows;                  /* the source's */
	const char *state;              /* "verified by content", "NOT LOADED", … */
	bool good;
	bool unchecked;                 /* the database read the objects itself, and only the number of rows was compared */
	const char *trouble;            /* what is wrong; NULL: nothing, or it was told before */
	const struct rec_manifest *line; /* NULL: the table was not taken out */
	const struct rec_done *done;    /* NULL: its manifest was not read */
};

/* Gets the tables, one at a time, in no order, and keeps nothing of a line. */
typedef void verdict_tell_fn(void *ctx, const struct verdict_line *);

/* verdict(opts, run, entered, report, also, ctx, e): every table by --verify, --jobs at a time; ENTERED is what this load learned
 * of the tables that it did not report as failed, NULL when nothing was loaded now; a line a table on stdout, and to ALSO (NULL: nobody), then whether
 * the run is verified: 0 only when all tables are, no table failed at the source and nothing was reported on the way. */
int verdict(const struct opts *, struct run *, const struct entered *, struct report *, verdict_tell_fn *also, void *ctx, struct err *) GPM_NODISCARD;

/* verdict_told(opts, run, report, tell, ctx, e): the same, told to TELL alone. */
int verdict_told(const struct opts *, struct run *, struct report *, verdict_tell_fn *, void *ctx, struct err *) GPM_NODISCARD;

/* verdict_note(opts, run, db, e): that a load ended with a good one, by --verify, in the ledger.  verdict_is_noted: 1 when one
 * did, by --verify or by more; 0, -1. */
int verdict_note(const struct opts *, const struct run *, struct db *, struct err *) GPM_NODISCARD;
int verdict_is_noted(const struct opts *, const struct run *, struct db *, struct err *) GPM_NODISCARD;

#endif
