/* push_parts.c -- gpm-push for runs that several hosts store. */
#include "prelude.h"

#include "encryption.h"
#include "err.h"
#include "gather.h"
#include "log.h"
#include "manifest.h"
#include "opt.h"
#include "part.h"
#include "piece.h"
#include "pieces.h"
#include "push_parts.h"
#include "runs.h"
#include "seal.h"
#include "signature.h"
#include "tidy.h"

#define LOOK_AGAIN 10 /* waits of patience_wait between two looks at the export's part */

struct parts {
	struct push *push;
	struct spool *spool;
	bool named;  /* the user named the run */
};

/* --- one run at a host ----------------------------------------------------------------------- */

/* How the run is stored the export's push has said; here it is pinned as well. */
static int
pin(struct push *p, const struct rec_push *push, struct err *e)
{
	const struct rec_push *pinned = stored_options(p->stored);
	struct rec_push options = *push; /* borrows everything but the URL */
	int rc;

	if (compression_parse(push->compression, &p->how, e) < 0)
		return -1;
	if (opt_is_set(p->opts, OPT_ID_compress) || opt_is_set(p->opts, OPT_ID_for))
		log_warning("run %s is stored as its export's push began: --for %s --compress %s", spool_run_id(p->run), push->target,
		    push->compression);
	if (pinned != NULL)
		return strcmp(pinned->compression, push->compression) == 0 ? encryption_check_pinned(p, e) :
		    err_set(e, ERR_DIFFERS, "run %s began with other options", spool_run_id(p->run));
	options.url = mem_str(store_url(p->store));
	rc = stored_pin(p->stored, &options, e);
	free(options.url);
	return rc < 0 ? -1 : encryption_check_pinned(p, e);
}

static int
check_name(struct push *p, struct err *e)
{
	struct buf names;

	text_init(&names);
	for (size_t i = 0; i < p->view.nhosts; i++) {
		if (strcmp(p->view.hosts[i].host, p->part) == 0) {
			buf_release(&names);
			return 0;
		}
		text_printf(&names, "%s'%s'", i > 0 ? ", " : "", p->view.hosts[i].host);
	}
	err_set(e, ERR_USAGE, "run %s expects nothing of '%s', but of %s", spool_run_id(p->run), p->part,
	    names.len > 0 ? text_str(&names) : "nobody yet");
	buf_release(&names);
	return err_hint(e, "gpm-export --part NAME=NUMBER,… gives other names");
}

/* What the export has said until now.  1: and that is all; 0: there may be more; -1. */
static int
store_news(struct push *p, struct manifest *m, struct err *e)
{
	struct rec_push push;
	int rc;

	run_view_release(&p->view);
	run_view_init(&p->view, p->run);
	if (part_read_export(m, &p->view, &push, e) < 0)
		return -1;
	rc = check_name(p, e) < 0 || pin(p, &push, e) < 0 || pieces_store(p, e) < 0 ? -1 : p->view.ended;
	record_free_fields(REC_PUSH, &push);
	return rc;
}

/* A short while; ERR_TEMPORARY without --follow. */
static int
wait_for_export(struct push *p, struct err *e)
{
	char what[64];

	if (p->patience == NULL) {
		err_set(e, ERR_UNFINISHED, "run %s is not complete: gpm-export has not finished it", spool_run_id(p->run));
		return err_hint(e, "what there is was stored; run gpm-push --host-part again after gpm-export and its gpm-push");
	}
	snprintf(what, sizeof(what), "the export's part of run %s", spool_run_id(p->run));
	for (int i = 0; i < LOOK_AGAIN; i++)
		if (allowance_begin(p->allowance, e) < 0 || patience_wait(p->patience, what, e) < 0)
			return -1;
	return 0;
}

static void
tell_stored(struct push *p)
{
	log_info("run %s: the part of '%s' is stored", spool_run_id(p->run), p->part);
}

/* Until the export has nothing more for this host. */
static int
store_all(struct push *p, bool named, struct err *e)
{
	struct file_hash seen = { 0 };
	int rc = 0;

	while (rc == 0) {
		struct manifest *m = NULL;

		if ((rc = seal_find(p, e)) != 0) {
			if (rc > 0)
				log_debug("run %s is sealed already", spool_run_id(p->run));
			return rc < 0 ? -1 : 0;
		}
		rc = part_fetch_export(p, &m, e);
		if (rc == 0 && !named && p->patience == NULL)
			return 0; /* a run that one host alone stores */
		if (rc > 0 && memcmp(&seen, manifest_hash(m), sizeof(seen)) == 0)
			rc = 0;
		if (rc > 0) {
			seen = *manifest_hash(m);
			if (p->patience != NULL)
				patience_got(p->patience);
			rc = store_news(p, m, e);
		}
		manifest_close(m);
		if (rc > 0)
			tell_stored(p);
		if (rc == 0 && wait_for_export(p, e) < 0)
			rc = -1;
	}
	return rc < 0 ? -1 : 0;
}

