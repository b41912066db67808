/* portion.h -- an amount (bytes, places) that threads take parts of, in the order in which they came.
 *
 * First come, first served also where the first wants much and the next ones little: nobody starves.
 * The mutex is the caller's, held at every call; portion_take lets go of it while it waits. */
#ifndef GPM_PORTION_H
#define GPM_PORTION_H

#include <pthread.h>

struct portion_waiter;

struct portion {
	uint64_t free;
	struct portion_waiter *first, *last;
};

enum portion_answer { PORTION_TAKEN, PORTION_TOO_LATE, PORTION_CANCELLED };

/* portion_init(s, amount): nothing has to be released, nobody may wait when S goes away. */
void portion_init(struct portion *, uint64_t amount);

/* portion_take(s, mutex, n, owner, until): N of it, at most the whole amount, waiting at most until UNTIL
 * (CLOCK_MONOTONIC).  OWNER is what portion_cancel knows the caller by. */
enum portion_answer portion_take(struct portion *, pthread_mutex_t *, uint64_t n, const void *owner,
    const struct timespec *until) GPM_NODISCARD;
void portion_give(struct portion *, uint64_t n);

/* portion_cancel(s, owner): whoever waits for OWNER waits no longer. */
void portion_cancel(struct portion *, const void *owner);

#endif
