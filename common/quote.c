/* quote.c -- names and texts in SQL and in a shell's command line. */
#include "prelude.h"

#include "quote.h"

/* TEXT between two MARKs; each of those inside becomes INSTEAD. */
static void
quote(struct buf *b, const char *text, char mark, const char *instead)
{
	text_add(b, &mark, 1);
	for (const char *end; (end = strchr(text, mark)) != NULL; text = end + 1) {
		text_add(b, text, (size_t)(end - text));
		text_puts(b, instead);
	}
	text_puts(b, text);
	text_add(b, &mark, 1);
}

void
quote_ident(struct buf *b, const char *name)
{
	quote(b, name, '"', "\"\"");
}

void
quote_name(struct buf *b, const char *schema, const char *name)
{
	quote_ident(b, schema);
	text_puts(b, ".");
	quote_ident(b, name);
}

void
quote_literal(struct buf *b, const char *text)
{
	quote(b, text, '\'', "''");
}

void
quote_regclass(struct buf *b, const char *schema, const char *name)
{
	struct buf full;

	text_init(&full);
	quote_name(&full, schema, name);
	quote_literal(b, text_str(&full));
	text_puts(b, "::pg_catalog.regclass");
	buf_release(&full);
}

void
quote_columns(struct buf *b, const struct columns *columns)
{
	for (size_t i = 0; i < columns->len; i++) {
		if (i > 0)
			text_puts(b, ", ");
		quote_ident(b, columns->at[i].name);
	}
}

void
quote_word(struct buf *b, const char *text)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+.,/:@%";

	if (*text != '\0' && text[strspn(text, plain)] == '\0')
		text_puts(b, text);
	else
		quote(b, text, '\'', "'\\''");
}
