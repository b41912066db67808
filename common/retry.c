/* retry.c -- how long to wait for another try. */
#include "prelude.h"

#include "retry.h"

const struct retry_policy retry_default = { .first_ms = 500, .cap_ms = 20000, .total_ms = 300000, .least = 2 };

uint64_t
retry_delay(const struct retry_policy *p, unsigned failures, uint64_t elapsed_ms,
    uint64_t retry_after_ms, uint64_t random)
{
	uint64_t longest = p->first_ms, delay;

	for (unsigned i = 1; i < failures && longest < p->cap_ms; i++)
		longest *= 2;
	if (longest > p->cap_ms)
		longest = p->cap_ms;
	delay = random % (longest + 1);
	if (delay < retry_after_ms)
		delay = retry_after_ms;
	if (retry_after_ms > p->total_ms)
		return RETRY_STOP;
	if (failures > p->least && (elapsed_ms >= p->total_ms || delay > p->total_ms - elapsed_ms))
		return RETRY_STOP;
	return delay;
}

#define UNKNOWN_NAME_MS 15000

struct retry_policy
retry_unknown_name(const struct retry_policy *p)
{
	struct retry_policy shorter = *p;

	if (shorter.total_ms > UNKNOWN_NAME_MS)
		shorter.total_ms = UNKNOWN_NAME_MS;
	return shorter;
}
