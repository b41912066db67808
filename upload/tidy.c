/* tidy.c -- objects of a run that nothing will name, and those that are to be there. */
#include "prelude.h"

#include <inttypes.h>

#include "err.h"
#include "keyset.h"
#include "log.h"
#include "manifest.h"
#include "piece.h"
#include "pool.h"
#include "stop.h"
#include "tidy.h"

/* Does KEY, which is below the run's folder, stay? */
typedef bool keep_fn(void *ctx, const char *key);

struct tidying {
	keep_fn *keep;          /* NULL: nothing stays */
	void *ctx;
	size_t folder_len;      /* of "<run>/" in a listed key */
	struct strings strays;
};

/* --- what goes ------------------------------------------------------------------------------- */

/* Strays are gathered and removed after the listing: a list that changes while it is read is
 * anybody's guess. */
static int
look_at(void *ctx, const char *full, bool is_folder, const struct store_object *object, struct err *e)
{
	struct tidying *t = ctx;

	if (object->strange)
		log_warning("'%s' is not ours; left alone", full);
	if (object->strange || is_folder || (t->keep != NULL && t->keep(t->ctx, full + t->folder_len)))
		return stop_asked(e);
	t->strays.at = mem_grow(t->strays.at, (t->strays.len + 1) * sizeof(char *));
	t->strays.at[t->strays.len++] = mem_str(full);
	return stop_asked(e);
}

/* Credentials that may only put leave strays behind; nothing will ever name them. */
static int
remove_stray(struct push *p, const char *key, struct err *e)
{
	log_debug("removing '%s', which no manifest names", key);
	if (store_remove(p->store, key, e) >= 0)
		return 0;
	if (e->code != ERR_CREDENTIALS)
		return -1;
	log_warning("'%s' stays behind, which no manifest names: %s", key, e->text);
	return 0;
}

/* All below FOLDER of the run ("": the run's own) but for what KEEP keeps. */
static int
remove_below(struct push *p, const char *folder, keep_fn *keep, void *ctx, struct err *e)
{
	char *prefix = push_key(p, folder);
	struct tidying t = { .keep = keep, .ctx = ctx, .folder_len = strlen(prefix) - strlen(folder) };
	int rc = store_list(p->store, prefix, STORE_LIST_RECURSIVE | STORE_LIST_TEMPORARIES, look_at, &t, e);

	for (size_t i = 0; i < t.strays.len; i++) {
		if (rc == 0)
			rc = remove_stray(p, t.strays.at[i], e);
		free(t.strays.at[i]);
	}
	free(t.strays.at);
	free(prefix);
	return rc < 0 ? -1 : 0;
}

/* --- what stays ------------------------------------------------------------------------------ */

/* Does the journal name this chunk object of an attempt that counts?  The key itself must be the one
 * that its numbers give: a number that is only alike names another object. */
static bool
is_named(struct push *p, const char *key)
{
	uint64_t table, attempt, batch, seq;
	const struct view_table *t;
	char *want;
	bool same;

	if (sscanf(key, "data/%" SCNu64 "-%*[^/]/a%" SCNu64 "/b%" SCNu64 "/%" SCNu64 ".csv", &table,
	    &attempt, &batch, &seq) != 4)
		return false;
	t = run_view_table(&p->view, table);
	if (t == NULL || !run_view_counts(&p->view, table, attempt) ||
	    !stored_has_own(p->stored, table, attempt, batch, seq))
		return false;
	want = chunk_key(t->label, attempt, batch, seq, compression_suffix(&p->how));
	same = strcmp(want, key) == 0;
	free(want);
	return same;
}

/* Of a run that several hosts store: what they say of their shares, the schema, which the export's host has stored already,
 * and manifests: another host may be sealing it at this moment, and writes the same ones. */
static bool
is_of_parts(struct push *p, const char *key)
{
	const char *slash = strrchr(key, '/'), *name = slash != NULL ? slash + 1 : key;

	return p->view.nhosts > 0 && strncmp(key, "data/", 5) != 0 && name[0] != '.';
}

struct counting {
	struct push *push;
	uint64_t named; /* chunk objects that count and are there */
};

