/* bucket_runs.c -- the runs that a bucket holds: list, remove, expire.
 *
 * A removal first puts a mark beside the root manifest, then removes that, then the rest, the mark last: a run is
 * loadable whole or not at all, and a removal that died is seen and ended by the next expire.
 *
 * A push that names objects of an earlier run (--base) says so in its claim, then looks for that run's mark; a removal puts its mark, then
 * looks for such claims: one of the two sees the other. */
#include "prelude.h"

#include <jansson.h>

#include "bucket_runs.h"
#include "claim.h"
#include "err.h"
#include "log.h"
#include "manifest.h"
#include "opt.h"
#include "parse.h"
#include "stop.h"
#include "store_opts.h"

enum state { OPEN, SEALED, REMOVING, DAMAGED };
static const char *const state_words[] = { "open", "sealed", "removing", "damaged" };

struct bucket_run {
	char id[RUNID_LEN + 1];
	enum state state;
	struct rec_run header;  /* the next two only when SEALED */
	struct rec_end totals;
	struct strings bases;   /* runs whose objects it names, or may name while it is OPEN */
	struct err trouble;     /* when DAMAGED */
};

struct runs {
	struct store *store;
	struct bucket_run *at;  /* oldest first */
	size_t n;
};

static char *
key_of(const char *id, const char *name)
{
	return mem_printf("%s/%s", id, name);
}

static int
see_folder(void *ctx, const char *key, bool is_folder, const struct store_object *object, struct err *e)
{
	struct runs *r = ctx;
	struct bucket_run run = { .state = OPEN };

	if (!is_folder || object->strange || strlen(key) != RUNID_LEN + 1)
		return 0;
	memcpy(run.id, key, RUNID_LEN);
	if (runid_valid(run.id)) {
		r->at = mem_grow(r->at, (r->n + 1) * sizeof(*r->at));
		r->at[r->n++] = run;
	}
	return stop_check(e);
}

/* Its root manifest, checked; what is wrong with it is the run's. */
static void
look_at_manifest(struct runs *r, struct bucket_run *run)
{
	char *key = key_of(run->id, MANIFEST_ROOT);
	struct manifest *m = NULL;
	struct record rec;
	int rc = manifest_fetch(r->store, key, "gpm-run", run->id, NULL, &m, &run->trouble);

	if (rc > 0 && (rc = manifest_next(m, &rec, &run->trouble)) > 0) {
		if (rec.type == REC_RUN) {
			record_take(&rec, &run->header);
			run->totals = *manifest_totals(m);
			run->totals.time = NULL; /* the manifest's */
			run->state = SEALED;
		} else {
			rc = err_set(&run->trouble, ERR_DIFFERS, "'%s' does not begin with a run record", key);
		}
		record_release(&rec);
	}
	if (rc > 0 && (rc = manifest_next(m, &rec, &run->trouble)) > 0) {
		if (rec.type == REC_PUSH) {
			run->bases = rec.u.push.bases;
			rec.u.push.bases = (struct strings){ .len = 0 };
		}
		record_release(&rec);
	}
	if (rc < 0)
		run->state = DAMAGED;
	manifest_close(m);
	free(key);
}

