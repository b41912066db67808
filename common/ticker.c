/* ticker.c -- a thread that does something from time to time. */
#include "prelude.h"

#include <errno.h>
#include <signal.h>

#include "clock.h"
#include "ticker.h"

#define PERIOD_MAX ((uint64_t)365 * 86400) /* keeps the sums of times small */

struct ticker {
	ticker_fn *fn;
	void *ctx;
	struct timespec due;
	pthread_t thread;
	pthread_mutex_t mutex; /* over what follows */
	pthread_cond_t wake;
	bool stop;
};

static uint64_t
bounded(uint64_t seconds)
{
	return seconds == 0 ? 1 : seconds < PERIOD_MAX ? seconds : PERIOD_MAX;
}

/* The mutex is not held over a call: a terminal stopped by ^S must not stop the work. */
static void *
run(void *arg)
{
	struct ticker *t = arg;

	pthread_mutex_lock(&t->mutex);
	while (!t->stop) {
		uint64_t next;

		if (pthread_cond_timedwait(&t->wake, &t->mutex, &t->due) != ETIMEDOUT)
			continue;
		pthread_mutex_unlock(&t->mutex);
		next = bounded(t->fn(t->ctx));
		do
			t->due.tv_sec += (time_t)next;
		while (t->due.tv_sec <= clock_s());
		pthread_mutex_lock(&t->mutex);
	}
	pthread_mutex_unlock(&t->mutex);
	return NULL;
}

static void
ticker_free(struct ticker *t)
{
	pthread_cond_destroy(&t->wake);
	pthread_mutex_destroy(&t->mutex);
	free(t);
}

struct ticker *
ticker_start(uint64_t first_s, ticker_fn *fn, void *ctx)
{
	struct ticker *t = mem_alloc(sizeof(*t));
	sigset_t all, before;

	t->fn = fn;
	t->ctx = ctx;
	clock_gettime(CLOCK_MONOTONIC, &t->due);
	t->due.tv_sec += first_s == 0 ? 0 : (time_t)bounded(first_s);
	pthread_mutex_init(&t->mutex, NULL);
	clock_cond_init(&t->wake);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	errno = pthread_create(&t->thread, NULL, run, t);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (errno == 0)
		return t;
	ticker_free(t);
	return NULL;
}

void
ticker_stop(struct ticker *t)
{
	if (t == NULL)
		return;
	pthread_mutex_lock(&t->mutex);
	t->stop = true;
	pthread_cond_signal(&t->wake);
	pthread_mutex_unlock(&t->mutex);
	pthread_join(t->thread, NULL);
	ticker_free(t);
}
