/* limit.c -- a token bucket: bytes a second. */
#include "prelude.h"

#include "limit.h"

#define SECOND_NS 1000000000ull
#define PIECES_A_SECOND 32
#define PIECE_MIN 512

/* BYTES at RATE, without running over. */
static uint64_t
duration(uint64_t bytes, uint64_t rate)
{
	uint64_t seconds = bytes / rate, rest = bytes % rate;

	if (seconds > UINT64_MAX / 4 / SECOND_NS)
		return UINT64_MAX / 4;
	/* a rest is less than a second's worth; 2^54 ns are more than a year, in doubles exact to a few ns */
	return seconds * SECOND_NS + (rest <= UINT64_MAX / SECOND_NS ? rest * SECOND_NS / rate :
	    (uint64_t)((double)rest / (double)rate * (double)SECOND_NS));
}

void
limit_set(struct limit *l, uint64_t rate, uint64_t now)
{
	if (l->rate > 0 && rate > 0 && l->free_ns > now)
		l->free_ns = now + (uint64_t)((double)(l->free_ns - now) * (double)l->rate / (double)rate);
	else
		l->free_ns = now;
	l->rate = rate;
}

uint64_t
limit_take(struct limit *l, uint64_t bytes, uint64_t now)
{
	uint64_t begin;

	if (l->rate == 0)
		return 0;
	if (now > LIMIT_BURST_NS && l->free_ns < now - LIMIT_BURST_NS)
		l->free_ns = now - LIMIT_BURST_NS;
	begin = l->free_ns;
	l->free_ns += duration(bytes, l->rate);
	return begin > now ? begin - now : 0;
}

size_t
limit_piece(const struct limit *l, size_t want)
{
	uint64_t piece = l->rate / PIECES_A_SECOND;

	if (l->rate == 0)
		return want;
	if (piece < PIECE_MIN)
		piece = PIECE_MIN;
	return want < piece ? want : (size_t)piece;
}
