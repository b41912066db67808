/* allowance.c -- how long one start of gpm-push may work, and how much it may send. */
#include "prelude.h"

#include <pthread.h>

#include "clock.h"
#include "err.h"
#include "allowance.h"
#include "opt.h"
#include "parse.h"
#include "stop.h"

struct allowance {
	const char *what;         /* the option that says when the time is up */
	const char *given;        /* and its value */
	uint64_t deadline_ms;     /* clock_ms(); 0 never */
	uint64_t max_bytes;       /* 0: any number */
	pthread_mutex_t mutex;
	uint64_t taken;
	bool refused;
};

int
allowance_next(const char *text, time_t now, time_t *when, struct err *e)
{
	bool shape = strlen(text) == 5 && text[2] == ':' && strspn(text, "0123456789") == 2 && strspn(text + 3, "0123456789") == 2;
	int hour = shape ? (text[0] - '0') * 10 + text[1] - '0' : 24, minute = shape ? (text[3] - '0') * 10 + text[4] - '0' : 60;
	struct tm tm;

	if (hour > 23 || minute > 59)
		return err_set(e, ERR_USAGE, "--until: '%s' is no time of day (HH:MM)", text);
	for (int day = 0; day < 2; day++) {
		if (localtime_r(&now, &tm) == NULL)
			return err_set(e, ERR_SYSTEM, "the clock is out of range");
		tm.tm_mday += day;
		tm.tm_hour = hour;
		tm.tm_min = minute;
		tm.tm_sec = 0;
		tm.tm_isdst = -1;
		*when = mktime(&tm);
		if (*when > now)
			return 0;
	}
	return err_set(e, ERR_SYSTEM, "the clock is out of range");
}

static void
set_deadline(struct allowance *a, uint64_t ms, const char *what, const char *given)
{
	if (a->deadline_ms != 0 && a->deadline_ms <= ms)
		return;
	a->deadline_ms = ms;
	a->what = what;
	a->given = given;
}

int
allowance_new(const struct opts *opts, struct allowance **out, struct err *e)
{
	const char *until = opt_string(opts, OPT_ID_until);
	uint64_t duration = opt_u64(opts, OPT_ID_max_duration);
	struct allowance *a;
	time_t now = time(NULL), when = now;

	if (until != NULL && allowance_next(until, now, &when, e) < 0)
		return -1;
	a = mem_alloc(sizeof(*a));
	pthread_mutex_init(&a->mutex, NULL);
	a->max_bytes = opt_u64(opts, OPT_ID_max_bytes);
	if (duration > 0 && duration < UINT64_MAX / 2000)
		set_deadline(a, clock_ms() + duration * 1000, "--max-duration", opt_string(opts, OPT_ID_max_duration));
	if (until != NULL)
		set_deadline(a, clock_ms() + (uint64_t)(when - now) * 1000, "--until", until);
	*out = a;
	return 0;
}

void
allowance_free(struct allowance *a)
{
	if (a == NULL)
		return;
	pthread_mutex_destroy(&a->mutex);
	free(a);
}

static int
limit_reached(const char *what, const char *given, struct err *e)
{
	err_set(e, ERR_LIMIT, "stopped by %s %s", what, given);
	return err_hint(e, "the next start goes on");
}

int
allowance_begin(const struct allowance *a, struct err *e)
{
	if (stop_asked(e) < 0)
		return -1;
	if (a->deadline_ms != 0 && clock_ms() >= a->deadline_ms)
		return limit_reached(a->what, a->given, e);
	return 0;
}

int
allowance_take(struct allowance *a, uint64_t bytes, struct err *e)
{
	char limit[FORMAT_SIZE_LEN], size[FORMAT_SIZE_LEN];
	bool refused, first;

	if (a->max_bytes == 0)
		return 0;
	pthread_mutex_lock(&a->mutex);
	first = a->taken == 0;
	a->refused = refused = a->refused || bytes > a->max_bytes - a->taken;
	if (!refused)
		a->taken += bytes;
	pthread_mutex_unlock(&a->mutex);
	if (!refused)
		return 0;
	limit_reached("--max-bytes", format_size(a->max_bytes, limit), e);
	if (first)
		err_hint(e, "it has to be more than one object's size, which is %s here, or nothing can be stored", format_size(bytes, size));
	return -1;
}

uint64_t
allowance_deadline(const struct allowance *a)
{
	return a->deadline_ms;
}
