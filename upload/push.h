/* push.h -- gpm-push: runs of the spool into the bucket. */
#ifndef GPM_PUSH_H
#define GPM_PUSH_H

struct err;
struct opts;

/* push_run(opts, e): every unsealed run of the spool (or --run): chunks first, manifests last.
 * ERR_TEMPORARY when a run's export is not complete: what there is was stored, the next start goes
 * on. */
int push_run(const struct opts *, struct err *) GPM_NODISCARD;

#endif
