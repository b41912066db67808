/* bucket_runs.h -- the runs that a bucket holds: gpm-push list, remove, expire. */
#ifndef GPM_BUCKET_RUNS_H
#define GPM_BUCKET_RUNS_H

struct err;
struct opts;

/* list: a line a run, or --json.  ERR_DIFFERS at the end when a root manifest is not what was written. */
int bucket_list(const struct opts *, struct err *) GPM_NODISCARD;

/* remove --run ID: everything below its folder. */
int bucket_remove(const struct opts *, struct err *) GPM_NODISCARD;

/* expire --keep-runs N: of every database the sealed runs but the newest N; ends removals that were cut short. */
int bucket_expire(const struct opts *, struct err *) GPM_NODISCARD;

#endif
