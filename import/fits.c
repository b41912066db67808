/* fits.c -- is a table of the destination as a run has it? */
#include "prelude.h"

#include "err.h"
#include "fits.h"
#include "quote.h"

/* The run's columns as rows of VALUES: name, type. */
static void
add_columns(struct buf *sql, const struct columns *columns)
{
	text_puts(sql, "(SELECT ''::text AS name, ''::text AS type WHERE false");
	for (size_t i = 0; i < columns->len; i++) {
		text_puts(sql, " UNION ALL SELECT ");
		quote_literal(sql, columns->at[i].name);
		text_puts(sql, ", ");
		quote_literal(sql, columns->at[i].type);
	}
	text_puts(sql, ")");
}

/* What differs, or "".  A type that this server does not have was adapted.  Generated columns are in no run. */
static char *
find_differences(struct db *db, const struct rec_table *t, struct err *e)
{
	struct buf sql;
	char *found;

	text_init(&sql);
	text_puts(&sql, "SELECT coalesce(pg_catalog.string_agg(CASE WHEN h.name IS NULL THEN 'column ' || r.name || ' is missing here'"
	    " WHEN r.name IS NULL THEN 'column ' || h.name || ' is only here'"
	    " ELSE 'column ' || h.name || ' is ' || h.type || ' here, ' || r.type || ' in the run' END, '; '), '') FROM ");
	add_columns(&sql, &t->columns);
	text_puts(&sql, " r FULL JOIN (SELECT attname::text AS name, pg_catalog.format_type(atttypid, atttypmod) AS type FROM pg_catalog.pg_attribute"
	    " WHERE attnum > 0 AND NOT attisdropped");
	if (db_version(db) >= 120000)
		text_puts(&sql, " AND attgenerated = ''");
	text_puts(&sql, " AND attrelid = ");
	quote_regclass(&sql, t->schema, t->name);
	text_puts(&sql, ") h ON h.name = r.name WHERE h.name IS NULL OR r.name IS NULL OR (h.type <> r.type AND EXISTS (SELECT 1 FROM pg_catalog.pg_type"
	    " WHERE pg_catalog.format_type(oid, NULL) = pg_catalog.regexp_replace(r.type, '[(][0-9,]*[)]', '')))");
	found = db_value(db, text_str(&sql), 0, NULL, e);
	buf_release(&sql);
	return found;
}

static int
check_columns(struct db *db, const struct rec_table *t, struct err *e)
{
	char *found = find_differences(db, t, e);
	int rc = found == NULL ? -1 : 0;

	if (rc == 0 && found[0] != '\0') {
		err_set(e, ERR_DATABASE, "is not as the run has it: %s", found);
		rc = err_hint(e, "ALTER TABLE it as at the source; or drop it here, when nothing in it is needed, and load again: it is made anew");
	}
	free(found);
	return rc;
}

/* What T is a partition of here, though the run says that it is none; "". */
static char *
find_root(struct db *db, const struct rec_table *t, struct err *e)
{
	struct buf sql;
	char *root;

	if (t->root_schema != NULL || db_version(db) < 100000)
		return mem_str("");
	text_init(&sql);
	text_puts(&sql, "SELECT coalesce((SELECT max(inhparent::pg_catalog.regclass::text) FROM pg_catalog.pg_inherits JOIN pg_catalog.pg_class c ON c.oid = inhrelid"
	    " WHERE c.relispartition AND c.oid = ");
	quote_regclass(&sql, t->schema, t->name);
	text_puts(&sql, "), '')");
	root = db_value(db, text_str(&sql), 0, NULL, e);
	buf_release(&sql);
	return root;
}

static int
check_root(struct db *db, const struct rec_table *t, struct err *e)
{
	char *root = find_root(db, t, e);
	int rc = root == NULL ? -1 : 0;

	if (rc == 0 && root[0] != '\0') {
		err_set(e, ERR_DATABASE, "is a partition of %s here, and none at the source", root);
		rc = err_hint(e, "ALTER TABLE %s DETACH PARTITION it, and load again", root);
	}
	free(root);
	return rc;
}

int
fits_check(struct db *db, const struct rec_table *t, struct err *e)
{
	if (check_root(db, t, e) < 0)
		return -1;
	return check_columns(db, t, e);
}
