/* adapt_partitions.c -- rules for partitions: read the one clause that Greenplum 4 to 6 write, and declare every
 * partition by a statement of its own. */
#include "prelude.h"

#include "adapt_partitions.h"
#include "quote.h"

#define LONG_NAME 512 /* of a table, and of a key's columns: all of them are repeated */

/* --- reading --------------------------------------------------------------------------------- */

bool
clause_read(const struct work *w, size_t at, struct clause *out)
{
	size_t i = at, next;

	memset(out, 0, sizeof(*out));
	out->at = at;
	while ((next = work_match(w, i, i == at ? "partition by range|list ()" : "subpartition by range|list ()")) > 0) {
		if (out->nlevels == PARTITION_LEVELS)
			return false;
		out->levels[out->nlevels++] = (struct level){ .list = work_word(w, i + 2, "list"), .keys = i + 3 };
		i = next;
	}
	out->elements = i;
	out->end = work_after(w, i);
	return out->nlevels > 0 && work_char(w, i, '(') && out->end > i + 2;
}

/* What '…' or E'…' says; NULL when it is neither. */
static char *
string_value(const struct work *w, size_t i)
{
	struct sql_token t = work_token(w, i);
	bool escapes = t.len > 0 && (t.text[0] == 'E' || t.text[0] == 'e');
	size_t n = 0;
	char *value;

	if (t.kind != SQL_STRING || t.text[0] == '$')
		return NULL;
	value = mem_alloc(t.len);
	for (size_t k = escapes ? 2 : 1; k + 1 < t.len; k++) {
		if (t.text[k] == '\'' || (escapes && t.text[k] == '\\'))
			k++; /* doubled */
		if (k + 1 < t.len)
			value[n++] = t.text[k];
	}
	return value;
}

static char *
table_of(const struct work *w, size_t open)
{
	for (size_t i = open + 1; i < work_after(w, open) - 1; i++)
		if (work_keyword(w, i, "tablename") && work_char(w, i + 1, '='))
			return string_value(w, i + 2);
	return NULL;
}

/* START or END at I: its '(', the word that says how, behind it. */
static size_t
read_bound(const struct work *w, size_t i, size_t *open, const char *word, bool *is, size_t *how)
{
	*open = i + 1;
	i = work_after(w, i + 1);
	if (work_match(w, i, "inclusive|exclusive") == 0)
		return i;
	*is = work_word(w, i, word);
	*how = i;
	return i + 1;
}

size_t
element_read(const struct work *w, size_t i, struct element *out)
{
	size_t next;

	memset(out, 0, sizeof(*out));
	if ((next = work_match(w, i, "default partition|subpartition @")) > 0)
		out->is_default = true;
	else
		next = work_match(w, i, "partition|subpartition @");
	for (i = next > 0 ? next : i; i < w->n && !work_char(w, i, ',') && !work_char(w, i, ')'); ) {
		if ((next = work_match(w, i, "values ()")) > 0) {
			out->values = i + 1;
		} else if (work_match(w, i, "start ()") > 0) {
			next = read_bound(w, i, &out->start, "exclusive", &out->start_exclusive, &out->start_how);
		} else if (work_match(w, i, "end ()") > 0) {
			next = read_bound(w, i, &out->stop, "inclusive", &out->stop_inclusive, &out->stop_how);
		} else if ((next = work_match(w, i, "with ()")) > 0) {
			out->with = i + 1;
			free(out->table);
			out->table = table_of(w, i + 1);
		} else if ((next = work_match(w, i, "tablespace @")) > 0) {
			out->space = i + 1;
		} else if (work_char(w, i, '(')) {
			next = work_after(w, i);
			out->below = i;
		} else if ((next = work_match(w, i, "every ()")) == 0 && (next = work_match(w, i, "column @ encoding ()")) == 0 &&
		    (next = work_match(w, i, "default column encoding ()")) == 0) {
			return 0;
		}
		i = next;
	}
	return i;
}

/* --- one statement a partition ------------------------------------------------------------------------------ */

/* A root whose partitions are being declared. */
struct declaring {
	struct work *w;
	const struct clause *c;
	struct adapt_root *root;
	size_t name, name_end; /* of the root: tokens */
	bool inherits;         /* they cannot be declared: tables that inherit, each with a CHECK */
};

/* The column of a key with one column. */
static char *
key_of(const struct work *w, const struct level *l)
{
	return work_char(w, l->keys + 2, ')') ? work_name(w, l->keys + 1) : NULL;
}

static void
add_keys(const struct work *w, const struct level *l, struct buf *b)
{
	text_printf(b, "PARTITION BY %s ", l->list ? "LIST" : "RANGE");
	work_add_text(w, l->keys, work_after(w, l->keys), b);
}

static void
add_child_name(const struct declaring *d, const char *table, struct buf *b)
{
	if (d->name_end - d->name > 2) /* the root's schema */
		work_add_text(d->w, d->name, d->name_end - 1, b);
	quote_ident(b, table);
}

