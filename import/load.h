/* load.h -- a run into the destination, exactly once, and the verdict: what load and watch do. */
#ifndef GPM_LOAD_H
#define GPM_LOAD_H

#include "find.h"

struct err;
struct opts;

/* load_opened(opts, run, e): what is not there yet of RUN, and the verdict by --verify, which is noted in the ledger when it is good.
 * ERR_LOCKED while another import works on the database. */
int load_opened(const struct opts *, struct run *, struct err *) GPM_NODISCARD;

#endif
