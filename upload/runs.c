/* runs.c -- several runs, one after the other. */
#include "prelude.h"

#include "err.h"
#include "opt.h"
#include "runs.h"

void
runs_hush(const struct opts *opts, struct err *e)
{
	if (opt_flag(opts, OPT_ID_quiet) && (e->code == ERR_UNFINISHED || e->code == ERR_LOCKED || e->code == ERR_LIMIT))
		e->text[0] = e->hint[0] = '\0';
}

int
runs_each(const struct opts *opts, const spool_id *ids, size_t n, runs_fn *fn, void *ctx, struct err *e)
{
	struct err worst = { .code = ERR_OK };
	bool enough = false;

	for (size_t i = 0; i < n && !enough; i++) {
		err_clear(e);
		if (fn(ctx, ids[i], e) == 0)
			continue;
		enough = e->code == ERR_STOPPED || e->code == ERR_LIMIT;
		runs_hush(opts, e);
		err_gather(&worst, e);
	}
	*e = worst;
	return worst.code == ERR_OK ? 0 : -1;
}

struct found {
	spool_id *ids;
	size_t n;
};

static int
see_folder(void *ctx, const char *key, bool is_folder, const struct store_object *object, struct err *e)
{
	struct found *f = ctx;
	char *id = mem_strn(key, strlen(key) > 0 ? strlen(key) - 1 : 0); /* without its '/' */

	(void)e; /* cannot fail */
	if (is_folder && !object->strange && runid_valid(id)) {
		f->ids = mem_grow(f->ids, (f->n + 1) * sizeof(*f->ids));
		memcpy(f->ids[f->n++], id, sizeof(*f->ids));
	}
	free(id);
	return 0;
}

int
runs_of_store(struct store *store, spool_id **out, size_t *n, struct err *e)
{
	struct found f = { 0 };

	/* a list is sorted by name, and run ids sort by time */
	if (store_list(store, "", 0, see_folder, &f, e) < 0) {
		free(f.ids);
		return -1;
	}
	*out = f.ids;
	*n = f.n;
	return 0;
}
