/* push.c -- gpm-push: runs of the spool into the bucket. */
#include "prelude.h"

#include <inttypes.h>

#include "beacon.h"
#include "chunks.h"
#include "claim.h"
#include "context.h"
#include "crypt.h"
#include "err.h"
#include "log.h"
#include "opt.h"
#include "parse.h"
#include "part.h"
#include "push.h"
#include "push_options.h"
#include "push_parts.h"
#include "rate.h"
#include "runs.h"
#include "seal.h"
#include "send.h"
#include "sign.h"
#include "status.h"
#include "spool.h"
#include "stop.h"
#include "store_opts.h"

char *
push_key(const struct push *p, const char *key)
{
	return mem_printf("%s/%s", spool_run_id(p->run), key);
}

/* --- one run --------------------------------------------------------------------------------- */

static int
check_place(struct push *p, const struct opts *opts, struct err *e)
{
	return stored_check_place(p->stored, spool_run_id(p->run), opt_string(opts, OPT_ID_to), e);
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

/* The names of those who bring rows: "a, b". */
static char *
host_names(const struct run_view *v)
{
	struct buf names;

	text_init(&names);
	for (size_t i = 0; i < v->nhosts; i++)
		if (v->hosts[i].moment == v->moment)
			text_printf(&names, "%s%s", names.len > 0 ? ", " : "", v->hosts[i].host);
	return text_take(&names);
}

/* All that this host has of a run that others store as well. */
static int
store_part(struct push *p, struct err *e)
{
	char *names;

	if (part_store_export(p, e) < 0)
		return -1;
	names = host_names(&p->view);
	if (p->view.ended)
		log_info("run %s: the share of this host is stored; now gpm-push --host-part on each of %s, then gpm-push --seal",
		    spool_run_id(p->run), names);
	free(names);
	return 0;
}

static void
tell_based(const struct push *p)
{
	char size[FORMAT_SIZE_LEN];

	if (p->base != NULL)
		log_info("%" PRIu64 " objects, %s, are those of earlier runs and were not sent by this start", p->based, format_size(p->based_bytes, size));
}

static int
store_and_seal(struct push *p, const struct opts *opts, struct err *e)
{
	int found, rc;

	/* the store has answered once before a place is pinned: a mistyped one is not for ever */
	if (check_place(p, opts, e) < 0 || (found = p->put_only ? 0 : seal_find(p, e)) < 0 || push_options_pin(p, opts, e) < 0)
		return -1;
	if (found == 0) {
		if (chunks_send(p, e) < 0)
			return -1;
		/* one whose tables were all small needs nobody else */
		if (p->view.nhosts > 0 && (!p->view.ended || run_view_is_shared(&p->view)) &&
		    ((rc = store_part(p, e)) < 0 || p->view.ended))
			return rc;
		if (!p->view.ended) {
			err_set(e, ERR_UNFINISHED, "run %s is not complete: gpm-export has not finished it",
			    spool_run_id(p->run));
			return err_hint(e, "what there is was stored; run gpm-push again after gpm-export");
		}
		if (allowance_begin(p->allowance, e) < 0 || claim_take(p, e) < 0 || claim_check(p, e) < 0 || seal_run(p, e) < 0)
			return -1;
		claim_drop(p);
		p->in_group = p->view.header.group != NULL;
		seal_tell(p);
		tell_based(p);
	} else {
		if (seal_found(p, e) < 0)
			return -1;
		log_info("run %s is sealed already", spool_run_id(p->run));
		claim_drop(p);
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
		log_debug("run %s was stored elsewhere before", spool_run_id(p->run));
		return 0;
	}
	claim_drop(p);
	return empty_run(p, e);
}

/* *SEALED, unless it is NULL: it was sealed before. */
static int
push_one(struct push *p, struct spool *spool, const char *id, bool named, bool *sealed, const struct opts *opts,
    struct err *e)
{
	int rc;

	p->spool = spool;
	p->claimed = false;
	if (spool_run_open(spool, id, false, &p->run, e) < 0)
		return -1;
	run_view_init(&p->view, p->run);
	rc = spool_run_lock(p->run, "push", e);
	if (rc == 0 && (rc = stored_open(p->run, &p->stored, e)) == 0) {
		if (sealed != NULL)
			*sealed = stored_is_sealed(p->stored);
		rc = stored_is_sealed(p->stored) ? look_at_sealed(p, opts, named, e) : store_and_seal(p, opts, e);
	}
	stored_end(p->stored, rc < 0 ? e : NULL);
	stored_close(p->stored);
	base_close(p->base);
	p->base = NULL;
	p->based = p->based_bytes = 0;
	run_view_release(&p->view);
	spool_run_close(p->run);
	p->stored = NULL;
	p->run = NULL;
	return rc;
}

/* --- all runs -------------------------------------------------------------------------------- */

struct every {
	struct push *push;
	struct spool *spool;
	const struct opts *opts;
};

static int
push_any(void *ctx, const char *id, struct err *e)
{
	struct every *x = ctx;

	return push_one(x->push, x->spool, id, false, NULL, x->opts, e);
}

static int
push_all(struct push *p, struct spool *spool, const struct opts *opts, struct err *e)
{
	struct every x = { p, spool, opts };
	spool_id *ids;
	size_t n;
	int rc;

	if (spool_runs(spool, &ids, &n, e) < 0)
		return -1;
	if (n == 0)
		log_debug("the spool '%s' holds no run", spool_dir(spool));
	rc = runs_each(opts, ids, n, push_any, &x, e);
	free(ids);
	return rc;
}

/* The run behind KNOWN into ID, the newest when KNOWN is ""; false when there is none. */
static int
next_run(struct spool *spool, const char *known, spool_id id, struct err *e)
{
	spool_id *ids;
	size_t n, i;
	int rc;

	if (spool_runs(spool, &ids, &n, e) < 0)
		return -1;
	i = known[0] == '\0' && n > 0 ? n - 1 : 0;
	while (i < n && strcmp(ids[i], known) <= 0)
		i++;
	rc = i < n;
	if (rc > 0)
		memcpy(id, ids[i], sizeof(spool_id));
	free(ids);
	return rc;
}

/* The newest run that is not sealed, or the next one that comes, until it is sealed.  Older ones are none of
 * its business: their export may be dead, and is not waited for.  While an export of all databases is at work, the runs behind it, too. */
static int
push_following(struct push *p, struct spool *spool, const struct opts *opts, struct err *e)
{
	spool_id id = "", known = "";
	bool sealed = false, stored = false, more;
	int rc;

	for (;;) {
		more = spool_group_goes_on(spool); /* asked first: its last run is seen below */
		if ((rc = next_run(spool, known, id, e)) < 0)
			return -1;
		if (rc == 0 && stored && !more)
			return 0;
		if (rc == 0 && (allowance_begin(p->allowance, e) < 0 || patience_wait(p->patience, "a run in the spool", e) < 0))
			return -1;
		if (rc == 0)
			continue;
		rc = push_one(p, spool, id, false, &sealed, opts, e);
		if (rc < 0)
			return -1;
		stored = stored || !sealed;
		if (stored && !p->in_group)
			return 0;
		memcpy(known, id, sizeof(known));
	}
}

static const struct store_settings *
settings_of(const struct push *p, const struct opts *opts, struct store_settings *room)
{
	store_settings_from_opts(opts, room);
	room->give_up_ms = allowance_deadline(p->allowance);
	room->volume_state = p->volumes;
	return room;
}

static int
load_keys(struct push *p, const struct opts *opts, struct err *e)
{
	const char *sign = opt_string(opts, OPT_ID_sign_key), *encrypt = opt_string(opts, OPT_ID_encrypt_key);

	if (sign != NULL && sign_key_load(sign, &p->sign_key, e) < 0)
		return -1;
	return encrypt == NULL ? 0 : master_key_load(encrypt, &p->master_key, e);
}

/* The runs of the spool, of the bucket that this host has rows of, or that are to be sealed. */
static int
push_runs(struct push *p, struct spool *spool, struct err *e)
{
	const char *run = opt_string(p->opts, OPT_ID_run);

	if (p->part != NULL)
		return push_host_part(p, e);
	if (opt_flag(p->opts, OPT_ID_seal))
		return push_seal(p, e);
	if (run != NULL)
		return push_one(p, spool, run, true, NULL, p->opts, e);
	return p->patience != NULL ? push_following(p, spool, p->opts, e) : push_all(p, spool, p->opts, e);
}

int
push_run(const struct opts *opts, struct err *e)
{
	struct push p = {
		.jobs = (unsigned)opt_u64(opts, OPT_ID_jobs), .keep = opt_flag(opts, OPT_ID_keep),
		.part = opt_string(opts, OPT_ID_host_part), .opts = opts,
	};
	char *volumes = NULL;
	struct store_settings settings;
	struct spool *spool = NULL;
	struct rate *rate = NULL;
	struct beacon *beacon = NULL;
	const char *metrics = opt_string(opts, OPT_ID_metrics_file);
	bool parts = p.part != NULL || opt_flag(opts, OPT_ID_seal); /* whose spool is only for their own work */
	struct err trouble;
	int rc = -1;

	if (push_options_check(opts, &p, e) < 0)
		return -1;
	p.volumes = volumes = mem_printf("%s/volumes", opt_string(opts, OPT_ID_spool));
	if (rate_new(opts, &rate, e) < 0)
		goto done;
	stop_gently();
	p.progress = progress_start("stored", opt_u64(opts, OPT_ID_progress_interval));
	if (opt_flag(opts, OPT_ID_follow))
		p.patience = patience_new(opts);
	if (load_keys(&p, opts, e) == 0 &&
	    spool_open(opt_string(opts, OPT_ID_spool), parts || p.patience != NULL, &spool, e) == 0 &&
	    store_open(opt_string(opts, OPT_ID_to), false, settings_of(&p, opts, &settings), &p.store, e) == 0) {
		store_set_throttle(p.store, rate_throttle(rate));
		if (metrics != NULL && opt_u64(opts, OPT_ID_progress_interval) > 0)
			beacon = beacon_start(spool, metrics, opt_u64(opts, OPT_ID_progress_interval));
		rc = send_eject(&p, push_runs(&p, spool, e), e);
	}
done:
	beacon_stop(beacon);
	sign_key_free(p.sign_key);
	master_key_free(p.master_key);
	patience_free(p.patience);
	progress_stop(p.progress);
	store_close(p.store);
	allowance_free(p.allowance);
	rate_free(rate);
	if (metrics != NULL && spool != NULL && metrics_write(spool, metrics, rc < 0 ? err_exit(e->code) : 0, &trouble) < 0)
		log_warning("no metrics: %s", trouble.text);
	spool_close(spool);
	free(volumes);
	if (rc < 0)
		runs_hush(opts, e);
	return rc;
}
