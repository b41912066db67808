/* since.c -- rows of a table that only grows. */
#include "prelude.h"

#include "quote.h"
#include "since.h"

char *
since_filter(const char *column, const char *value)
{
	struct buf b;

	text_init(&b);
	text_puts(&b, "WHERE ");
	quote_ident(&b, column);
	text_puts(&b, " > ");
	quote_literal(&b, value);
	return text_take(&b);
}

bool
since_is(const struct rec_table *t)
{
	char *filter;
	bool is;

	if (t->filter == NULL || t->since_column == NULL || t->since_value == NULL)
		return false;
	filter = since_filter(t->since_column, t->since_value);
	is = strcmp(filter, t->filter) == 0;
	free(filter);
	return is;
}
