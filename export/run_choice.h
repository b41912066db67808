/* run_choice.h -- which run an export works on: an unfinished one goes on, else a new one starts. */
#ifndef GPM_RUN_CHOICE_H
#define GPM_RUN_CHOICE_H

#include "state.h"

struct err;
struct opts;

/* run_choose(opts, spool, out, e): the newest unfinished run of the same source, database and options
 * that shape bytes, or a new one (always with --new-run).  ERR_LOCKED when another process
 * works on that run. */
int run_choose(const struct opts *, struct spool *, struct state **out, struct err *) GPM_NODISCARD;

#endif