static int
store_run(void *ctx, const char *id, struct err *e)
{
	struct parts *x = ctx;
	struct push *p = x->push;
	int rc;

	p->spool = x->spool;
	if (spool_run_open(x->spool, id, true, &p->run, e) < 0)
		return -1;
	run_view_init(&p->view, p->run);
	rc = spool_run_lock(p->run, "push", e);
	if (rc == 0 && (rc = stored_open(p->run, &p->stored, e)) == 0 &&
	    (rc = stored_check_place(p->stored, id, store_url(p->store), e)) == 0)
		rc = store_all(p, x->named, e);
	stored_end(p->stored, rc < 0 ? e : NULL);
	stored_close(p->stored);
	run_view_release(&p->view);
	spool_run_close(p->run);
	p->stored = NULL;
	p->run = NULL;
	return rc;
}

/* --- sealing --------------------------------------------------------------------------------- */

/* P->run's folder now holds what one host alone would have there. */
static int
seal_gathered(struct push *p, struct err *e)
{
	int rc;

	run_view_release(&p->view);
	run_view_init(&p->view, p->run);
	if (stored_open(p->run, &p->stored, e) < 0)
		return -1;
	rc = signature_check_pinned(p, e);
	if (rc == 0)
		rc = seal_read(p, e);
	if (rc == 0 && (rc = allowance_begin(p->allowance, e)) == 0)
		rc = seal_run(p, e);
	if (rc == 0)
		seal_tell(p);
	stored_close(p->stored);
	p->stored = NULL;
	return rc;
}

/* Is it a run that is sealed by its parts at all? */
static int
has_parts(struct push *p, struct err *e)
{
	char *name = part_key(PART_EXPORT), *key = push_key(p, name);
	struct store_object ignored;
	int rc = store_head(p->store, key, &ignored, e);

	free(key);
	free(name);
	return rc;
}

static int
seal_or_clear(struct parts *x, struct err *e)
{
	struct push *p = x->push;
	int sealed = seal_find(p, e), rc = sealed < 0 ? -1 : 0;

	if (sealed > 0) {
		/* who sealed it may have died before this */
		log_debug("run %s is sealed already", spool_run_id(p->run));
		return tidy_parts(p, e);
	}
	if (rc == 0 && !x->named && (rc = has_parts(p, e)) <= 0)
		return rc;
	if (rc >= 0)
		rc = gather_run(p, e);
	return rc < 0 ? -1 : seal_gathered(p, e);
}

static int
seal_one(void *ctx, const char *id, struct err *e)
{
	struct parts *x = ctx;
	struct push *p = x->push;
	int rc;

	p->spool = x->spool;
	if (spool_run_open(x->spool, id, true, &p->run, e) < 0)
		return -1;
	run_view_init(&p->view, p->run);
	rc = spool_run_lock(p->run, "push", e);
	if (rc == 0)
		rc = seal_or_clear(x, e);
	run_view_release(&p->view);
	spool_run_close(p->run);
	p->run = NULL;
	return rc;
}

/* --- runs ------------------------------------------------------------------------------------ */

/* FN for --run, or for every run of the bucket. */
static int
each_run(struct parts *x, runs_fn *fn, struct err *e)
{
	const char *run = opt_string(x->push->opts, OPT_ID_run);
	spool_id *ids;
	size_t n;
	int rc;

	x->named = run != NULL;
	if (run != NULL)
		return fn(x, run, e);
	if (runs_of_store(x->push->store, &ids, &n, e) < 0)
		return -1;
	if (n == 0)
		log_debug("'%s' holds no run", store_url(x->push->store));
	rc = runs_each(x->push->opts, ids, n, fn, x, e);
	free(ids);
	return rc;
}

/* --follow: the newest run, or the next one that comes. */
static int
follow_run(struct parts *x, struct err *e)
{
	struct push *p = x->push;
	const char *run = opt_string(p->opts, OPT_ID_run);
	spool_id *ids, id;
	size_t n = 0;

	while (run == NULL && n == 0) {
		if (runs_of_store(p->store, &ids, &n, e) < 0)
			return -1;
		if (n > 0)
			memcpy(id, ids[n - 1], sizeof(id));
		free(ids);
		if (n == 0 && (allowance_begin(p->allowance, e) < 0 || patience_wait(p->patience, "a run in the bucket", e) < 0))
			return -1;
	}
	return store_run(x, run != NULL ? run : id, e);
}

/* A folder of the spool for one purpose. */
static int
open_corner(struct push *p, const char *name, struct spool **out, struct err *e)
{
	char *dir = mem_printf("%s/%s", opt_string(p->opts, OPT_ID_spool), name);
	int rc = spool_open(dir, true, out, e);

	free(dir);
	return rc;
}

int
push_host_part(struct push *p, struct err *e)
{
	struct parts x = { .push = p };
	char *name = name_encode(p->part), *corner = mem_printf("part-%s", name);
	int rc = open_corner(p, corner, &x.spool, e);

	if (rc == 0)
		rc = p->patience != NULL ? follow_run(&x, e) : each_run(&x, store_run, e);
	spool_close(x.spool);
	free(corner);
	free(name);
	return rc;
}

int
push_seal(struct push *p, struct err *e)
{
	struct parts x = { .push = p };
	int rc = open_corner(p, "seal", &x.spool, e);

	if (rc == 0)
		rc = each_run(&x, seal_one, e);
	spool_close(x.spool);
	return rc;
}
