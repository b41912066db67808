/* run_choice.h -- which run an export works on: an unfinished one goes on, else a new one starts. */
#ifndef GPM_RUN_CHOICE_H
#define GPM_RUN_CHOICE_H

#include "state.h"

struct err;
struct opts;

/* run_choose(opts, group, spool, out, e): the newest unfinished run of the same source, database, GROUP (or NULL) and options
 * that shape bytes, or a new one (always with --new-run).  ERR_LOCKED when another process
 * works on that run. */
int run_choose(const struct opts *, const char *group, struct spool *, struct state **out, struct err *) GPM_NODISCARD;

/* run_shape(opts, out, e): the part of a run record that options say: sizes and selection; ERR_USAGE for sizes that do not do.
 * run_same_shape(a, b): is it the same, and the digest? */
int run_shape(const struct opts *, struct rec_run *out, struct err *) GPM_NODISCARD;
bool run_same_shape(const struct rec_run *a, const struct rec_run *b);

#endif
