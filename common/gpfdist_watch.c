/* gpfdist_watch.c -- connections that have to do something by a time, or are shut. */
#include "prelude.h"

#include <sys/socket.h>

#include "clock.h"
#include "err.h"
#include "gpfdist_watch.h"
#include "ticker.h"

#define EVERY_SECOND 1

struct watched {
	struct watched *next, **back; /* back: what points to this one */
	int fd;
	time_t due;                   /* clock_s(); 0: never */
};

struct watch {
	pthread_mutex_t mutex;
	struct watched *first;
	struct ticker *ticker;
};

/* Only shut: whose thread sees the end closes it. */
static uint64_t
shut_overdue(void *ctx)
{
	struct watch *w = ctx;
	time_t now = clock_s();

	pthread_mutex_lock(&w->mutex);
	for (struct watched *c = w->first; c != NULL; c = c->next) {
		if (c->due == 0 || c->due > now)
			continue;
		shutdown(c->fd, SHUT_RDWR);
		c->due = 0;
	}
	pthread_mutex_unlock(&w->mutex);
	return EVERY_SECOND;
}

int
watch_start(struct watch **out, struct err *e)
{
	struct watch *w = mem_alloc(sizeof(*w));

	pthread_mutex_init(&w->mutex, NULL);
	if ((w->ticker = ticker_start(EVERY_SECOND, shut_overdue, w)) == NULL) {
		err_sys(e, "cannot start a thread");
		watch_stop(w);
		return -1;
	}
	*out = w;
	return 0;
}

void
watch_stop(struct watch *w)
{
	if (w == NULL)
		return;
	ticker_stop(w->ticker);
	pthread_mutex_destroy(&w->mutex);
	free(w);
}

struct watched *
watch_add(struct watch *w, int fd, unsigned seconds)
{
	struct watched *c = mem_alloc(sizeof(*c));

	c->fd = fd;
	c->due = clock_s() + seconds;
	pthread_mutex_lock(&w->mutex);
	c->next = w->first;
	c->back = &w->first;
	if (c->next != NULL)
		c->next->back = &c->next;
	w->first = c;
	pthread_mutex_unlock(&w->mutex);
	return c;
}

void
watch_remove(struct watch *w, struct watched *c)
{
	pthread_mutex_lock(&w->mutex);
	*c->back = c->next;
	if (c->next != NULL)
		c->next->back = c->back;
	pthread_mutex_unlock(&w->mutex);
	free(c);
}

void
watch_set(struct watch *w, struct watched *c, unsigned seconds)
{
	time_t due = seconds == 0 ? 0 : clock_s() + seconds;

	pthread_mutex_lock(&w->mutex);
	c->due = due;
	pthread_mutex_unlock(&w->mutex);
}