static bool
add_bound(struct declaring *d, const struct level *l, size_t open, bool next, const char *open_end, struct buf *b)
{
	char *key = key_of(d->w, l);
	bool good = key != NULL;

	text_puts(b, "(");
	if (open == 0)
		text_puts(b, open_end);
	else if (!next)
		work_add_text(d->w, open + 1, work_after(d->w, open) - 1, b);
	else
		good = good && bound_next(d->w, key, open, b);
	text_puts(b, ")");
	free(key);
	return good;
}

/* FOR VALUES …, or DEFAULT. */
static bool
add_values(struct declaring *d, const struct level *l, const struct element *el, struct buf *b)
{
	if (el->is_default) {
		text_puts(b, " DEFAULT");
		return true;
	}
	text_puts(b, " FOR VALUES ");
	if (l->list) {
		text_puts(b, "IN ");
		work_add_text(d->w, el->values, work_after(d->w, el->values), b);
		return el->values > 0;
	}
	text_puts(b, "FROM ");
	if (!add_bound(d, l, el->start, el->start_exclusive, "MINVALUE", b))
		return false;
	text_puts(b, " TO ");
	return add_bound(d, l, el->stop, el->stop_inclusive, "MAXVALUE", b);
}

/* WITH and TABLESPACE of a table that holds rows. */
static void
add_place(struct declaring *d, const struct element *el, bool leaf, struct buf *b)
{
	struct buf kept, left_out;
	char *space = el->space > 0 ? work_name(d->w, el->space) : NULL;

	text_init(&kept);
	text_init(&left_out);
	if ((leaf || d->inherits) && el->with > 0)
		storage_kept(d->w, el->with, &kept, &left_out);
	if (adapt_to(d->w->adapter) != ADAPT_POSTGRESQL && left_out.len > 0)
		text_printf(&kept, "%s%s", kept.len > 0 ? ", " : "", text_str(&left_out));
	if (kept.len > 0)
		text_printf(b, " WITH (%s)", text_str(&kept));
	if (space != NULL) {
		text_puts(b, " TABLESPACE ");
		quote_ident(b, adapt_name(adapt_tablespaces(d->w->adapter), space));
	}
	buf_release(&kept);
	buf_release(&left_out);
	free(space);
}

static bool
add_partition(struct declaring *d, const struct level *l, const struct element *el, const char *parent, struct buf *b)
{
	bool good;

	text_printf(b, "PARTITION OF %s", parent);
	good = add_values(d, l, el, b);
	if (el->below > 0) {
		text_puts(b, " ");
		add_keys(d->w, l + 1, b);
	}
	return good;
}

static bool
add_inherits(struct declaring *d, const struct level *l, const struct element *el, const char *parent, struct buf *b)
{
	struct buf check;
	bool good;

	text_init(&check);
	good = inherits_check(d->w, l, el, &check);
	text_puts(b, "(");
	if (check.len > 0)
		text_printf(b, "CHECK (%s)", text_str(&check));
	text_printf(b, ") INHERITS (%s)", parent);
	buf_release(&check);
	return good;
}

static bool declare(struct declaring *, size_t open, size_t depth, const char *parent);

static bool
declare_one(struct declaring *d, const struct element *el, size_t depth, const char *parent)
{
	const struct level *l = &d->c->levels[depth];
	bool leaf = el->below == 0, good;
	struct buf b, name;

	if (el->table == NULL || leaf != (depth + 1 == d->c->nlevels))
		return false;
	text_init(&name);
	add_child_name(d, el->table, &name);
	text_init(&b);
	text_printf(&b, "CREATE %sTABLE %s ", work_word(d->w, 1, "unlogged") ? "UNLOGGED " : "", text_str(&name));
	good = d->inherits ? add_inherits(d, l, el, parent, &b) : add_partition(d, l, el, parent, &b);
	add_place(d, el, leaf, &b);
	work_more(d->w, text_str(&b));
	buf_release(&b);
	if (good && !d->w->too_long) {
		struct adapt_root *r = d->root;

		if ((r->nchildren & (r->nchildren - 1)) == 0)
			r->children = mem_grow(r->children, (2 * r->nchildren + 1) * sizeof(char *));
		r->children[r->nchildren++] = mem_str(text_str(&name));
		good = leaf || declare(d, el->below, depth + 1, text_str(&name));
	}
	buf_release(&name);
	return good;
}

/* The partitions in the parentheses at OPEN, and below them; at most PARTITION_LEVELS deep. */
static bool
declare(struct declaring *d, size_t open, size_t depth, const char *parent)
{
	size_t close = work_after(d->w, open) - 1;
	bool good = true;

	for (size_t i = open + 1; good && i < close; i++) {
		struct element el;

		i = element_read(d->w, i, &el);
		good = i > 0 && declare_one(d, &el, depth, parent);
		free(el.table);
	}
	return good;
}

