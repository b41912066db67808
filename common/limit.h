/* limit.h -- a token bucket: bytes a second, as a pure function of the time and of the bytes that were let through.
 * It looks at no clock, does not sleep and has no lock: throttle.h does. */
#ifndef GPM_LIMIT_H
#define GPM_LIMIT_H

struct limit {
	uint64_t rate;    /* bytes a second; 0: any number */
	uint64_t free_ns; /* when everything that was let through has had its time */
};

/* What nobody has taken is kept for so long: it makes up for sleeps that last longer than was asked. */
#define LIMIT_BURST_NS 250000000ull

/* limit_set(l, rate, now): from NOW (nanoseconds of any clock that only goes forward) on.  What was let through
 * before is paid for at the new rate.  The first time of a limit that is all 0 is its beginning. */
void limit_set(struct limit *, uint64_t rate, uint64_t now_ns);

/* limit_take(l, bytes, now): counts BYTES, and says how many nanoseconds they have to wait.  In any time T no more
 * go than rate * (T + LIMIT_BURST_NS), and one piece. */
uint64_t limit_take(struct limit *, uint64_t bytes, uint64_t now_ns);

/* limit_piece(l, want): how many bytes should be taken at once: so few that the flow is even and a signal or a new
 * rate is seen soon, so many that it costs nothing. */
size_t limit_piece(const struct limit *, size_t want);

#endif
