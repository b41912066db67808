/* run_names.c -- what of a destination is a run's own, by name. */
#include "prelude.h"

#include "err.h"
#include "ledger.h"
#include "run_names.h"

void
run_names_add(struct keyset *names, const char *schema, const char *name)
{
	char *key = ledger_root_key(schema, name);

	keyset_add(names, key);
	free(key);
}

bool
run_names_has(const struct keyset *names, const char *schema, const char *name)
{
	char *key = ledger_root_key(schema, name);
	bool has = keyset_has(names, key);

	free(key);
	return has;
}

static int
add_table(void *ctx, struct record *r, struct err *e)
{
	(void)e; /* cannot fail */
	run_names_add(ctx, r->u.manifest.schema, r->u.manifest.name);
	return 0;
}

static int
add_failed(void *ctx, struct record *r, struct err *e)
{
	(void)e; /* cannot fail */
	run_names_add(ctx, r->u.failed.schema, r->u.failed.name);
	return 0;
}

int
run_names_read(struct run *run, struct db *db, struct keyset **out, struct err *e)
{
	struct keyset *names = keyset_new();
	size_t roots;

	if (run_each(run, REC_MANIFEST, add_table, names, e) < 0 || run_each(run, REC_FAILED, add_failed, names, e) < 0 ||
	    ledger_roots(db, run->id, names, &roots, e) < 0) {
		keyset_free(names);
		return -1;
	}
	*out = names;
	return 0;
}
