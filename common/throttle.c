/* throttle.c -- how fast bytes may go, for all threads together. */
#include "prelude.h"

#include <pthread.h>

#include "clock.h"
#include "err.h"
#include "limit.h"
#include "log.h"
#include "parse.h"
#include "stop.h"
#include "throttle.h"
#include "timetable.h"

#define SECOND_NS 1000000000ull
#define NAP_NS 100000000ull /* a sleeper looks for a signal this often */

struct throttle {
	pthread_mutex_t mutex;
	struct limit limit;
	struct timetable table;
	uint64_t looked_ns;      /* when the timetable was looked at */
	throttle_news_fn *news;
	void *ctx;
};

static void
set_rate(struct throttle *t, uint64_t now)
{
	time_t wall = time(NULL);
	char size[FORMAT_SIZE_LEN];
	struct tm local;
	uint64_t rate;

	if (localtime_r(&wall, &local) == NULL)
		return;
	rate = timetable_rate(&t->table, &local);
	if (rate == t->limit.rate)
		return;
	if (t->looked_ns != 0)
		log_info(rate > 0 ? "the rate is limited to %s/s now" : "the rate is not limited any more", format_size(rate, size));
	limit_set(&t->limit, rate, now);
}

/* A timetable that cannot be read changes nothing. */
static void
take_news(struct throttle *t)
{
	char *text = t->news != NULL ? t->news(t->ctx) : NULL;
	struct timetable table;
	struct err e;

	if (text == NULL)
		return;
	if (timetable_parse(text, &table, &e) == 0) {
		timetable_release(&t->table);
		t->table = table;
	} else {
		log_warning("the rate stays as it is: %s", e.text);
	}
	free(text);
}

/* The mutex is held. */
static void
look(struct throttle *t, uint64_t now)
{
	if (t->looked_ns != 0 && now - t->looked_ns < SECOND_NS)
		return;
	take_news(t);
	set_rate(t, now);
	t->looked_ns = now;
}

int
throttle_new(const char *text, throttle_news_fn *news, void *ctx, struct throttle **out, struct err *e)
{
	struct throttle *t = mem_alloc(sizeof(*t));

	if (timetable_parse(text, &t->table, e) < 0) {
		free(t);
		return -1;
	}
	pthread_mutex_init(&t->mutex, NULL);
	set_rate(t, clock_ns());
	t->news = news;
	t->ctx = ctx;
	*out = t;
	return 0;
}

void
throttle_free(struct throttle *t)
{
	if (t == NULL)
		return;
	pthread_mutex_destroy(&t->mutex);
	timetable_release(&t->table);
	free(t);
}

static int
sleep_ns(uint64_t ns, struct err *e)
{
	uint64_t end = clock_ns() + ns;

	for (uint64_t now; (now = clock_ns()) < end;) {
		uint64_t nap = end - now < NAP_NS ? end - now : NAP_NS;
		struct timespec t = { .tv_nsec = (long)nap };

		if (stop_check(e) < 0)
			return -1;
		nanosleep(&t, NULL);
	}
	return 0;
}

int
throttle_take(struct throttle *t, size_t want, size_t *granted, struct err *e)
{
	uint64_t now, wait;

	*granted = want;
	if (t == NULL)
		return 0;
	pthread_mutex_lock(&t->mutex);
	now = clock_ns();
	look(t, now);
	*granted = limit_piece(&t->limit, want);
	wait = limit_take(&t->limit, *granted, now);
	pthread_mutex_unlock(&t->mutex);
	return wait > 0 ? sleep_ns(wait, e) : 0;
}

bool
throttle_on(struct throttle *t)
{
	bool on;

	if (t == NULL)
		return false;
	pthread_mutex_lock(&t->mutex);
	on = t->limit.rate > 0;
	pthread_mutex_unlock(&t->mutex);
	return on;
}
