/* elsewhere.c -- statements about partitions that the destination does not have and does not need. */
#include "prelude.h"

#include "adapt_kin.h"
#include "elsewhere.h"
#include "err.h"
#include "quote.h"

#define DEEPEST 100 /* levels of partitions: the text may say that two tables are partitions of each other */

struct elsewhere {
	struct adapt_kin *kin;
	struct waiting {
		struct sql_statement s;
		char *text;
		struct err why;
	} *at;
	size_t n;
};

struct elsewhere *
elsewhere_new(void)
{
	struct elsewhere *w = mem_alloc(sizeof(*w));

	w->kin = adapt_kin_new();
	return w;
}

static void
empty(struct elsewhere *w)
{
	while (w->n > 0)
		free(w->at[--w->n].text);
}

void
elsewhere_free(struct elsewhere *w)
{
	if (w == NULL)
		return;
	empty(w);
	free(w->at);
	adapt_kin_free(w->kin);
	free(w);
}

void
elsewhere_see(struct elsewhere *w, const struct sql_statement *s)
{
	adapt_kin_see(w->kin, s);
}

/* NAME as SQL says it. */
static int
is_here(struct db *db, const char *name, struct err *e)
{
	struct buf sql;
	char *here;
	int rc;

	text_init(&sql);
	text_puts(&sql, "SELECT pg_catalog.to_regclass(");
	quote_literal(&sql, name);
	text_puts(&sql, ") IS NOT NULL");
	here = db_value(db, text_str(&sql), 0, NULL, e);
	buf_release(&sql);
	rc = here == NULL ? -1 : strcmp(here, "t") == 0;
	free(here);
	return rc;
}

/* Is a table above NAME here, while NAME is not? */
static int
is_missing_below(const struct elsewhere *w, struct db *db, const char *name, struct err *e)
{
	bool index;
	int rc = is_here(db, name, e);

	if (rc != 0)
		return rc < 0 ? -1 : 0;
	for (int level = 0; rc == 0 && level < DEEPEST && (name = adapt_kin_above(w->kin, name, &index)) != NULL; level++)
		rc = is_here(db, name, e);
	return rc;
}

int
elsewhere_is(const struct elsewhere *w, struct db *db, const struct sql_statement *s, struct err *e)
{
	char *about = adapt_about(s);
	bool index = false;
	const char *above = about != NULL ? adapt_kin_above(w->kin, about, &index) : NULL;
	int rc = above == NULL ? 0 : is_missing_below(w, db, index ? above : about, e);

	free(about);
	return rc;
}

bool
elsewhere_wait(struct elsewhere *w, const struct sql_statement *s, const struct err *why)
{
	char *about = adapt_about(s);
	struct waiting *new;

	free(about);
	if (about == NULL)
		return false;
	w->at = mem_grow(w->at, (w->n + 1) * sizeof(*w->at));
	new = &w->at[w->n++];
	*new = (struct waiting){ .s = *s, .text = mem_strn(s->text, s->len), .why = *why };
	new->s.text = new->text;
	return true;
}

int
elsewhere_each(struct elsewhere *w, elsewhere_fn *fn, void *ctx, struct err *e)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < w->n; i++)
		rc = fn(ctx, &w->at[i].s, &w->at[i].why, e);
	empty(w);
	return rc;
}
