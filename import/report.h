/* report.h -- what went wrong on the way, kept until the verdict. */
#ifndef GPM_REPORT_H
#define GPM_REPORT_H

#include "err.h"

struct report;

struct report *report_new(void) GPM_NODISCARD;
void report_free(struct report *); /* NULL is fine */

/* report_trouble(r, e, fmt, …): log E under the name FMT… and remember how bad it was.  From any
 * thread. */
void report_trouble(struct report *, const struct err *, const char *fmt, ...) GPM_PRINTF(3, 4);

/* report_count(r, e): the same, told elsewhere. */
void report_count(struct report *, const struct err *e);

/* report_table_failed(r, number, refused), report_table_has_failed: tables that cannot be verified.
 * REFUSED: by the database, which would refuse the rest of it too; report_table_refused asks for that. */
void report_table_failed(struct report *, uint64_t number, bool refused);
bool report_table_has_failed(struct report *, uint64_t number);
bool report_table_refused(struct report *, uint64_t number);
bool report_any_table_failed(struct report *);

/* report_result(r, what, e): 0 when nothing was reported, else -1: ERR_DIFFERS when anything
 * differed, ERR_PARTIAL for the rest, with the number of troubles in WHAT's sentence. */
int report_result(struct report *, const char *what, struct err *) GPM_NODISCARD;

#endif
