/* feed.c -- checked rows into a deal, by a thread of its own. */
#include "prelude.h"

#include <errno.h>
#include <pthread.h>

#include "err.h"
#include "feed.h"
#include "stop.h"
#include "unpack.h"

struct feed {
	struct deal *deal;
	feed_fn *fn;
	void *ctx;
	pthread_t thread;
	bool given_up;
	int rc;
	struct err err;
};

static void *
thread_main(void *arg)
{
	struct feed *f = arg;

	stop_thread(&f->given_up);
	f->rc = f->fn(f->ctx, f->deal, &f->err);
	if (f->rc == 0)
		deal_end(f->deal);
	else
		deal_fail(f->deal, &f->err); /* one that was shut or has failed does not mind */
	return NULL;
}

int
feed_start(struct deal *deal, feed_fn *fn, void *ctx, struct feed **out, struct err *e)
{
	struct feed *f = mem_alloc(sizeof(*f));

	f->deal = deal;
	f->fn = fn;
	f->ctx = ctx;
	if ((errno = pthread_create(&f->thread, NULL, thread_main, f)) != 0) {
		free(f);
		return err_sys(e, "cannot start a thread");
	}
	*out = f;
	return 0;
}

int
feed_stop(struct feed *f, struct err *e)
{
	int rc;

	__atomic_store_n(&f->given_up, true, __ATOMIC_RELEASE);
	pthread_join(f->thread, NULL);
	rc = f->rc < 0 && f->err.code != ERR_STOPPED ? -1 : 0;
	if (rc < 0)
		*e = f->err;
	free(f);
	return rc;
}

/* --- chunks ---------------------------------------------------------------------------------- */

struct giving {
	struct deal *deal;
	struct run *run;
	const struct rec_table *table;
	const struct rec_chunk *const *chunks;
	size_t n;
	const bool *given_up;
	pthread_mutex_t mutex;   /* over what follows */
	size_t next;
	bool failed;
	struct err err;
};

/* Nothing of a chunk is given before all of it was compared. */
static int
unpack_into(const struct giving *g, const struct buf *object, const struct rec_chunk *c, struct err *e)
{
	struct deal_piece *p = deal_room(g->deal, c->plain_bytes, e);

	if (p == NULL)
		return -1;
	if (unpack_chunk_rows(object, c, &g->table->columns, deal_piece_rows(p), e) == 0)
		return deal_give(g->deal, c->key, p, e);
	deal_drop(g->deal, p);
	return -1;
}

/* Of several errors one that says more than that others have failed. */
static void
note_failure(struct giving *g, const struct err *e)
{
	pthread_mutex_lock(&g->mutex);
	if (!g->failed || (g->err.code == ERR_STOPPED && e->code != ERR_STOPPED))
		g->err = *e;
	g->failed = true;
	pthread_mutex_unlock(&g->mutex);
}

static const struct rec_chunk *
next_chunk(struct giving *g)
{
	const struct rec_chunk *c;

	pthread_mutex_lock(&g->mutex);
	c = g->failed || g->next == g->n ? NULL : g->chunks[g->next++];
	pthread_mutex_unlock(&g->mutex);
	return c;
}

static void
give_chunks(struct giving *g)
{
	const struct rec_chunk *c;
	struct buf object;

	buf_init(&object, 0);
	while ((c = next_chunk(g)) != NULL) {
		struct err e;
		int rc = unpack_fetch_chunk(g->run, c, &object, &e);

		if (rc == 0 && (rc = unpack_into(g, &object, c, &e)) < 0 && e.code != ERR_STOPPED)
			run_chunk_context(g->run, c, &e);
		if (rc < 0)
			note_failure(g, &e);
	}
	buf_release(&object);
}

static void *
helper_main(void *arg)
{
	struct giving *g = arg;

	stop_thread(g->given_up);
	give_chunks(g);
	return NULL;
}

int
feed_chunks(struct deal *deal, struct run *run, const struct rec_table *t, const struct rec_chunk *const *chunks, size_t n,
    struct err *e)
{
	struct giving g = {
		.deal = deal, .run = run, .table = t, .chunks = chunks, .n = n, .given_up = stop_thread_flag(),
		.mutex = PTHREAD_MUTEX_INITIALIZER,
	};
	pthread_t helper;
	/* where no thread can be started one alone does it */
	bool helped = n > 1 && pthread_create(&helper, NULL, helper_main, &g) == 0;

	give_chunks(&g);
	if (helped)
		pthread_join(helper, NULL);
	pthread_mutex_destroy(&g.mutex);
	if (g.failed)
		*e = g.err;
	return g.failed ? -1 : 0;
}
