/* external_sql.c -- the statements that read chunks through an external table of Greenplum. */
#include "prelude.h"

#include "external_sql.h"
#include "insert_sql.h"
#include "quote.h"

/* "EXECUTE '…' ON ALL", "LOCATION ('…', '…')". */
static void
add_from(struct buf *b, const struct external *from)
{
	if (from->command != NULL) {
		text_puts(b, "EXECUTE ");
		quote_literal(b, from->command);
		text_puts(b, " ON ALL");
		return;
	}
	text_puts(b, "LOCATION (");
	for (size_t i = 0; i < from->nurls; i++) {
		text_puts(b, i > 0 ? ", " : "");
		quote_literal(b, from->urls[i]);
	}
	text_puts(b, ")");
}

void
external_sql_table(struct buf *b, const char *name, const struct rec_table *t, const struct external *from, const char *encoding)
{
	struct buf text;

	text_init(&text);
	add_from(&text, from);
	text_printf(b, "SELECT pg_catalog.format('CREATE READABLE EXTERNAL %sTEMP TABLE %%I (%%s) %%s FORMAT ''CSV'' (DELIMITER '',''"
	    " NULL '''' QUOTE ''\"'' ESCAPE ''\"'') ENCODING %%L', ", from->command != NULL ? "WEB " : "");
	quote_literal(b, name);
	text_puts(b, ", ");
	insert_sql_columns(b);
	text_puts(b, ", ");
	quote_literal(b, text_str(&text));
	text_puts(b, ", ");
	quote_literal(b, encoding);
	text_puts(b, ") ");
	insert_sql_from(b, t);
	buf_release(&text);
}

void
external_sql_insert(struct buf *b, const char *name, const struct rec_table *t, const char *overriding)
{
	insert_sql_rows(b, t, overriding, "pg_temp", name);
}

void
external_sql_drop(struct buf *b, const char *name)
{
	text_puts(b, "DROP EXTERNAL TABLE ");
	quote_name(b, "pg_temp", name);
}
