/* clock.h -- time that only goes forward, for what has to last so long or be over by then. */
#ifndef GPM_CLOCK_H
#define GPM_CLOCK_H

#include <pthread.h>

/* clock_s(), clock_ms(), clock_ns(): whole seconds, milli- or nanoseconds on the monotonic clock, whose zero means nothing. */
time_t clock_s(void);
uint64_t clock_ms(void);
uint64_t clock_ns(void);

/* clock_cond_init(c): a condition whose timed waits are on that clock. */
void clock_cond_init(pthread_cond_t *);

#endif
