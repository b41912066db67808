/* push.c -- gpm-push: runs of the spool into the bucket. */
#include "prelude.h"

#include <pthread.h>

#include "context.h"
#include "err.h"
#include "log.h"
#include "opt.h"
#include "parse.h"
#include "pool.h"
#include "push.h"
#include "seal.h"
#include "send.h"
#include "spool.h"
#include "stop.h"
#include "store_opts.h"

char *
push_key(const struct push *p, const char *key)
{
	return mem_printf("%s/%s", spool_run_id(p->run), key);
}

/* --- chunks ---------------------------------------------------------------------------------- */

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
	int rc = stop_check(e) < 0 ? -1 : send_chunk(s->push, &s->packed[index], c, e);

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

/* Send until the export's journal says nothing new. */
static int
send_chunks(struct push *p, struct err *e)
{
	struct waiting w = { .push = p }, gone = { 0 };
	int rc = 0;

	do {
		uint64_t before = p->view.offset;

		rc = run_view_read(&p->view, see_chunk, &w, e);
		if (judge_gone(p, &gone, rc == 0 ? e : &(struct err){ 0 }) < 0)
			rc = -1;
		if (rc < 0 || p->view.offset == before)
			break;
		rc = send_waiting(p, &w, &gone, e);
	} while (rc == 0);
	for (size_t i = 0; i < w.len; i++)
		free_chunk(w.at[i]);
	free(w.at);
	judge_gone(p, &gone, &(struct err){ 0 });
	return rc;
}

/* --- one run --------------------------------------------------------------------------------- */

/* A run goes to one place. */
static int
check_place(struct push *p, const struct opts *opts, struct err *e)
{
	const struct rec_push *pinned = stored_options(p->stored);
	const char *url = opt_string(opts, OPT_ID_to);

	if (pinned == NULL || pinned->url == NULL || strcmp(pinned->url, url) == 0)
		return 0;
	err_set(e, ERR_FAILED, "run %s is being pushed to '%s', not to '%s'", spool_run_id(p->run), pinned->url, url);
	return err_hint(e, "finish it there; a run goes to one place");
}

/* How this run is stored was said when its push began; what is said now counts only then. */
static int
pin_options(struct push *p, const struct opts *opts, struct err *e)
{
	static const char *const any[] = { "copy", "file_fdw", "gpfdist", "web" };
	const char *how = opt_string(opts, OPT_ID_compress), *url = opt_string(opts, OPT_ID_to);
	const struct rec_push *pinned = stored_options(p->stored);
	struct rec_push options = { 0 };
	int rc;

	if (pinned == NULL) {
		if (compression_parse(how, &p->how, e) < 0) /* another run may have had its own */
			return -1;
		options.target = mem_str("any");
		options.methods.at = mem_array(GPM_ARRAY_LEN(any), sizeof(char *));
		for (size_t i = 0; i < GPM_ARRAY_LEN(any); i++)
			options.methods.at[options.methods.len++] = mem_str(any[i]);
		options.compression = mem_printf(p->how.level > 0 ? "%s:%d" : "%s", p->how.name, p->how.level);
		options.url = mem_str(url);
		rc = stored_pin(p->stored, &options, e);
		record_free_fields(REC_PUSH, &options);
		return rc;
	}
	if (opt_is_set(opts, OPT_ID_compress) && strcmp(pinned->compression, how) != 0)
		log_warning("run %s goes on with --compress %s, as it began", spool_run_id(p->run), pinned->compression);
	return compression_parse(pinned->compression, &p->how, e);
}

/* Everything but the journals is in the bucket now. */
static int
empty_run(struct push *p, struct err *e)
{
	if (p->keep)
		return 0;
	if (spool_run_remove(p->run, "data", e) < 0 || spool_run_remove(p->run, "schema", e) < 0)
		return -1;
	return spool_run_remove(p->run, "tables", e);
}

static void
tell_sealed(struct push *p)
{
	char tables[FORMAT_SIZE_LEN], rows[FORMAT_SIZE_LEN], size[FORMAT_SIZE_LEN];

	log_info("run %s is sealed: %s tables, %s rows, %s of plain rows", spool_run_id(p->run),
	    format_count(p->view.end.tables, tables), format_count(p->view.end.rows, rows),
	    format_size(p->view.end.plain_bytes, size));
}

