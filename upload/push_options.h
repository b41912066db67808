/* push_options.h -- what the options say of how runs are stored, and what was said when a run's push began. */
#ifndef GPM_PUSH_OPTIONS_H
#define GPM_PUSH_OPTIONS_H

#include "context.h"

struct err;
struct opts;

/* push_options_check(opts, p, e): do they go together?  Those that hold for all runs are set in P. */
int push_options_check(const struct opts *, struct push *, struct err *) GPM_NODISCARD;

/* push_options_pin(p, opts, e): how the run under way is stored was said when its push began: it is read, with a warning where something else is
 * said now; or noted, at the first start. */
int push_options_pin(struct push *, const struct opts *, struct err *) GPM_NODISCARD;

#endif
