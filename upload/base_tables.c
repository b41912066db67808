/* base_tables.c -- tables whose rows an earlier run has. */
#include "prelude.h"

#include "base_tables.h"
#include "err.h"

static bool
waits(const struct view_table *t)
{
	return t->listed && t->is_done && t->base_table > 0 && !t->has_base_lines;
}

bool
base_tables_wait(const struct push *p)
{
	for (size_t i = 0; i < p->view.ntables; i++)
		if (waits(&p->view.tables[i]))
			return true;
	return false;
}

struct adding {
	struct push *push;
	uint64_t table, attempt;
};

static int
add(void *ctx, struct rec_chunk *c, const char *run, struct err *e)
{
	struct adding *a = ctx;
	struct push *p = a->push;
	struct rec_chunk rec = *c;
	int rc;

	if (c->encryption != NULL)
		return err_set(e, ERR_DIFFERS, "'%s/%s' is encrypted, which binds it to its run", run, c->key);
	if (stored_has(p->stored, a->table, a->attempt, c->batch, c->seq))
		return 0;
	rec.table = a->table;
	rec.attempt = a->attempt;
	rec.base = mem_str(run);
	atomic_fetch_add(&p->based, 1);
	atomic_fetch_add(&p->based_bytes, c->stored_bytes);
	rc = stored_add_base(p->stored, &rec, e);
	free(rec.base);
	return rc;
}

int
base_tables_add(struct push *p, struct err *e)
{
	for (size_t i = 0; i < p->view.ntables; i++) {
		struct view_table *t = &p->view.tables[i];
		struct adding a = { .push = p, .table = i + 1, .attempt = t->attempt };

		if (!waits(t))
			continue;
		if (allowance_begin(p->allowance, e) < 0)
			return -1;
		if (p->base == NULL)
			return err_set(e, ERR_DIFFERS, "%s is said to be in another run, but the run names none", t->label);
		if (base_chunks(p->base, t->base_table, add, &a, e) < 0)
			return err_context(e, "%s, which gpm-export left to an earlier run", t->label);
		t->has_base_lines = true;
	}
	return 0;
}
