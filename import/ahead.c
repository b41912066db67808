/* ahead.c -- one object ahead: a thread for each, which the next call joins. */
#include "prelude.h"

#include <pthread.h>

#include "ahead.h"
#include "err.h"
#include "stop.h"
#include "unpack.h"

struct ahead {
	struct run *run;
	const struct rec_chunk *const *chunks;
	size_t n;
	size_t next;            /* the one that ahead_next gives */
	struct buf objects[2];  /* chunk i is in the one of i % 2 */
	pthread_t thread;
	bool running;           /* the thread fetches chunk NEXT; until it is joined RC and ERR are its own */
	bool given_up;
	int rc;
	struct err err;
};

static int
fetch(struct ahead *a, size_t i, struct err *e)
{
	return unpack_fetch_chunk(a->run, a->chunks[i], &a->objects[i % 2], e);
}

static void *
thread_main(void *arg)
{
	struct ahead *a = arg;

	stop_thread(&a->given_up);
	a->rc = fetch(a, a->next, &a->err);
	return NULL;
}

static void
join(struct ahead *a)
{
	pthread_join(a->thread, NULL);
	a->running = false;
}

struct ahead *
ahead_new(struct run *run)
{
	struct ahead *a = mem_alloc(sizeof(*a));

	a->run = run;
	return a;
}

void
ahead_free(struct ahead *a)
{
	if (a == NULL)
		return;
	ahead_end(a);
	buf_release(&a->objects[0]);
	buf_release(&a->objects[1]);
	free(a);
}

void
ahead_begin(struct ahead *a, const struct rec_chunk *const *chunks, size_t n)
{
	ahead_end(a);
	a->chunks = chunks;
	a->n = n;
	a->next = 0;
}

void
ahead_give_up(struct ahead *a)
{
	__atomic_store_n(&a->given_up, true, __ATOMIC_RELEASE);
}

void
ahead_end(struct ahead *a)
{
	ahead_give_up(a);
	if (a->running)
		join(a);
	__atomic_store_n(&a->given_up, false, __ATOMIC_RELEASE);
	a->n = a->next = 0;
}

int
ahead_next(struct ahead *a, const struct buf **object, struct err *e)
{
	size_t i = a->next;
	int rc;

	if (a->running) {
		join(a);
		rc = a->rc;
		if (rc < 0)
			*e = a->err;
	} else {
		rc = fetch(a, i, e);
	}
	if (rc < 0)
		return -1;
	*object = &a->objects[i % 2];
	a->next++;
	/* where no thread can be started the object is fetched in its turn */
	a->running = a->next < a->n && pthread_create(&a->thread, NULL, thread_main, a) == 0;
	return 0;
}
