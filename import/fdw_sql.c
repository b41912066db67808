/* fdw_sql.c -- the statements that read chunks through file_fdw. */
#include "prelude.h"

#include "fdw_sql.h"
#include "insert_sql.h"
#include "quote.h"

void
fdw_sql_server(struct buf *b, const char *name)
{
	text_puts(b, "CREATE SERVER ");
	quote_ident(b, name);
	text_puts(b, " FOREIGN DATA WRAPPER file_fdw");
}

void
fdw_sql_table(struct buf *b, const char *name, const struct rec_table *t, const char *command, const char *encoding)
{
	text_puts(b, "SELECT pg_catalog.format('CREATE FOREIGN TABLE gpm.%I (%s) SERVER %I OPTIONS (program %L, format ''csv'',"
	    " delimiter '','', quote ''\"'', escape ''\"'', null '''', encoding %L)', ");
	quote_literal(b, name);
	text_puts(b, ", ");
	insert_sql_columns(b);
	text_puts(b, ", ");
	quote_literal(b, name);
	text_puts(b, ", ");
	quote_literal(b, command);
	text_puts(b, ", ");
	quote_literal(b, encoding);
	text_puts(b, ") ");
	insert_sql_from(b, t);
}

void
fdw_sql_insert(struct buf *b, const char *name, const struct rec_table *t)
{
	insert_sql_rows(b, t, INSERT_SQL_OVERRIDING, "gpm", name);
}

void
fdw_sql_drop_table(struct buf *b, const char *name)
{
	text_puts(b, "DROP FOREIGN TABLE ");
	quote_name(b, "gpm", name);
}

void
fdw_sql_drop_server(struct buf *b, const char *name)
{
	text_puts(b, "DROP SERVER ");
	quote_ident(b, name);
}