static bool
is_short(const struct work *w, size_t from, size_t to)
{
	return from < to && w->tokens[to - 1].at + w->tokens[to - 1].len - w->tokens[from].at <= LONG_NAME;
}

static bool
can_repeat(const struct declaring *d)
{
	bool good = is_short(d->w, d->name, d->name_end);

	for (size_t i = 0; i < d->c->nlevels; i++)
		good = good && is_short(d->w, d->c->levels[i].keys, work_after(d->w, d->c->levels[i].keys));
	return good;
}

/* Declared, or as tables that inherit; false when it cannot be read. */
static bool
try_declare(struct declaring *d, const struct adapt_rule *rule)
{
	struct buf b;

	buf_reset(&d->w->more);
	while (d->root->nchildren > 0) /* what a try before this one got */
		free(d->root->children[--d->root->nchildren]);
	if (!declare(d, d->c->elements, 0, d->root->name))
		return false;
	text_init(&b);
	if (!d->inherits)
		add_keys(d->w, &d->c->levels[0], &b);
	work_replace(d->w, d->c->at, d->c->end, text_str(&b));
	buf_release(&b);
	d->root->inherits = d->inherits;
	d->w->declared = !d->inherits;
	if (d->inherits)
		work_note(d->w, ADAPT_CHANGED, "inherits", "such partitions cannot be declared here: they are tables that inherit from it, each with a CHECK;"
		    " its indexes and keys are its own only, and a row that is put into it stays there");
	else
		work_note(d->w, ADAPT_CHANGED, rule->name, "%s", rule->text);
	return true;
}

/* A list over several columns. */
static bool
has_odd_list(const struct work *w, const struct clause *c)
{
	for (size_t i = 0; i < c->nlevels; i++)
		if (c->levels[i].list && !work_char(w, c->levels[i].keys + 2, ')'))
			return true;
	return false;
}

static void
declare_all(struct work *w, const struct clause *c, const struct adapt_rule *rule)
{
	struct declaring d = { .w = w, .c = c };

	d.name = work_match(w, 0, "create ?unlogged table");
	d.name_end = work_match(w, d.name, "@");
	if (can_repeat(&d)) {
		d.root = adapt_add_root(w->adapter, adapt_full_name(w, d.name, 0));
		d.inherits = has_odd_list(w, c) || adapt_to(w->adapter) != ADAPT_POSTGRESQL;
		if (try_declare(&d, rule))
			return;
		d.inherits = true;
		if (try_declare(&d, rule))
			return;
		buf_reset(&w->more);
	}
	work_note(w, ADAPT_CHANGED, "partitions-unknown", "its partitions are not understood: it is left as it is, and will fail");
}

void
partitions_declare(struct work *w, const struct adapt_rule *rule, size_t at, size_t end)
{
	struct clause c;

	(void)end;
	if (clause_read(w, at, &c))
		declare_all(w, &c, rule);
}

/* --- Greenplum -------------------------------------------------------------------------------- */

/* START (…) EXCLUSIVE as START (the next value); the word goes, for the other one is the default. */
static void
renew_bound(struct work *w, const char *key, size_t open, size_t how)
{
	struct buf b;

	text_init(&b);
	text_puts(&b, "(");
	if (bound_next(w, key, open, &b)) {
		text_puts(&b, ")");
		work_replace(w, open, how + 1, text_str(&b));
		work_note(w, ADAPT_CHANGED, "bounds", "bounds of a kind that is not there any more are the next value of their type");
	}
	buf_release(&b);
}

/* Bounds that the server does not step over itself. */
static void
renew_bounds(struct work *w, const struct clause *c, size_t open, size_t depth)
{
	size_t close = work_after(w, open) - 1;
	char *key = key_of(w, &c->levels[depth]);
	bool renew = key != NULL && bound_needs_rewrite(w, key);
	size_t next;

	for (size_t i = open + 1; i < close; i = next + 1) {
		struct element el;

		next = element_read(w, i, &el);
		free(el.table);
		if (next == 0)
			break;
		if (renew && el.start_exclusive)
			renew_bound(w, key, el.start, el.start_how);
		if (renew && el.stop_inclusive)
			renew_bound(w, key, el.stop, el.stop_how);
		if (el.below > 0 && depth + 1 < c->nlevels)
			renew_bounds(w, c, el.below, depth + 1);
	}
	free(key);
}

void
partitions_keep(struct work *w, const struct adapt_rule *rule, size_t at, size_t end)
{
	struct clause c;

	(void)end;
	if (!clause_read(w, at, &c))
		return;
	if (adapt_to(w->adapter) == ADAPT_GREENPLUM7 && has_odd_list(w, &c)) {
		declare_all(w, &c, rule);
		return;
	}
	adapt_add_root(w->adapter, adapt_full_name(w, work_match(w, 0, "create ?unlogged table"), 0));
	if (adapt_to(w->adapter) == ADAPT_GREENPLUM7)
		renew_bounds(w, &c, c.elements, 0);
}
