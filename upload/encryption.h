/* encryption.h -- whether a run's objects are encrypted, and by which master key: pinned when its push begins. */
#ifndef GPM_ENCRYPTION_H
#define GPM_ENCRYPTION_H

#include "context.h"

struct err;

/* encryption_describe(p, push): the fields encryption and key_id of an empty PUSH. */
void encryption_describe(const struct push *, struct rec_push *push);

/* encryption_check_pinned(p, e): the run goes on as it began: by the master key that its journal names, or without one.
 * Anything else is ERR_FAILED. */
int encryption_check_pinned(struct push *, struct err *) GPM_NODISCARD;

/* encryption_check_run(p, e): a run with aggregates is not encrypted: its manifests, which are not, would tell bounds and sums of
 * every column.  ERR_FAILED. */
int encryption_check_run(struct push *, struct err *) GPM_NODISCARD;

#endif
