/* oss_sql.c -- the statements by which AnalyticDB for PostgreSQL reads the folder of a batch in OSS. */
#include "prelude.h"

#include "insert_sql.h"
#include "oss_sql.h"
#include "quote.h"

/* --- foreign tables -------------------------------------------------------------------------- */

/* A table's bucket goes before that of its server.  Without log_errors and segment_reject_limit: a row that does not fit
 * is an error. */
void
oss_sql_table(struct buf *b, const char *name, const struct rec_table *t, const char *server, const char *bucket,
    const char *folder, const char *encoding)
{
	const char *const values[] = { server, bucket, folder, encoding };

	text_puts(b, "SELECT pg_catalog.format('CREATE FOREIGN TABLE gpm.%I (%s) SERVER %I OPTIONS (bucket %L, dir %L, encoding %L,"
	    " format ''csv'', filetype ''gzip'', delimiter '','', quote ''\"'', escape ''\"'', \"null\" '''', header ''false'')', ");
	quote_literal(b, name);
	text_puts(b, ", ");
	insert_sql_columns(b);
	for (size_t i = 0; i < GPM_ARRAY_LEN(values); i++) {
		text_puts(b, ", ");
		quote_literal(b, values[i]);
	}
	text_puts(b, ") ");
	insert_sql_from(b, t);
}

void
oss_sql_insert(struct buf *b, const char *name, const struct rec_table *t, const char *overriding)
{
	insert_sql_rows(b, t, overriding, "gpm", name);
}

void
oss_sql_drop(struct buf *b, const char *name)
{
	text_puts(b, "DROP FOREIGN TABLE ");
	quote_name(b, "gpm", name);
}

void
oss_sql_objects(struct buf *b, const char *name)
{
	struct buf full;

	text_init(&full);
	quote_name(&full, "gpm", name);
	text_puts(b, "SELECT pg_catalog.format('SELECT pg_catalog.count(*) FROM %s(%L)', oid::pg_catalog.regproc, ");
	quote_literal(b, text_str(&full));
	text_puts(b, ") FROM pg_catalog.pg_proc WHERE proname = 'get_oss_table_meta'");
	buf_release(&full);
}

/* --- external tables ------------------------------------------------------------------------- */

void
oss_sql_external(struct buf *b, const char *name, const struct rec_table *t, const struct place *p, const char *folder,
    const char *encoding)
{
	char *location = mem_printf("oss://%s dir=%s bucket=%s compressiontype=gzip", p->server, folder, p->bucket);

	text_puts(b, "SELECT pg_catalog.format('CREATE READABLE EXTERNAL TEMP TABLE %I (%s) LOCATION (%L) FORMAT ''CSV'' (DELIMITER '',''"
	    " NULL '''' QUOTE ''\"'' ESCAPE ''\"'') ENCODING %L', ");
	quote_literal(b, name);
	text_puts(b, ", ");
	insert_sql_columns(b);
	text_puts(b, ", ");
	quote_literal(b, location);
	text_puts(b, " || ' id=' || :'" OSS_SQL_ID "' || ' key=' || :'" OSS_SQL_KEY "', ");
	quote_literal(b, encoding);
	text_puts(b, ") ");
	insert_sql_from(b, t);
	free(location);
}

/* --- COPY ------------------------------------------------------------------------------------ */

/* Options whose names are words of SQL stand in quotes. */
void
oss_sql_copy(struct buf *b, const struct rec_table *t, const char *url, const char *endpoint, const char *encoding)
{
	text_puts(b, "COPY ");
	quote_name(b, t->schema, t->name);
	if (t->columns.len > 0) {
		text_puts(b, " (");
		quote_columns(b, &t->columns);
		text_puts(b, ")");
	}
	text_puts(b, " FROM ");
	quote_literal(b, url);
	text_puts(b, " ACCESS_KEY_ID :'" OSS_SQL_ID "' SECRET_ACCESS_KEY :'" OSS_SQL_KEY "' FORMAT AS CSV MANIFEST \"delimiter\" ','"
	    " \"quote\" '\"' \"escape\" '\"' \"null\" '' \"header\" 'false' \"encoding\" ");
	quote_literal(b, encoding);
	text_puts(b, " filetype 'gzip' ENDPOINT ");
	quote_literal(b, endpoint);
	text_puts(b, " FDW 'oss_fdw'");
}
