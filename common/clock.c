/* clock.c -- time that only goes forward. */
#include "prelude.h"

#include "clock.h"

#define SECOND_NS UINT64_C(1000000000)

uint64_t
clock_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * SECOND_NS + (uint64_t)now.tv_nsec;
}

uint64_t
clock_ms(void)
{
	return clock_ns() / 1000000;
}

time_t
clock_s(void)
{
	return (time_t)(clock_ns() / SECOND_NS);
}

void
clock_cond_init(pthread_cond_t *c)
{
	pthread_condattr_t attr;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(c, &attr);
	pthread_condattr_destroy(&attr);
}
