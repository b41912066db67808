/* tool.h -- what the main() of every tool does. */
#ifndef GPM_TOOL_H
#define GPM_TOOL_H

#include "opt.h"

struct err;

typedef int tool_fn(const struct opts *, struct err *);

/* tool_main(info, argc, argv, run): catch signals, read the options, RUN, print its error once.  Returns the
 * exit status. */
int tool_main(const struct opt_tool_info *, int argc, char **argv, tool_fn *run) GPM_NODISCARD;

#endif