/* Which runs a push that is under way may name objects of. */
static int
look_at_claim(struct runs *r, struct bucket_run *run, struct err *e)
{
	char *key = key_of(run->id, MANIFEST_CLAIM), *line, *rest = NULL;
	struct buf claim;
	int rc;

	buf_init(&claim, CLAIM_MAX);
	rc = store_get_buf(r->store, key, &claim, e);
	if (rc > 0)
		for (line = strtok_r(text_str(&claim), "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest))
			if (strncmp(line, CLAIM_BASE, strlen(CLAIM_BASE)) == 0 && runid_valid(line + strlen(CLAIM_BASE))) {
				run->bases.at = mem_grow(run->bases.at, (run->bases.len + 1) * sizeof(char *));
				run->bases.at[run->bases.len++] = mem_str(line + strlen(CLAIM_BASE));
			}
	buf_release(&claim);
	free(key);
	return rc < 0 ? -1 : 0;
}

static int
look_at_run(struct runs *r, struct bucket_run *run, struct err *e)
{
	char *mark = key_of(run->id, MANIFEST_REMOVING);
	struct store_object ignored;
	int rc = store_head(r->store, mark, &ignored, e);

	free(mark);
	if (rc < 0)
		return -1;
	if (rc > 0)
		run->state = REMOVING;
	else
		look_at_manifest(r, run);
	if (run->state == DAMAGED && run->trouble.code != ERR_DIFFERS) { /* not of the run, but of the bucket */
		*e = run->trouble;
		return -1;
	}
	if (run->state == OPEN && look_at_claim(r, run, e) < 0)
		return -1;
	return stop_check(e);
}

static void
close_runs(struct runs *r)
{
	for (size_t i = 0; i < r->n; i++) {
		struct rec_push push = { .bases = r->at[i].bases };

		record_free_fields(REC_RUN, &r->at[i].header);
		record_free_fields(REC_PUSH, &push);
	}
	free(r->at);
	store_close(r->store);
	memset(r, 0, sizeof(*r));
}

static int
open_runs(const struct opts *opts, struct runs *r, struct err *e)
{
	struct store_settings settings;
	int rc;

	memset(r, 0, sizeof(*r));
	if (opt_require(opts, OPT_ID_to, e) < 0 ||
	    store_open(opt_string(opts, OPT_ID_to), false, store_settings_from_opts(opts, &settings), &r->store, e) < 0)
		return -1;
	rc = store_list(r->store, "", 0, see_folder, r, e);
	for (size_t i = 0; rc == 0 && i < r->n; i++)
		rc = look_at_run(r, &r->at[i], e);
	if (rc < 0)
		close_runs(r);
	return rc;
}

/* --- list --- */

static void
print_text(const struct bucket_run *run)
{
	char rows[FORMAT_SIZE_LEN], plain[FORMAT_SIZE_LEN], stored[FORMAT_SIZE_LEN];

	if (run->state != SEALED) {
		printf("%-24s %-9s %s\n", run->id, state_words[run->state], run->state == DAMAGED ? run->trouble.text :
		    run->state == OPEN ? "not sealed: gpm-push is not done with it" : "its removal was cut short: gpm-push expire ends it");
		return;
	}
	printf("%-24s %-9s %-16s %8llu %16s %10s %10s  %s\n", run->id, "sealed", run->header.database,
	    (unsigned long long)run->totals.tables, format_count(run->totals.rows, rows), format_size(run->totals.plain_bytes, plain),
	    format_size(run->totals.stored_bytes, stored), run->header.server_time);
}

static void
print_json(const struct bucket_run *run)
{
	json_t *o = json_pack("{s:s, s:s}", "run", run->id, "state", state_words[run->state]);
	json_t *database = run->state == SEALED ? json_string(run->header.database) : NULL;

	if (run->state == SEALED)
		json_object_update_new(o, json_pack("{s:s, s:I, s:I, s:I, s:I, s:I}", "time", run->header.server_time,
		    "tables", (json_int_t)run->totals.tables, "tables_failed", (json_int_t)run->totals.failed, "rows", (json_int_t)run->totals.rows,
		    "plain_bytes", (json_int_t)run->totals.plain_bytes, "stored_bytes", (json_int_t)run->totals.stored_bytes));
	if (database != NULL) /* else its name is no UTF-8 */
		json_object_set_new(o, "database", database);
	json_dumpf(o, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(o);
}

int
bucket_list(const struct opts *opts, struct err *e)
{
	bool json = opt_flag(opts, OPT_ID_json);
	struct runs r;
	int rc = 0;

	if (open_runs(opts, &r, e) < 0)
		return -1;
	if (!json)
		printf("%-24s %-9s %-16s %8s %16s %10s %10s  %s\n", "run", "state", "database", "tables", "rows", "plain", "stored", "of");
	for (size_t i = 0; i < r.n; i++) {
		if (json)
			print_json(&r.at[i]);
		else
			print_text(&r.at[i]);
		if (r.at[i].state == DAMAGED && rc == 0) {
			*e = r.at[i].trouble;
			rc = -1;
		}
	}
	close_runs(&r);
	if (fflush(stdout) != 0 && rc == 0)
		return err_sys(e, "cannot write the list");
	return rc;
}

/* --- remove --- */

struct removing {
	struct store *store;
	const char *keep; /* the mark's key */
	struct strings keys;
};

#define KEYS_AT_ONCE 10000 /* keys in memory, of a run of any size */

static int
gather(void *ctx, const char *key, bool is_folder, const struct store_object *object, struct err *e)
{
	struct removing *g = ctx;

	if (object->strange) {
		log_warning("'%s' is not ours; left alone", key);
		return 0;
	}
	if (is_folder || strcmp(key, g->keep) == 0 || g->keys.len == KEYS_AT_ONCE)
		return stop_check(e);
	g->keys.at = mem_grow(g->keys.at, (g->keys.len + 1) * sizeof(char *));
	g->keys.at[g->keys.len++] = mem_str(key);
	return stop_check(e);
}

/* Some of what is left of a run but the mark: 1, 0 when there was nothing, -1. */
static int
remove_some(struct removing *g, const char *prefix, struct err *e)
{
	int rc = store_list(g->store, prefix, STORE_LIST_RECURSIVE | STORE_LIST_TEMPORARIES, gather, g, e);
	bool some = g->keys.len > 0;

	for (size_t i = 0; i < g->keys.len; i++) {
		if (rc == 0 && stop_check(e) < 0)
			rc = -1;
		if (rc == 0 && store_remove(g->store, g->keys.at[i], e) < 0)
			rc = -1;
		free(g->keys.at[i]);
	}
	free(g->keys.at);
	memset(&g->keys, 0, sizeof(g->keys));
	return rc < 0 ? -1 : some;
}

static const struct bucket_run *
find(const struct runs *r, const char *id)
{
	for (size_t i = 0; i < r->n; i++)
		if (id != NULL && strcmp(r->at[i].id, id) == 0)
			return &r->at[i];
	return NULL;
}

/* A run that names objects of RUN, or is under way and may; NULL: none. */
static const struct bucket_run *
find_user(const struct runs *r, const struct bucket_run *run)
{
	for (size_t i = 0; i < r->n; i++)
		for (size_t k = 0; k < r->at[i].bases.len; k++)
			if (strcmp(r->at[i].bases.at[k], run->id) == 0)
				return &r->at[i];
	return NULL;
}

static int
refuse_base(const struct runs *r, const struct bucket_run *run, struct err *e)
{
	const struct bucket_run *user = find_user(r, run);

	if (user == NULL)
		return 0;
	err_set(e, ERR_FAILED, "run %s is referred to: run %s names objects of it (gpm-push --base)", run->id, user->id);
	return err_hint(e, "remove that one first");
}

/* Those that were sealed or begun since R was read: RUN has its mark now. */
static int
refuse_new_user(const struct runs *r, const struct bucket_run *run, struct err *e)
{
	struct runs now = { .store = r->store };
	int rc = store_list(r->store, "", 0, see_folder, &now, e);

	for (size_t i = 0; rc == 0 && i < now.n; i++) {
		const struct bucket_run *known = find(r, now.at[i].id);

		if (known == NULL || known->state == OPEN)
			rc = look_at_run(&now, &now.at[i], e);
	}
	if (rc == 0)
		rc = refuse_base(&now, run, e);
	now.store = NULL; /* R's */
	close_runs(&now);
	return rc;
}

static int
remove_run(const struct runs *r, const struct bucket_run *run, struct err *e)
{
	struct store *store = r->store;
	char *prefix = key_of(run->id, ""), *mark = key_of(run->id, MANIFEST_REMOVING), *root = key_of(run->id, MANIFEST_ROOT);
	struct removing g = { .store = store, .keep = mark };
	struct store_body body = { .data = "", .fd = -1 };
	struct err ignored;
	int rc = store_put(store, mark, &body, e);

	/* what is removed already is nobody's any more */
	if (rc == 0 && run->state != REMOVING && (rc = refuse_new_user(r, run, e)) < 0 && store_remove(store, mark, &ignored) < 0)
		log_warning("'%s' stays: %s", mark, ignored.text);
	if (rc == 0)
		rc = store_remove(store, root, e);
	while (rc >= 0 && (rc = remove_some(&g, prefix, e)) > 0)
		continue;
	if (rc == 0)
		rc = store_remove(store, mark, e);
	if (rc >= 0)
		log_info("run %s is removed", run->id);
	free(root);
	free(mark);
	free(prefix);
	return rc < 0 ? -1 : 0;
}

/* A run out of the middle of a chain would leave the destination without proof that the later ones follow what it has
 * loaded; those at its ends do not. */
static int
refuse_middle(const struct runs *r, const struct bucket_run *run, struct err *e)
{
	if (run->state != SEALED || find(r, run->header.predecessor) == NULL)
		return 0;
	for (size_t i = 0; i < r->n; i++) {
		const struct bucket_run *later = &r->at[i];

		if (later->state != SEALED || later->header.predecessor == NULL || strcmp(later->header.predecessor, run->id) != 0)
			continue;
		err_set(e, ERR_FAILED, "run %s is referred to: %s follows it, and it follows %s", run->id, later->id, run->header.predecessor);
		return err_hint(e, "remove the older ones first, or the later ones; expire removes from the oldest on");
	}
	return 0;
}

int
bucket_remove(const struct opts *opts, struct err *e)
{
	const char *id = opt_string(opts, OPT_ID_run);
	const struct bucket_run *run;
	struct runs r;
	int rc = -1;

	if (opt_require(opts, OPT_ID_run, e) < 0 || open_runs(opts, &r, e) < 0)
		return -1;
	if ((run = find(&r, id)) == NULL)
		err_set(e, ERR_NO_RUN, "there is no run %s", id);
	else if (refuse_base(&r, run, e) == 0 && refuse_middle(&r, run, e) == 0)
		rc = remove_run(&r, run, e);
	close_runs(&r);
	return rc;
}

/* --- expire --- */

/* How many sealed runs of the same database are newer. */
static uint64_t
newer_ones(const struct runs *r, size_t i)
{
	uint64_t n = 0;

	for (size_t k = i + 1; k < r->n; k++)
		n += r->at[k].state == SEALED && strcmp(r->at[k].header.source_id, r->at[i].header.source_id) == 0 &&
		    strcmp(r->at[k].header.database, r->at[i].header.database) == 0;
	return n;
}

int
bucket_expire(const struct opts *opts, struct err *e)
{
	uint64_t keep = opt_u64(opts, OPT_ID_keep_runs);
	struct runs r;
	int rc = 0;

	if (opt_require(opts, OPT_ID_keep_runs, e) < 0)
		return -1;
	if (keep == 0)
		return err_set(e, ERR_USAGE, "--keep-runs is 1 at least; gpm-push remove removes the last one");
	if (open_runs(opts, &r, e) < 0)
		return -1;
	for (size_t i = 0; rc == 0 && i < r.n; i++) {
		struct bucket_run *run = &r.at[i];

		if (run->state == OPEN)
			log_info("run %s is not sealed, and stays", run->id);
		else if (run->state == DAMAGED)
			log_warning("run %s stays: %s", run->id, run->trouble.text);
		else if (run->state == SEALED && newer_ones(&r, i) >= keep && find_user(&r, run) != NULL)
			log_info("run %s stays: run %s names objects of it", run->id, find_user(&r, run)->id);
		else if (run->state == REMOVING || newer_ones(&r, i) >= keep)
			rc = remove_run(&r, run, e);
	}
	close_runs(&r);
	return rc;
}
