/* business_check.h -- the results of a run's business checks (business.h) against what the same queries give here. */
#ifndef GPM_BUSINESS_CHECK_H
#define GPM_BUSINESS_CHECK_H

#include "find.h"
#include "report.h"

struct err;
struct opts;

/* One value that differs. */
struct business_cell {
	uint64_t row;          /* from 1 */
	const char *column;
	const char *source, *here; /* NULL: NULL; business_no_row: there is no such row */
};
extern const char business_no_row[];

/* What was found of one check. */
struct business_line {
	const char *name;
	const char *tolerance;  /* NULL: none */
	bool good;
	const char *trouble;    /* why it cannot be compared; NULL: it was */
	uint64_t rows;          /* of the source's result */
	uint64_t differing;     /* rows */
	const struct business_cell *cells; /* the first of them */
	size_t ncells;
};

/* Nothing of a line is kept. */
typedef void business_tell_fn(void *ctx, const struct business_line *);

/* business_wanted(opts): --business or --checks. */
bool business_wanted(const struct opts *);

/* business_look(opts, run, e): before hours of rows: is there all that business_check will need?  Nothing of it is kept. */
int business_look(const struct opts *, struct run *, struct err *) GPM_NODISCARD;

/* business_check(opts, run, report, tell, ctx, e): every check of RUN, in one snapshot of the destination that nothing can be written in; TELL gets the
 * lines.  One that differs, or cannot be compared, is a trouble in REPORT.  ERR_USAGE when the run holds no checks, or not one that
 * --checks names. */
int business_check(const struct opts *, struct run *, struct report *, business_tell_fn *, void *ctx, struct err *) GPM_NODISCARD;

/* business_print(ctx, line): business_tell_fn: on stdout, what differs as a table. */
void business_print(void *ctx, const struct business_line *);

#endif