static bool
keep_named(void *ctx, const char *key)
{
	struct counting *c = ctx;
	bool named = is_named(c->push, key);

	c->named += named;
	return named || is_of_parts(c->push, key) || strcmp(key, MANIFEST_CLAIM) == 0;
}

/* --- what has to be there -------------------------------------------------------------------- */

/* One chunk to be looked for. */
struct look {
	const struct stored_list *list;
	size_t i;
};

/* Is it there, as it was stored?  A list may lag behind; what cannot be examined either is gone. */
static int
check_chunk(struct push *p, const struct look *look, struct err *e)
{
	struct store_object there;
	struct rec_chunk c;
	char *full;
	int rc;

	if (stored_read(p->stored, look->list, look->i, &c, e) < 0)
		return -1;
	full = c.base != NULL ? mem_printf("%s/%s", c.base, c.key) : push_key(p, c.key);
	rc = store_head(p->store, full, &there, e);
	if (rc == 0) {
		rc = err_set(e, ERR_DIFFERS, "'%s' was stored and is not there any more", full);
		err_hint(e, "somebody removed it; gpm-export --new-run starts anew");
	} else if (rc > 0 && there.size != c.stored_bytes) {
		rc = err_set(e, ERR_DIFFERS, "'%s' was stored with %" PRIu64 " bytes and has %" PRIu64, full, c.stored_bytes, there.size);
		err_hint(e, "somebody changed it; gpm-export --new-run starts anew");
	}
	free(full);
	record_free_fields(REC_CHUNK, &c);
	return rc < 0 ? -1 : 0;
}

static int
look_worker(void *ctx, unsigned index, void *job, struct err *e)
{
	int rc = stop_asked(e) < 0 ? -1 : check_chunk(ctx, job, e);

	(void)index;
	free(job);
	return rc;
}

/* The stored chunks of a table, if its attempt counts. */
static const struct stored_list *
list_that_counts(struct push *p, uint64_t number)
{
	uint64_t attempt = p->view.tables[number - 1].attempt;

	return run_view_counts(&p->view, number, attempt) ? stored_list(p->stored, number, attempt) : NULL;
}

static uint64_t
count_own(struct push *p)
{
	uint64_t total = 0;

	for (uint64_t number = 1; number <= p->view.ntables; number++) {
		const struct stored_list *list = list_that_counts(p, number);

		for (size_t i = 0; i < stored_len(list); i++)
			total += !stored_is_based(list, i);
	}
	return total;
}

static int
give_looks(struct push *p, bool all, struct pool *pool, struct err *e)
{
	int rc = 0;

	for (uint64_t number = 1; rc == 0 && number <= p->view.ntables; number++) {
		const struct stored_list *list = list_that_counts(p, number);

		for (size_t i = 0; rc == 0 && i < stored_len(list); i++) {
			struct look *look;

			if (!all && !stored_is_based(list, i))
				continue;
			look = mem_alloc(sizeof(*look));
			*look = (struct look){ list, i };
			rc = pool_put(pool, look, e);
		}
	}
	return rc;
}

/* Every chunk that counts was put once, but that may be weeks ago; NAMED of them the list of the run's folder has shown, with
 * any size.  Those in the folders of earlier runs are asked for one by one. */
static int
look_for_missing(struct push *p, uint64_t named, struct err *e)
{
	struct pool *pool = pool_start(p->jobs, look_worker, free, p);

	if (give_looks(p, named != count_own(p), pool, e) == 0)
		return pool_finish(pool, e);
	pool_abort(pool);
	return -1;
}

/* --- */

int
tidy_run(struct push *p, struct err *e)
{
	struct counting c = { .push = p };

	return remove_below(p, "", keep_named, &c, e) < 0 ? -1 : look_for_missing(p, c.named, e);
}

int
tidy_parts(struct push *p, struct err *e)
{
	return remove_below(p, PART_FOLDER, NULL, NULL, e);
}

static bool
keep_in_set(void *ctx, const char *key)
{
	return keyset_has(ctx, key);
}

int
tidy_unnamed(struct push *p, struct keyset *named, struct err *e)
{
	return remove_below(p, "", keep_in_set, named, e);
}
