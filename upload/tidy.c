/* tidy.c -- objects of a run that nothing will name. */
#include "prelude.h"

#include <inttypes.h>

#include "err.h"
#include "log.h"
#include "stop.h"
#include "tidy.h"

struct tidying {
	struct push *push;
	size_t prefix_len;      /* of "<run>/" in a listed key */
	struct strings strays;
};

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
	    !stored_has(p->stored, table, attempt, batch, seq))
		return false;
	want = chunk_key(t->label, attempt, batch, seq, compression_suffix(&p->how));
	same = strcmp(want, key) == 0;
	free(want);
	return same;
}

/* Strays are gathered and removed after the listing: a list that changes while it is read is
 * anybody's guess. */
static int
look_at(void *ctx, const char *full, bool is_folder, const struct store_object *object, struct err *e)
{
	struct tidying *t = ctx;
	const char *key = full + t->prefix_len;

	if (object->strange) {
		log_warning("'%s' is not ours; left alone", full);
		return 0;
	}
	if (is_folder || is_named(t->push, key))
		return 0;
	t->strays.at = mem_grow(t->strays.at, (t->strays.len + 1) * sizeof(char *));
	t->strays.at[t->strays.len++] = mem_str(full);
	return stop_check(e);
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

int
tidy_run(struct push *p, struct err *e)
{
	struct tidying t = { .push = p };
	char *prefix = push_key(p, "");
	int rc;

	t.prefix_len = strlen(prefix);
	rc = store_list(p->store, prefix, STORE_LIST_RECURSIVE | STORE_LIST_TEMPORARIES, look_at, &t, e);
	for (size_t i = 0; i < t.strays.len; i++) {
		if (rc == 0)
			rc = remove_stray(p, t.strays.at[i], e);
		free(t.strays.at[i]);
	}
	free(t.strays.at);
	free(prefix);
	return rc;
}
