/* findings.h -- what became of the schema's statements: changed, passed over, failed. */
#ifndef GPM_FINDINGS_H
#define GPM_FINDINGS_H

#include "adapt.h"
#include "err.h"
#include "report.h"

struct findings;

/* findings_new(report, list): every failure counts in REPORT.  LIST: each finding is a line on stdout, what to do one more; else
 * failures and what is passed over go to the log as they come, and changes are summed up by findings_end. */
struct findings *findings_new(struct report *, bool list) GPM_NODISCARD;
void findings_free(struct findings *); /* NULL is fine */

/* findings_note(f, section, s, a): the notes of one statement. */
void findings_note(struct findings *, const char *section, const struct sql_statement *, const struct adapted *);

/* findings_failed(f, section, s, sqlstate, e): the database refused S.  From any thread. */
void findings_failed(struct findings *, const char *section, const struct sql_statement *, const char *sqlstate, const struct err *);

/* findings_there(f, section, s, e): what S makes is there already, and no earlier run made it by the same words.  Something that rows or other
 * things are in stays as it is, which is told only; else it is a failure, with what to do.  From any thread. */
void findings_there(struct findings *, const char *section, const struct sql_statement *, const struct err *);

/* findings_elsewhere(f, section, s): S is about a partition that is not here and not needed (elsewhere.h).  From any thread. */
void findings_elsewhere(struct findings *, const char *section, const struct sql_statement *);

/* findings_warn(f, section, s, fmt, …): done, but not as the source had it; S NULL: something that is no statement's.  From any thread. */
void findings_warn(struct findings *, const char *section, const struct sql_statement *, const char *fmt, ...) GPM_PRINTF(4, 5);

/* findings_end(f): the sums. */
void findings_end(struct findings *);

#endif
