/* pool.c -- N worker threads and a short queue of jobs. */
#include "prelude.h"

#include <pthread.h>

#include "err.h"
#include "pool.h"
#include "stop.h"

struct pool {
	pool_fn *fn;
	void (*drop)(void *);
	void *ctx;
	unsigned n;
	pthread_t *threads;
	unsigned started;     /* threads that run */
	unsigned next_index;  /* hands every thread its number */
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	void **queue;         /* a ring of n */
	unsigned head, waiting;
	bool closed;          /* no more jobs will come */
	bool failed;
	struct err err;       /* why */
};

/* The next job, or NULL when there is none any more.  The mutex is held. */
static void *
next_job(struct pool *p)
{
	void *job;

	while (p->waiting == 0 && !p->closed && !p->failed)
		pthread_cond_wait(&p->changed, &p->mutex);
	if (p->waiting == 0 || p->failed)
		return NULL;
	job = p->queue[p->head];
	p->head = (p->head + 1) % p->n;
	p->waiting--;
	pthread_cond_broadcast(&p->changed);
	return job;
}

static void
note_failure(struct pool *p, const struct err *e)
{
	if (!p->failed)
		p->err = *e;
	p->failed = true;
	pthread_cond_broadcast(&p->changed);
}

static void *
worker_main(void *arg)
{
	struct pool *p = arg;
	unsigned index;
	void *job;

	pthread_mutex_lock(&p->mutex);
	index = p->next_index++;
	while ((job = next_job(p)) != NULL) {
		struct err e;
		int rc;

		pthread_mutex_unlock(&p->mutex);
		err_clear(&e);
		rc = p->fn(p->ctx, index, job, &e);
		pthread_mutex_lock(&p->mutex);
		if (rc < 0)
			note_failure(p, &e);
	}
	pthread_mutex_unlock(&p->mutex);
	return NULL;
}

struct pool *
pool_start(unsigned n, pool_fn *fn, void (*drop)(void *), void *ctx)
{
	struct pool *p = mem_alloc(sizeof(*p));

	p->fn = fn;
	p->drop = drop;
	p->ctx = ctx;
	p->n = n;
	p->threads = mem_array(n, sizeof(*p->threads));
	p->queue = mem_array(n, sizeof(*p->queue));
	pthread_mutex_init(&p->mutex, NULL);
	pthread_cond_init(&p->changed, NULL);
	while (p->started < n && pthread_create(&p->threads[p->started], NULL, worker_main, p) == 0)
		p->started++;
	if (p->started == 0) {
		p->failed = true;
		err_set(&p->err, ERR_SYSTEM, "no thread can be started");
	}
	return p;
}

static void
drop_job(struct pool *p, void *job)
{
	if (p->drop != NULL)
		p->drop(job);
}

int
pool_put(struct pool *p, void *job, struct err *e)
{
	int rc = -1;

	pthread_mutex_lock(&p->mutex);
	while (p->waiting == p->n && !p->failed)
		pthread_cond_wait(&p->changed, &p->mutex);
	if (p->failed) {
		*e = p->err;
	} else if (stop_asked(e) == 0) {
		p->queue[(p->head + p->waiting++) % p->n] = job;
		pthread_cond_broadcast(&p->changed);
		rc = 0;
	}
	pthread_mutex_unlock(&p->mutex);
	if (rc < 0)
		drop_job(p, job);
	return rc;
}

int
pool_finish(struct pool *p, struct err *e)
{
	int rc;

	pthread_mutex_lock(&p->mutex);
	p->closed = true;
	pthread_cond_broadcast(&p->changed);
	pthread_mutex_unlock(&p->mutex);
	for (unsigned i = 0; i < p->started; i++)
		pthread_join(p->threads[i], NULL);
	for (; p->waiting > 0; p->waiting--) {
		drop_job(p, p->queue[p->head]);
		p->head = (p->head + 1) % p->n;
	}
	rc = p->failed ? -1 : 0;
	if (p->failed)
		*e = p->err;
	pthread_cond_destroy(&p->changed);
	pthread_mutex_destroy(&p->mutex);
	free(p->threads);
	free(p->queue);
	free(p);
	return rc;
}

void
pool_abort(struct pool *p)
{
	struct err ignored;

	if (p == NULL)
		return;
	pthread_mutex_lock(&p->mutex);
	err_set(&ignored, ERR_FAILED, "given up");
	note_failure(p, &ignored);
	pthread_mutex_unlock(&p->mutex);
	if (pool_finish(p, &ignored) < 0)
		err_clear(&ignored); /* the caller has an error of its own */
}
