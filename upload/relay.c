/* relay.c -- gpm-push relay: runs from one store into another, as they are (relay_run.c).  Nothing is unpacked, and no key is needed. */
#include "prelude.h"

#include "err.h"
#include "log.h"
#include "manifest.h"
#include "opt.h"
#include "parse.h"
#include "rate.h"
#include "relay.h"
#include "relay_internal.h"
#include "runs.h"
#include "send.h"
#include "stop.h"
#include "store_opts.h"

/* --- one run --------------------------------------------------------------------------------- */

/* The root manifest of STORE: 1, 0, -1. */
static int
fetch_root(struct relay *r, struct store *store, struct manifest **out, struct err *e)
{
	char *key = push_key(&r->p, MANIFEST_ROOT);
	int rc = manifest_fetch(store, key, "gpm-run", relay_run_id(r), NULL, out, e);

	free(key);
	return rc;
}

/* Is the run sealed at the destination?  1 it is, and the same; 0; -1. */
static int
is_there(struct relay *r, struct manifest *root, struct err *e)
{
	const struct file_hash *hash = root != NULL ? manifest_hash(root) : NULL;
	struct manifest *there = NULL;
	int rc;

	if (store_is_carried(store_url(r->p.store)))
		return 0; /* of volumes some may be lost; what is there costs nothing to ask for */
	if ((rc = fetch_root(r, r->p.store, &there, e)) > 0 && hash != NULL && memcmp(manifest_hash(there), hash, sizeof(*hash)) != 0) {
		err_set(e, ERR_DIFFERS, "run %s is sealed at the destination, and is another one", relay_run_id(r));
		rc = err_hint(e, "two sources made a run of one id; remove the one that is not wanted");
	}
	manifest_close(there);
	return rc;
}

static void
tell(struct relay *r, bool before)
{
	char objects[FORMAT_SIZE_LEN], size[FORMAT_SIZE_LEN];

	if (before || r->objects == 0)
		log_info("run %s is there already", relay_run_id(r));
	else
		log_info("run %s is relayed: %s objects, %s", relay_run_id(r), format_count(r->objects, objects), format_size(r->bytes, size));
}

static int
bring_one(struct relay *r, struct manifest *root, struct err *e)
{
	int rc = is_there(r, root, e);

	if (rc != 0) {
		if (rc > 0)
			tell(r, true);
		return rc < 0 ? -1 : 0;
	}
	if (root == NULL && !store_is_carried(store_url(r->from)) && opt_string(r->p.opts, OPT_ID_run) == NULL) {
		log_info("run %s is not sealed, and is left alone", relay_run_id(r));
		return 0;
	}
	if (root == NULL && !store_is_carried(store_url(r->from))) {
		err_set(e, ERR_NO_RUN, "run %s is not sealed in '%s'", relay_run_id(r), store_url(r->from));
		return err_hint(e, "gpm-push seals a run when its export is complete");
	}
	if (relay_books_open(r->p.run, r->p.store, &r->books, e) < 0)
		return -1;
	r->named = root != NULL ? keyset_new() : NULL;
	rc = root != NULL ? relay_bring_run(r, root, e) : relay_bring_what_is_here(r, e);
	keyset_free(r->named);
	relay_books_close(r->books);
	r->named = NULL;
	r->books = NULL;
	if (rc == 0)
		tell(r, false);
	return rc;
}

static int
relay_one(void *ctx, const char *id, struct err *e)
{
	struct relay *r = ctx;
	struct manifest *root = NULL;
	int rc;

	r->objects = r->bytes = r->missing = r->damaged = 0;
	if (spool_run_open(r->p.spool, id, true, &r->p.run, e) < 0)
		return -1;
	rc = spool_run_lock(r->p.run, "relay", e);
	if (rc == 0 && (rc = fetch_root(r, r->from, &root, e)) >= 0)
		rc = bring_one(r, root, e);
	manifest_close(root);
	spool_run_close(r->p.run);
	r->p.run = NULL;
	return rc;
}

/* --- all of them ----------------------------------------------------------------------------- */

static int
relay_runs(struct relay *r, struct err *e)
{
	const char *run = opt_string(r->p.opts, OPT_ID_run);
	spool_id *ids;
	size_t n;
	int rc;

	if (run != NULL)
		return relay_one(r, run, e);
	if (runs_of_store(r->from, &ids, &n, e) < 0)
		return -1;
	if (n == 0)
		log_info("'%s' holds no run", store_url(r->from));
	rc = runs_each(r->p.opts, ids, n, relay_one, r, e);
	free(ids);
	return rc;
}

