/* adapt_columns.c -- rules for the columns of CREATE TABLE. */
#include "prelude.h"

#include "adapt_rules.h"

/* The parentheses with the columns; N when there are none. */
static size_t
columns_open(const struct work *w)
{
	size_t i = work_match(w, 0, "create ?unlogged table @");

	return i > 0 && work_char(w, i, '(') ? i : w->n;
}

/* The element of the list that begins at I: true when it is a column; *END where it ends. */
static bool
take_element(const struct work *w, size_t i, size_t close, size_t *end)
{
	static const char others[] = "constraint|check|unique|primary|foreign|exclude|like";

	for (*end = i; *end < close && !work_char(w, *end, ',');)
		*end = work_after(w, *end);
	if (*end > close)
		*end = close;
	return work_match(w, i, others) == 0 && work_match(w, i, "@") == i + 1;
}

bool
columns_find(const struct work *w, const char *name, size_t *type, size_t *end)
{
	size_t open = columns_open(w), close = work_after(w, open) - 1;
	bool found = false;

	if (open == w->n)
		return false;
	for (size_t i = open + 1; i < close && !found; i = *end + 1) {
		char *column = take_element(w, i, close, end) ? work_name(w, i) : NULL;

		found = column != NULL && strcmp(column, name) == 0;
		*type = i + 1;
		free(column);
	}
	return found;
}

/* ENCODING (…) behind a column's type (Greenplum 6), or as an element of its own (7), which goes with its comma. */
void
columns_leave_out_encoding(struct work *w, const struct adapt_rule *rule, size_t at, size_t end)
{
	size_t open = columns_open(w), close = work_after(w, open) - 1;

	(void)at;
	for (size_t i = open + 1; open < w->n && i < close; i = end + 1) {
		bool column = take_element(w, i, close, &end);
		size_t from = i > open + 1 ? i - 1 : i, to = i > open + 1 || end == close ? end : end + 1;

		if (work_match(w, i, "column @ encoding ()") != end && work_match(w, i, "default column encoding ()") != end &&
		    (!column || !work_find(w, i + 1, end, "encoding ()", &from, &to)))
			continue;
		work_replace(w, from, to, "");
		work_note(w, ADAPT_CHANGED, rule->name, "%s", rule->text);
	}
}

static const struct {
	const char *old, *new;
} types[] = {
	{ "abstime", "timestamp with time zone" },
	{ "reltime", "interval" },
	{ "tinterval", "text" },
	{ "unknown", "text" },
};

/* Types that are not there any more; what COPY writes of their values the new ones read. */
void
columns_retype(struct work *w, const struct adapt_rule *rule, size_t at, size_t end)
{
	size_t open = columns_open(w), close = work_after(w, open) - 1;

	(void)rule; /* each type has its own text */
	(void)at;
	for (size_t i = open + 1; open < w->n && i < close; i = end + 1) {
		if (!take_element(w, i, close, &end))
			continue;
		for (size_t k = 0; k < GPM_ARRAY_LEN(types); k++) {
			size_t type = i + 1;

			if (work_keyword(w, type, "pg_catalog") && work_char(w, type + 1, '.'))
				type += 2;
			if (!work_keyword(w, type, types[k].old))
				continue;
			work_replace(w, i + 1, type + 1, types[k].new);
			work_note(w, ADAPT_CHANGED, types[k].old, "columns of type %s, which is not there any more, are %s", types[k].old,
			    types[k].new);
		}
	}
}