static int
store_and_seal(struct push *p, const struct opts *opts, struct err *e)
{
	int found;

	/* the store has answered once before a place is pinned: a mistyped one is not for ever */
	if (check_place(p, opts, e) < 0 || (found = seal_find(p, e)) < 0 || pin_options(p, opts, e) < 0)
		return -1;
	if (found == 0) {
		if (send_chunks(p, e) < 0)
			return -1;
		if (!p->view.ended) {
			err_set(e, ERR_TEMPORARY, "run %s is not complete: gpm-export has not finished it",
			    spool_run_id(p->run));
			return err_hint(e, "what there is was stored; run gpm-push again after gpm-export");
		}
		if (seal_run(p, e) < 0)
			return -1;
		tell_sealed(p);
	} else {
		if (seal_found(p, e) < 0)
			return -1;
		log_info("run %s is sealed already", spool_run_id(p->run));
	}
	return empty_run(p, e);
}

/* A run that was sealed before.  What --keep kept goes when it is not given any more; but not when this is
 * about another place: NAMED by the user that is an error, else the run is none of our business. */
static int
look_at_sealed(struct push *p, const struct opts *opts, bool named, struct err *e)
{
	if (check_place(p, opts, e) < 0) {
		if (named)
			return -1;
		log_info("run %s was stored elsewhere before", spool_run_id(p->run));
		return 0;
	}
	return empty_run(p, e);
}

static int
push_one(struct push *p, struct spool *spool, const char *id, bool named, const struct opts *opts,
    struct err *e)
{
	int rc;

	if (spool_run_open(spool, id, false, &p->run, e) < 0)
		return -1;
	run_view_init(&p->view, p->run);
	rc = spool_run_lock(p->run, "push", e);
	if (rc == 0 && (rc = stored_open(p->run, &p->stored, e)) == 0)
		rc = stored_is_sealed(p->stored) ? look_at_sealed(p, opts, named, e) : store_and_seal(p, opts, e);
	stored_close(p->stored);
	run_view_release(&p->view);
	spool_run_close(p->run);
	p->stored = NULL;
	p->run = NULL;
	return rc;
}

/* --- all runs -------------------------------------------------------------------------------- */

/* Each run by itself: trouble with one does not keep the others from being stored. */
static int
push_all(struct push *p, struct spool *spool, const struct opts *opts, struct err *e)
{
	struct err worst = { .code = ERR_OK };
	spool_id *ids;
	size_t n;

	if (spool_runs(spool, &ids, &n, e) < 0)
		return -1;
	for (size_t i = 0; i < n && worst.code != ERR_STOPPED; i++) {
		if (push_one(p, spool, ids[i], false, opts, e) == 0)
			continue;
		if (worst.code == ERR_OK) {
			worst = *e;
		} else if (err_worse(worst.code, e->code) == worst.code) {
			err_print(e);
		} else {
			err_print(&worst);
			worst = *e;
		}
	}
	free(ids);
	if (n == 0)
		log_info("the spool '%s' holds no run", spool_dir(spool));
	*e = worst;
	return worst.code == ERR_OK ? 0 : -1;
}

int
push_run(const struct opts *opts, struct err *e)
{
	struct push p = { .jobs = (unsigned)opt_u64(opts, OPT_ID_jobs), .keep = opt_flag(opts, OPT_ID_keep) };
	const char *run = opt_string(opts, OPT_ID_run), *after_put = opt_string(opts, OPT_ID_after_put);
	struct store_settings settings;
	struct spool *spool = NULL;
	int rc = -1;

	if (opt_require(opts, OPT_ID_spool, e) < 0 || opt_require(opts, OPT_ID_to, e) < 0)
		return -1;
	if (p.jobs < 1 || p.jobs > 256)
		return err_set(e, ERR_USAGE, "--jobs is from 1 to 256");
	if (strcmp(after_put, "head") != 0 && strcmp(after_put, "response") != 0)
		return err_set(e, ERR_USAGE, "--after-put is head or response, not '%s'", after_put);
	p.trust_response = strcmp(after_put, "response") == 0;
	if (compression_parse(opt_string(opts, OPT_ID_compress), &p.how, e) < 0)
		return err_context(e, "--compress");
	p.progress = progress_start("stored", opt_u64(opts, OPT_ID_progress_interval));
	if (spool_open(opt_string(opts, OPT_ID_spool), false, &spool, e) == 0 &&
	    store_open(opt_string(opts, OPT_ID_to), false, store_settings_from_opts(opts, &settings), &p.store, e) == 0)
		rc = run != NULL ? push_one(&p, spool, run, true, opts, e) : push_all(&p, spool, opts, e);
	progress_stop(p.progress);
	store_close(p.store);
	spool_close(spool);
	return rc;
}