/* --lost-volume: numbers; the caller frees *OUT. */
static int
lost_volumes(const struct opts *opts, uint64_t **out, size_t *n, struct err *e)
{
	*n = opt_list_len(opts, OPT_ID_lost_volume);
	*out = mem_array(*n, sizeof(**out));
	if (*n > 0 && (opt_string(opts, OPT_ID_run) == NULL || !store_is_carried(opt_string(opts, OPT_ID_to))))
		return err_set(e, ERR_USAGE, "--lost-volume is about one run's volumes: it goes with --run, and a volume:// as --to");
	for (size_t i = 0; i < *n; i++)
		if (parse_u64(opt_list_at(opts, OPT_ID_lost_volume, i), 1, 999999999, &(*out)[i], e) < 0)
			return err_context(e, "--lost-volume");
	return 0;
}

static int
open_stores(struct relay *r, struct rate *rate, const uint64_t *lost, size_t nlost, struct err *e)
{
	const struct opts *opts = r->p.opts;
	char *corner = mem_printf("%s/relay", opt_string(opts, OPT_ID_spool)), *volumes = mem_printf("%s/volumes", opt_string(opts, OPT_ID_spool));
	struct store_settings settings;
	int rc = spool_open(corner, true, &r->p.spool, e);

	store_settings_from_opts(opts, &settings);
	settings.give_up_ms = allowance_deadline(r->p.allowance);
	if (rc == 0)
		rc = store_open(opt_string(opts, OPT_ID_from), false, &settings, &r->from, e);
	settings.volume_state = volumes;
	settings.volumes_lost = lost;
	settings.nvolumes_lost = nlost;
	if (rc == 0)
		rc = store_open(opt_string(opts, OPT_ID_to), false, &settings, &r->p.store, e);
	if (rc == 0)
		store_set_throttle(r->p.store, rate_throttle(rate));
	free(volumes);
	free(corner);
	return rc;
}

static int
check_options(const struct opts *opts, struct relay *r, struct err *e)
{
	const char *after_put = opt_string(opts, OPT_ID_after_put);

	if (opt_require(opts, OPT_ID_from, e) < 0 || opt_require(opts, OPT_ID_to, e) < 0 || opt_require(opts, OPT_ID_spool, e) < 0)
		return -1;
	if (r->p.jobs < 1 || r->p.jobs > 256)
		return err_set(e, ERR_USAGE, "--jobs is from 1 to 256");
	if (strcmp(opt_string(opts, OPT_ID_from), opt_string(opts, OPT_ID_to)) == 0)
		return err_set(e, ERR_USAGE, "--from and --to are the same place");
	if (opt_flag(opts, OPT_ID_put_only))
		return err_set(e, ERR_USAGE, "relay asks what is at --to already; --put-only does not go with it");
	r->p.write_once = opt_flag(opts, OPT_ID_write_once);
	r->p.trust_response = strcmp(after_put, "response") == 0;
	return allowance_new(opts, &r->p.allowance, e);
}

int
relay_run(const struct opts *opts, struct err *e)
{
	struct relay r = { .p = { .opts = opts, .jobs = (unsigned)opt_u64(opts, OPT_ID_jobs) } };
	struct rate *rate = NULL;
	uint64_t *lost = NULL;
	size_t nlost;
	int rc = -1;

	if (check_options(opts, &r, e) < 0)
		return -1;
	pthread_mutex_init(&r.mutex, NULL);
	r.rooms = mem_array(r.p.jobs, sizeof(*r.rooms));
	for (unsigned i = 0; i < r.p.jobs; i++)
		relay_room_init(&r.rooms[i]);
	r.p.progress = progress_start("relayed", opt_u64(opts, OPT_ID_progress_interval));
	stop_gently();
	if (rate_new(opts, &rate, e) == 0 && lost_volumes(opts, &lost, &nlost, e) == 0 && open_stores(&r, rate, lost, nlost, e) == 0)
		rc = send_eject(&r.p, relay_runs(&r, e), e);
	progress_stop(r.p.progress);
	for (unsigned i = 0; i < r.p.jobs; i++)
		relay_room_release(&r.rooms[i]);
	store_close(r.from);
	store_close(r.p.store);
	spool_close(r.p.spool);
	allowance_free(r.p.allowance);
	rate_free(rate);
	free(r.rooms);
	free(r.first_missing);
	free(lost);
	pthread_mutex_destroy(&r.mutex);
	if (rc < 0)
		runs_hush(opts, e);
	return rc;
}
