/* adapt_kin.c -- partitions, their roots and their indexes, out of a schema's statements. */
#include "prelude.h"

#include "adapt_kin.h"
#include "adapt_rules.h"
#include "err.h"
#include "keyset.h"
#include "quote.h"

struct kin {
	char *name, *above;
	bool index;
};

struct adapt_kin {
	struct keyset *names;
	struct kin *at;
	size_t n;
};

struct adapt_kin *
adapt_kin_new(void)
{
	struct adapt_kin *k = mem_alloc(sizeof(*k));

	k->names = keyset_new();
	return k;
}

void
adapt_kin_free(struct adapt_kin *k)
{
	if (k == NULL)
		return;
	for (size_t i = 0; i < k->n; i++) {
		free(k->at[i].name);
		free(k->at[i].above);
	}
	free(k->at);
	keyset_free(k->names);
	free(k);
}

/* Takes both names; nothing is done without one of them. */
static void
add(struct adapt_kin *k, char *name, char *above, bool index)
{
	if (name == NULL || above == NULL) {
		free(name);
		free(above);
		return;
	}
	keyset_add(k->names, name);
	if ((k->n & (k->n - 1)) == 0)
		k->at = mem_grow(k->at, (2 * k->n + 1) * sizeof(*k->at));
	k->at[k->n++] = (struct kin){ name, above, index };
}

const char *
adapt_kin_above(const struct adapt_kin *k, const char *name, bool *index)
{
	if (!keyset_has(k->names, name))
		return NULL;
	for (size_t i = k->n; i > 0; i--) {
		if (strcmp(k->at[i - 1].name, name) == 0) {
			*index = k->at[i - 1].index;
			return k->at[i - 1].above;
		}
	}
	return NULL;
}

/* The index at token I, which lies in the schema of its table, at token TABLE; only those of partitions are kept. */
static void
add_index(struct adapt_kin *k, const struct work *w, size_t i, size_t table)
{
	char *above = adapt_full_name(w, table, 0), *schema = adapt_full_name(w, table, 1), *own = work_name(w, i);
	struct buf name;

	text_init(&name);
	if (above != NULL && own != NULL && keyset_has(k->names, above)) {
		if (schema != NULL)
			text_printf(&name, "%s.", schema);
		quote_ident(&name, own);
		add(k, mem_str(text_str(&name)), mem_str(above), true);
	}
	buf_release(&name);
	free(own);
	free(schema);
	free(above);
}

void
adapt_kin_see(struct adapt_kin *k, const struct sql_statement *s)
{
	struct work w = { .s = s };
	struct err ignored;
	size_t i;

	text_init(&w.more);
	if (work_read(&w, &ignored) == 0) {
		if ((i = work_match(&w, 0, "create ?unlogged table @ partition of")) > 0)
			add(k, adapt_full_name(&w, work_match(&w, 0, "create ?unlogged table"), 0), adapt_full_name(&w, i, 0), false);
		else if ((i = work_match(&w, 0, "alter table ?only @ attach partition")) > 0)
			add(k, adapt_full_name(&w, i, 0), adapt_full_name(&w, work_match(&w, 0, "alter table ?only"), 0), false);
		else if ((i = work_match(&w, 0, "create ?unique index @ on ?only")) > 0)
			add_index(k, &w, work_match(&w, 0, "create ?unique index"), i);
		else if (work_match(&w, 0, "alter table ?only @ add constraint @ primary|unique|exclude") > 0)
			add_index(k, &w, work_match(&w, 0, "alter table ?only @ add constraint"), work_match(&w, 0, "alter table ?only"));
	}
	work_release(&w);
}

/* The first that matches says where the name stands: behind the head, or behind what is looked for after it. */
static const struct {
	const char *head, *part;
	unsigned less;         /* parts of the name that are not the table's */
} subjects[] = {
	{ "alter table ?only @ attach|detach partition", NULL, 0 },
	{ "alter index @ attach partition", NULL, 0 },
	{ "alter|drop ?foreign table|index ?only", NULL, 0 },
	{ "comment on ?foreign table|index", NULL, 0 },
	{ "comment on column", NULL, 1 },
	{ "comment on constraint|policy|rule|trigger", "on", 0 },
	{ "grant|revoke", "on ?table", 0 },
	{ "create ?unique index", "on ?only", 0 },
	{ "create ?constraint trigger", "on", 0 },
	{ "create|alter policy", "on", 0 },
	{ "create ?or ?replace rule", "to", 0 },
	{ "create statistics", "from", 0 },
};

static char *
subject_of(const struct work *w)
{
	for (size_t k = 0; k < GPM_ARRAY_LEN(subjects); k++) {
		size_t head = work_match(w, 0, subjects[k].head), at, end;

		if (head == 0)
			continue;
		if (subjects[k].part == NULL)
			return adapt_full_name(w, head, subjects[k].less);
		return work_find(w, head, w->n, subjects[k].part, &at, &end) ? adapt_full_name(w, end, 0) : NULL;
	}
	return NULL;
}

char *
adapt_about(const struct sql_statement *s)
{
	struct work w = { .s = s };
	struct err ignored;
	char *name = NULL;

	text_init(&w.more);
	if (work_read(&w, &ignored) == 0)
		name = subject_of(&w);
	work_release(&w);
	return name;
}
