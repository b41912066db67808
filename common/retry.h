/* retry.h -- how long to wait for another try (trouble.h says whether).  Nothing here sleeps, looks at a
 * clock or draws a random number. */
#ifndef GPM_RETRY_H
#define GPM_RETRY_H

struct retry_policy {
	uint64_t first_ms; /* longest wait after the first failure; doubled after each further one */
	uint64_t cap_ms;   /* no wait is longer, unless the server asks for it */
	uint64_t total_ms; /* nothing is begun after this much time */
	unsigned least;    /* so many failures are retried even then: a long transfer may use it all up */
};

extern const struct retry_policy retry_default; /* 0.5 s, 20 s, 5 min, 2 */

/* retry_delay(p, failures, elapsed, retry_after, random): milliseconds to wait after so many failures
 * (1, 2, …) in ELAPSED ms, or RETRY_STOP.  Full jitter: any time between 0 and the longest, by RANDOM;
 * at least RETRY_AFTER, the server's wish (0: none), unless that alone is more than the total. */
#define RETRY_STOP UINT64_MAX
uint64_t retry_delay(const struct retry_policy *, unsigned failures, uint64_t elapsed_ms,
    uint64_t retry_after_ms, uint64_t random);

/* retry_unknown_name(p): P for a host that no name server knows and that never was reached: its name is
 * mistyped, most of the time, and nobody should wait for long to hear it.  15 s at most. */
struct retry_policy retry_unknown_name(const struct retry_policy *);

#endif
