/* adapt_object.c -- what a statement is about, in words. */
#include "prelude.h"

#include "adapt_work.h"

#define LOOKED_AT 40 /* tokens: the name stands among the first */

/* What comes between the verb and the kind. */
#define MODIFIERS "or|replace|global|local|temp|temporary|unlogged|unique|trusted|procedural|readable|writable|web|recursive|default"

static const struct {
	const char *words, *kind;
} kinds[] = {
	{ "external ?web table", "external table" },
	{ "foreign table", "foreign table" },
	{ "foreign data wrapper", "foreign-data wrapper" },
	{ "materialized view", "materialized view" },
	{ "event trigger", "event trigger" },
	{ "operator class", "operator class" },
	{ "operator family", "operator family" },
	{ "resource queue", "resource queue" },
	{ "resource group", "resource group" },
	{ "text search configuration|dictionary|parser|template", "text search" },
	{ "user mapping for", "user mapping for" },
	{ "constraint trigger", "trigger" },
	{ "aggregate", "aggregate" }, { "collation", "collation" }, { "column", "column" }, { "constraint", "constraint" },
	{ "conversion", "conversion" }, { "database", "database" }, { "domain", "domain" }, { "extension", "extension" },
	{ "function", "function" }, { "index", "index" }, { "language", "language" }, { "operator", "operator" },
	{ "policy", "policy" }, { "procedure", "procedure" }, { "protocol", "protocol" }, { "publication", "publication" },
	{ "role", "role" }, { "rule", "rule" }, { "schema", "schema" }, { "sequence", "sequence" }, { "server", "server" },
	{ "statistics", "statistics" }, { "subscription", "subscription" }, { "table", "table" }, { "tablespace", "tablespace" },
	{ "trigger", "trigger" }, { "type", "type" }, { "view", "view" }, { "cast", "cast" },
};

/* The statement's first tokens. */
static void
read_head(struct work *w)
{
	const char *p = w->s->text, *end = p + w->s->len;
	struct sql_token t;

	w->tokens = mem_array(LOOKED_AT, sizeof(*w->tokens));
	while (w->n < LOOKED_AT && (size_t)(p - w->s->text) < UINT32_MAX / 2 && sqllex_next(&p, end, &t)) {
		w->tokens[w->n] = (struct token){ (uint32_t)(t.text - w->s->text), (uint32_t)t.len, (uint32_t)w->n, (uint8_t)t.kind, false };
		w->n++;
	}
}

/* Where the kind stands, behind CREATE, COMMENT ON, GRANT … ON and the like. */
static size_t
skip_verb(const struct work *w, bool *rights)
{
	size_t i = work_match(w, 0, "create|alter|drop"), at, next;

	if (i == 0)
		i = work_match(w, 0, "comment on");
	if (i == 0)
		i = work_match(w, 0, "security label");
	*rights = i == 0 && work_match(w, 0, "grant|revoke") > 0;
	if (*rights && work_find(w, 1, w->n, "on", &at, &next))
		i = next;
	while (i > 0 && (next = work_match(w, i, MODIFIERS)) > 0)
		i = next;
	return i;
}

void
work_spell(const struct work *w, size_t i, struct buf *b)
{
	for (size_t end = work_match(w, i, "@"); i < end; i++) {
		char *name = work_name(w, i);
		bool plain = name != NULL && name[0] != '\0' && name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_")] == '\0';

		if (plain)
			text_puts(b, name);
		else
			work_add_text(w, i, i + 1, b);
		free(name);
	}
}

static void
add_object(const struct work *w, size_t i, bool rights, struct buf *b)
{
	const char *kind = rights ? "table" : NULL; /* GRANT … ON name */
	size_t at, end, next;

	for (size_t k = 0; k < GPM_ARRAY_LEN(kinds); k++) {
		if ((next = work_match(w, i, kinds[k].words)) == 0)
			continue;
		kind = kinds[k].kind;
		i = next;
		break;
	}
	if (kind == NULL)
		return;
	if ((next = work_match(w, i, "if ?not exists")) > 0)
		i = next;
	i = work_match(w, i, "only @") > 0 ? i + 1 : i;
	if (work_match(w, i, "@") == 0)
		return;
	text_printf(b, "%s%s ", rights ? "rights on " : "", kind);
	work_spell(w, i, b);
	/* names of these are their table's */
	if ((strcmp(kind, "trigger") == 0 || strcmp(kind, "policy") == 0 || strcmp(kind, "rule") == 0 || strcmp(kind, "index") == 0) &&
	    work_find(w, i, w->n, "on ?only @", &at, &end)) {
		text_puts(b, " of ");
		work_spell(w, work_word(w, at + 1, "only") ? at + 2 : at + 1, b);
	}
}

/* Of another statement its beginning is shown; what stands in quotes may be a password. */
static void
add_beginning(const struct sql_statement *s, struct buf *b)
{
	size_t shown = strcspn(s->text, "\n'");

	text_add(b, s->text, shown < 60 ? shown : 60);
}

char *
adapt_object(const struct sql_statement *s)
{
	struct work w = { .s = s };
	struct buf b;
	bool rights;
	size_t i;

	text_init(&b);
	read_head(&w);
	if ((i = skip_verb(&w, &rights)) > 0)
		add_object(&w, i, rights, &b);
	if (b.len == 0)
		add_beginning(s, &b);
	free(w.tokens);
	return text_take(&b);
}
