/* plan.h -- what the parts of gpm-import plan share: one script for psql, and how each method fills it. */
#ifndef GPM_PLAN_H
#define GPM_PLAN_H

#include "find.h"
#include "report.h"
#include "share.h"

struct err;
struct opts;

struct plan;

struct plan_method {
	const char *name; /* as --method has it */

	/* head(p, e): statements before the first table.  NULL: none. */
	int (*head)(struct plan *, struct err *);

	/* rows(p, s, encoding, e): the batch's rows, which are in ENCODING, into its table; its last statement is the one
	 * whose number of rows psql has.  ERR_FAILED when no script can carry the table, ERR_DIFFERS when
	 * what the database would read is not the batch. */
	int (*rows)(struct plan *, const struct share *, const char *encoding, struct err *);

	/* after(p, s): what ROWS made goes away, behind the comparison of the count.  NULL: nothing was. */
	void (*after)(struct plan *, const struct share *);
};

extern const struct plan_method plan_copy;     /* plan_copy.c */
extern const struct plan_method plan_file_fdw; /* plan_cat.c */
extern const struct plan_method plan_web;      /* plan_cat.c */
extern const struct plan_method plan_s3;       /* plan_bucket.c */
extern const struct plan_method plan_pxf;      /* plan_bucket.c */
extern const struct plan_method plan_oss_fdw, plan_oss_ext, plan_oss_copy; /* plan_oss.c */

struct plan {
	const struct opts *opts;
	struct run *run;
	const struct plan_method *method;
	struct report *report;   /* of tables that no script can carry */
	bool append;
	struct buf out;          /* what is not written to stdout yet */
};

/* plan_check(b, condition, text, shown, from): a statement that ends the script unless CONDITION holds: TEXT and what
 * SHOWN says are no number.  FROM is the rest of the query, or "". */
void plan_check(struct buf *, const char *condition, const char *text, const char *shown, const char *from);

/* plan_check_none: the same for a query that gives a row for each of what must not be there. */
void plan_check_none(struct buf *, const char *text, void (*from)(struct buf *, const struct rec_table *),
    const struct rec_table *);

/* plan_check_rules: no rule acts on the rows of an INSERT.  plan_check_insert: that, and no setting makes something else of
 * them on Greenplum's segments. */
void plan_check_rules(struct plan *, const struct rec_table *);
void plan_check_insert(struct plan *, const struct rec_table *);

/* plan_name(prefix, s): a name for what is made for this batch; the caller frees. */
char *plan_name(const char *prefix, const struct share *) GPM_NODISCARD;

/* The head of methods that INSERT into servers of unknown version, and what stands in those INSERTs. */
int plan_head_overriding(struct plan *, struct err *);
#define PLAN_OVERRIDING ":gpm_overriding"

/* plan_external_rows: an external table of that NAME, and all its rows into T's table.  plan_external_drop: it goes. */
struct external;
void plan_external_rows(struct plan *, const struct rec_table *, const char *name, const struct external *,
    const char *encoding);
void plan_external_drop(struct plan *, const char *prefix, const struct share *);

/* Where the database reads the folder of a batch itself: plan_compare_folder: it is as the manifest says, now, for psql cannot look.
 * plan_note_unchecked: what load notes as well (unchecked.h).  plan_head_unchecked: both, in words. */
int plan_compare_folder(struct plan *, const struct share *, struct err *) GPM_NODISCARD;
void plan_note_unchecked(struct plan *, const struct share *);
void plan_head_unchecked(struct plan *);

#endif
