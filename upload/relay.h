/* relay.h -- gpm-push relay: runs from one store into another, as they are. */
#ifndef GPM_RELAY_H
#define GPM_RELAY_H

struct err;
struct opts;

/* relay_run(opts, e): every sealed run of --from (or --run) into --to: objects first, the root manifest last.  Of volumes, whose disks may come
 * one after the other, what is there; ERR_LIMIT when more disks are needed. */
int relay_run(const struct opts *, struct err *) GPM_NODISCARD;

#endif
