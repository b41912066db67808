/* adapt.c -- a schema's statements, one after another through the rules. */
#include "prelude.h"

#include <inttypes.h>

#include "adapt_rules.h"
#include "err.h"
#include "keyset.h"
#include "quote.h"

struct adapter {
	enum adapt_to to;
	const struct adapt_map *owners, *tablespaces;
	struct keyset *gone, *is_root;
	struct adapt_root **roots;
	size_t nroots;
	bool with_oids;
};

struct adapter *
adapter_new(enum adapt_to to, const struct adapt_map *owners, const struct adapt_map *tablespaces)
{
	struct adapter *a = mem_alloc(sizeof(*a));

	a->to = to;
	a->owners = owners;
	a->tablespaces = tablespaces;
	a->gone = keyset_new();
	a->is_root = keyset_new();
	return a;
}

void
adapter_free(struct adapter *a)
{
	if (a == NULL)
		return;
	for (size_t i = 0; i < a->nroots; i++) {
		for (size_t k = 0; k < a->roots[i]->nchildren; k++)
			free(a->roots[i]->children[k]);
		free(a->roots[i]->children);
		free(a->roots[i]->name);
		free(a->roots[i]);
	}
	free(a->roots);
	keyset_free(a->is_root);
	keyset_free(a->gone);
	free(a);
}

/* --- what rules know ------------------------------------------------------------------------- */

char *
adapt_full_name(const struct work *w, size_t i, unsigned less)
{
	size_t parts = 0;
	struct buf b;
	char *name;

	if (i == 0 || work_match(w, i, "@") == 0)
		return NULL;
	for (size_t k = i, end = work_match(w, i, "@"); k < end; k += 2)
		parts++;
	if (parts <= less)
		return NULL;
	text_init(&b);
	for (parts -= less; parts > 0; parts--, i += 2) {
		name = work_name(w, i);
		quote_ident(&b, name);
		if (parts > 1)
			text_puts(&b, ".");
		free(name);
	}
	return text_take(&b);
}

void
adapt_add_gone(struct adapter *a, const char *name)
{
	keyset_add(a->gone, name);
}

bool
adapt_is_gone(const struct adapter *a, const char *name)
{
	return keyset_has(a->gone, name);
}

struct adapt_root *
adapt_add_root(struct adapter *a, char *name)
{
	struct adapt_root *r = mem_alloc(sizeof(*r));

	r->name = name;
	a->roots = mem_grow(a->roots, (a->nroots + 1) * sizeof(struct adapt_root *));
	a->roots[a->nroots++] = r;
	keyset_add(a->is_root, name);
	return r;
}

/* The statements about a table follow it closely: the last ones are looked at first. */
const struct adapt_root *
adapt_find_root(const struct adapter *a, const char *name)
{
	if (!keyset_has(a->is_root, name))
		return NULL;
	for (size_t i = a->nroots; i > 0; i--)
		if (strcmp(a->roots[i - 1]->name, name) == 0)
			return a->roots[i - 1];
	return NULL;
}

bool *
adapt_with_oids(struct adapter *a)
{
	return &a->with_oids;
}

enum adapt_to
adapt_to(const struct adapter *a)
{
	return a->to;
}

const struct adapt_map *
adapt_owners(const struct adapter *a)
{
	return a->owners;
}

const struct adapt_map *
adapt_tablespaces(const struct adapter *a)
{
	return a->tablespaces;
}

/* --- one statement --------------------------------------------------------------------------- */

static void
try_rule(struct work *w, const struct adapt_rule *rule)
{
	size_t head = (w->adapter->to & rule->to) != 0 ? work_match(w, 0, rule->head) : 0, at, end;

	if (head == 0)
		return;
	if (rule->part == NULL)
		rule->fn(w, rule, 0, head);
	else
		for (size_t i = head; !w->passed && work_find(w, i, w->n, rule->part, &at, &end); i = end)
			rule->fn(w, rule, at, end);
}

static void
add_statement(struct adapted *out, const struct sql_statement *from, char *text)
{
	out->at = mem_grow(out->at, (out->len + 1) * sizeof(*out->at));
	out->at[out->len] = (struct sql_statement){
		.text = text, .len = strlen(text), .number = from->number, .line = from->line, .part = out->len,
		.session = out->len == 0 && from->session,
	};
	out->len++;
}

static int
give(struct work *w, struct adapted *out, struct err *e)
{
	char *text;

	if (w->passed)
		return 0;
	if (w->too_long)
		return err_set(e, ERR_FAILED, "the statement becomes longer than what can be adapted");
	if ((text = work_text(w, e)) == NULL)
		return -1;
	add_statement(out, w->s, text);
	for (size_t at = 0; at < w->more.len; at += strlen(w->more.data + at) + 1)
		add_statement(out, w->s, mem_str(w->more.data + at));
	return 0;
}

int
adapter_take(struct adapter *a, const struct sql_statement *s, struct adapted *out, struct err *e)
{
	struct work w = { .adapter = a, .s = s, .out = out };
	int rc;

	memset(out, 0, sizeof(*out));
	text_init(&w.more);
	if ((rc = work_read(&w, e)) == 0) {
		for (size_t i = 0; i < adapt_nrules && !w.passed; i++)
			try_rule(&w, &adapt_rules[i]);
		out->object = adapt_object(s);
		rc = give(&w, out, e);
	}
	if (rc < 0)
		adapted_release(out);
	work_release(&w);
	return rc;
}

int
adapter_each(struct adapter *a, const char *section, const struct buf *text, adapter_fn *fn, void *ctx, struct err *e)
{
	struct sqlsplit *split = sqlsplit_new(text->data, text->len);
	struct sql_statement s;
	struct adapted out;
	int rc;

	while ((rc = sqlsplit_next(split, &s, e)) > 0) {
		if (adapter_take(a, &s, &out, e) < 0) {
			rc = err_context(e, "%s.sql, line %" PRIu64, section, s.line);
			break;
		}
		for (size_t i = 0; rc > 0 && i < out.len; i++)
			rc = fn(ctx, &out.at[i], e) < 0 ? -1 : 1;
		adapted_release(&out);
		if (rc < 0)
			break;
	}
	sqlsplit_free(split);
	return rc;
}

void
adapted_release(struct adapted *out)
{
	for (size_t i = 0; i < out->len; i++)
		free((char *)(uintptr_t)out->at[i].text);
	free(out->at);
	for (size_t i = 0; i < out->nnotes; i++)
		free(out->notes[i].text);
	free(out->notes);
	free(out->object);
	memset(out, 0, sizeof(*out));
}
