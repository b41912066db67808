/* insert_sql.c -- what the methods that INSERT … SELECT from a foreign or external table have in common. */
#include "prelude.h"

#include "insert_sql.h"
#include "quote.h"

#define KNOWN_FROM 100000 /* identity columns */

void
insert_sql_columns(struct buf *b)
{
	text_puts(b, "coalesce(pg_catalog.string_agg(pg_catalog.format('%I %s', a.attname,"
	    " pg_catalog.format_type(a.atttypid, a.atttypmod)), ', ' ORDER BY c.n), '')");
}

void
insert_sql_from(struct buf *b, const struct rec_table *t)
{
	text_puts(b, "FROM pg_catalog.unnest(ARRAY[");
	for (size_t i = 0; i < t->columns.len; i++) {
		text_puts(b, i > 0 ? ", " : "");
		quote_literal(b, t->columns.at[i].name);
	}
	text_puts(b, "]::pg_catalog.text[]) WITH ORDINALITY AS c (name, n) JOIN pg_catalog.pg_attribute a"
	    " ON a.attname = c.name AND a.attnum > 0 AND NOT a.attisdropped AND a.attrelid = ");
	quote_regclass(b, t->schema, t->name);
}

const char *
insert_sql_overriding(int server_version_num)
{
	return server_version_num >= KNOWN_FROM ? INSERT_SQL_OVERRIDING : "";
}

const char insert_sql_overriding_query[] =
    "SELECT CASE WHEN pg_catalog.current_setting('server_version_num')::pg_catalog.int4 >= 100000"
    " THEN '" INSERT_SQL_OVERRIDING "' ELSE '' END";

void
insert_sql_rows(struct buf *b, const struct rec_table *t, const char *overriding, const char *schema, const char *name)
{
	text_puts(b, "INSERT INTO ");
	quote_name(b, t->schema, t->name);
	if (t->columns.len > 0) {
		text_puts(b, " (");
		quote_columns(b, &t->columns);
		text_puts(b, ")");
	}
	if (*overriding != '\0')
		text_printf(b, " %s", overriding);
	text_puts(b, " SELECT ");
	quote_columns(b, &t->columns);
	text_puts(b, " FROM ");
	quote_name(b, schema, name);
}

void
insert_sql_rules(struct buf *b, const struct rec_table *t)
{
	text_puts(b, "FROM pg_catalog.pg_rewrite WHERE ev_type = '3' AND (ev_enabled IN ('A', 'R') OR (ev_enabled = 'O'"
	    " AND pg_catalog.current_setting('session_replication_role') <> 'replica')) AND ev_class = ");
	quote_regclass(b, t->schema, t->name);
}

/* NULL in arrays, xml that is no document, and money, which may hide in types made of others. */
void
insert_sql_settings(struct buf *b, const struct rec_table *t)
{
	text_puts(b, "FROM pg_catalog.pg_settings WHERE (name = 'array_nulls' AND reset_val <> 'on') OR (name = 'xmloption'"
	    " AND reset_val <> 'content') OR (name = 'lc_monetary' AND reset_val !~ '^(C|POSIX|en_US)([.@]|$)' AND EXISTS"
	    " (SELECT 1 FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type y ON y.oid = a.atttypid"
	    " LEFT JOIN pg_catalog.pg_type x ON x.oid = y.typelem WHERE a.attnum > 0 AND NOT a.attisdropped AND"
	    " (y.typtype IN ('c', 'd', 'r') OR x.typtype IN ('c', 'd', 'r') OR"
	    " 'money'::pg_catalog.regtype IN (y.oid, y.typelem)) AND a.attrelid = ");
	quote_regclass(b, t->schema, t->name);
	text_puts(b, "))");
}
