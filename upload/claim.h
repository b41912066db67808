/* claim.h -- an object that says which spool pushes a run, so that another one, on another host, is told.
 *
 * It is made before the first object of a run and removed after its root manifest.  With --put-only and --write-once there
 * is none: there nothing may be read, or nothing removed, and nothing is replaced; nor of runs that several hosts push, nor on
 * volumes. */
#ifndef GPM_CLAIM_H
#define GPM_CLAIM_H

struct err;
struct push;

/* claim_take(p, e): the run under way is ours.  ERR_LOCKED, with the name of who has it, when it is another spool's; --take-over
 * takes it from him.  ERR_TEMPORARY when a run whose objects it may name is being removed.  Once it is taken nothing more is asked until the next run. */
int claim_take(struct push *, struct err *) GPM_NODISCARD;

/* claim_check(p, e): is it still?  ERR_LOCKED when it is another one's, or gone.  Asked before anything is removed for the seal and once more before the root
 * manifest: --take-over may have come, and where the store has no conditional puts two can have taken it in the same moment, and
 * then the later one has it.
 * claim_look(p, e): the same from any thread, twice a minute at most, while chunks are sent. */
int claim_check(struct push *, struct err *) GPM_NODISCARD;
int claim_look(struct push *, struct err *) GPM_NODISCARD;

/* A line of a claim: an earlier run whose objects the push may name. */
#define CLAIM_BASE "base "
#define CLAIM_MAX ((size_t)64 << 10) /* bytes of a claim */

/* claim_drop(p): the run is sealed.  What cannot be removed stays, and disturbs nobody. */
void claim_drop(struct push *);

#endif
