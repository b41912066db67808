/* chunks.c -- the chunks of a run, from the export's journal to the workers that store them. */
#include "prelude.h"

#include <pthread.h>

#include "base_tables.h"
#include "chunks.h"
#include "claim.h"
#include "encryption.h"
#include "err.h"
#include "part.h"
#include "pool.h"
#include "send.h"

#define SHARE_SECONDS 10 /* between two tellings of what the export has finished, with --follow */

struct waiting {              /* chunks that were journalled by the export and are not stored yet */
	struct push *push;
	struct rec_chunk **at;
	size_t len;
};

struct sending {
	struct push *push;
	struct packed *packed;    /* one a worker */
	struct waiting gone;      /* chunks whose file was not there; by worker 0 … under the mutex */
	pthread_mutex_t mutex;
};

static void
free_chunk(void *job)
{
	struct rec_chunk *c = job;

	record_free_fields(REC_CHUNK, c);
	free(c);
}

static void
add_waiting(struct waiting *w, struct rec_chunk *c)
{
	w->at = mem_grow(w->at, (w->len + 1) * sizeof(struct rec_chunk *));
	w->at[w->len++] = c;
}

/* A chunk line of the export: it waits, unless it is stored already; then only its file may be left. */
static int
see_chunk(void *ctx, struct rec_chunk *rec, struct err *e)
{
	struct waiting *w = ctx;
	struct push *p = w->push;
	struct rec_chunk *c;

	if (stored_has(p->stored, rec->table, rec->attempt, rec->batch, rec->seq))
		return p->keep ? 0 : spool_run_remove(p->run, rec->key, e);
	c = mem_alloc(sizeof(*c));
	*c = *rec;
	memset(rec, 0, sizeof(*rec));
	add_waiting(w, c);
	return 0;
}

static int
worker(void *ctx, unsigned index, void *job, struct err *e)
{
	struct sending *s = ctx;
	struct rec_chunk *c = job;
	int rc = allowance_begin(s->push->allowance, e) < 0 || claim_look(s->push, e) < 0 ? -1 : send_chunk(s->push, &s->packed[index], c, e);

	if (rc == 0) {
		pthread_mutex_lock(&s->mutex);
		add_waiting(&s->gone, c);
		pthread_mutex_unlock(&s->mutex);
		return 0;
	}
	free_chunk(c);
	return rc < 0 ? -1 : 0;
}

/* Send what waits.  Chunks without a file go into GONE. */
static int
send_waiting(struct push *p, struct waiting *w, struct waiting *gone, struct err *e)
{
	struct sending s = { .push = p, .packed = mem_array(p->jobs, sizeof(struct packed)) };
	struct pool *pool;
	size_t i = 0;
	int rc = 0;

	pthread_mutex_init(&s.mutex, NULL);
	for (size_t k = 0; k < w->len; k++)
		progress_expect(p->progress, w->at[k]->plain_bytes);
	pool = pool_start(p->jobs, worker, free_chunk, &s);
	while (rc == 0 && i < w->len) {
		struct rec_chunk *c = w->at[i++];

		if (run_view_counts(&p->view, c->table, c->attempt))
			rc = pool_put(pool, c, e);
		else
			free_chunk(c);
	}
	while (i < w->len)
		free_chunk(w->at[i++]);
	w->len = 0;
	if (rc < 0)
		pool_abort(pool);
	else
		rc = pool_finish(pool, e);
	for (unsigned k = 0; k < p->jobs; k++)
		pack_release(&s.packed[k]);
	free(s.packed);
	pthread_mutex_destroy(&s.mutex);
	*gone = s.gone;
	return rc;
}

/* A file that is gone is in order only when the export has begun a later attempt since. */
static int
judge_gone(struct push *p, struct waiting *gone, struct err *e)
{
	int rc = 0;

	for (size_t i = 0; i < gone->len; i++) {
		struct rec_chunk *c = gone->at[i];

		if (rc == 0 && run_view_counts(&p->view, c->table, c->attempt))
			rc = err_set(e, ERR_DIFFERS, "'%s/%s' is journalled by gpm-export but is not in the spool",
			    spool_run_id(p->run), c->key);
		free_chunk(c);
	}
	free(gone->at);
	memset(gone, 0, sizeof(*gone));
	return rc;
}

/* The export's journal said nothing new: 1 when there may be more to come, after a while; 0; -1. */
static int
wait_for_more(struct push *p, struct err *e)
{
	char what[64];

	if (p->patience == NULL || p->view.ended)
		return 0;
	if (allowance_begin(p->allowance, e) < 0)
		return -1;
	snprintf(what, sizeof(what), "gpm-export of run %s", spool_run_id(p->run));
	return patience_wait(p->patience, what, e) < 0 ? -1 : 1;
}

/* Other hosts wait for what the export has finished. */
static int
share_news(struct push *p, time_t *last, struct err *e)
{
	time_t now = time(NULL);

	if (p->view.nhosts == 0 || p->patience == NULL || now - *last < SHARE_SECONDS)
		return 0;
	*last = now;
	return part_store_export(p, e);
}

/* What several hosts store has to lie where each of them reaches it. */
static int
check_hosts(const struct push *p, struct err *e)
{
	if (p->view.nhosts == 0 || !store_is_carried(store_url(p->store)))
		return 0;
	err_set(e, ERR_USAGE, "run %s is stored by several hosts, and volumes are written by one", spool_run_id(p->run));
	return err_hint(e, "store it in a bucket or a shared folder, then gpm-push relay --from there --to the volumes");
}

int
chunks_send(struct push *p, struct err *e)
{
	struct waiting w = { .push = p }, gone = { 0 };
	time_t shared = 0;
	int rc;

	do {
		uint64_t before = p->view.offset;

		rc = run_view_read(&p->view, see_chunk, &w, e);
		if (rc == 0)
			rc = encryption_check_run(p, e) < 0 || check_hosts(p, e) < 0 ? -1 : 0;
		if (judge_gone(p, &gone, rc == 0 ? e : &(struct err){ 0 }) < 0)
			rc = -1;
		if (rc < 0)
			break;
		if (p->view.offset == before) {
			rc = wait_for_more(p, e);
			continue;
		}
		if (p->patience != NULL)
			patience_got(p->patience);
		if ((w.len > 0 || base_tables_wait(p)) && (allowance_begin(p->allowance, e) < 0 || claim_take(p, e) < 0)) {
			rc = -1;
			break;
		}
		rc = base_tables_add(p, e) < 0 || send_waiting(p, &w, &gone, e) < 0 || share_news(p, &shared, e) < 0 ? -1 : 1;
	} while (rc > 0);
	for (size_t i = 0; i < w.len; i++)
		free_chunk(w.at[i]);
	free(w.at);
	judge_gone(p, &gone, &(struct err){ 0 });
	return rc;
}
