/* catalog_tables.c -- tables that hold rows, and their columns (catalog.h). */
#include "prelude.h"

#include "catalog_sql.h"
#include "err.h"
#include "parse.h"

/* What the last VACUUM or ANALYZE saw. */
#define ESTIMATED_SIZE "c.relpages::int8 * pg_catalog.current_setting('block_size')::int8"

/* One row a table. */
static char *
tables_sql(const struct catalog *c, bool locked, const char *condition)
{
	return mem_printf("SELECT c.oid, n.nspname, c.relname, %s AS leaf, k.oid IS NOT NULL AS config, k.condition, %s, %s,"
	    " %s AS root_schema, %s AS root_name, %s AS distribution, %s AS storage"
	    " FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace%s"
	    " LEFT JOIN %s k ON k.oid = c.oid"
	    " WHERE %s AND %s AND %s AND (k.oid IS NOT NULL OR NOT %s) %s ORDER BY 2, 3",
	    c->is_leaf, c->filenode, locked ? c->size : ESTIMATED_SIZE, c->root_schema, c->root_name, c->distribution,
	    c->storage, c->joins, c->config_tables, c->holds_rows, c->is_lasting, c->user_schema, c->of_extension, condition);
}

/* A domain over a domain over one, at most: not every server has WITH RECURSIVE; the rest is measured by its count alone. */
#define BASE_JOINS " LEFT JOIN pg_catalog.pg_type b1 ON b1.oid = a.atttypid AND b1.typtype = 'd'" \
    " LEFT JOIN pg_catalog.pg_type b2 ON b2.oid = b1.typbasetype AND b2.typtype = 'd'" \
    " LEFT JOIN pg_catalog.pg_type b3 ON b3.oid = b2.typbasetype AND b3.typtype = 'd'"
#define BASE_TYPE "pg_catalog.format_type(coalesce(b3.typbasetype, b2.typbasetype, b1.typbasetype), coalesce(b3.typtypmod, b2.typtypmod, b1.typtypmod))"

/* One row a column of those tables, in the order of the tables' oids. */
static char *
columns_sql(const struct catalog *c, const char *condition)
{
	return mem_printf("%s SELECT a.attrelid, a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod),"
	    " (SELECT min(kind) FROM holds WHERE holds.type = a.atttypid), " BASE_TYPE
	    " FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid"
	    " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace" BASE_JOINS
	    " WHERE %s AND %s AND %s AND a.attnum > 0 AND NOT a.attisdropped AND %s %s ORDER BY a.attrelid, a.attnum",
	    c->float_types, c->holds_rows, c->is_lasting, c->user_schema, c->is_carried, condition);
}

struct found {           /* the tables of this listing */
	struct rec_table *at;
	struct rec_table **by_oid;
	size_t len;
};

static void
free_found(struct found *found)
{
	for (size_t i = 0; i < found->len; i++)
		record_free_fields(REC_TABLE, &found->at[i]);
	free(found->at);
	free(found->by_oid);
}

static uint64_t
number_at(const PGresult *res, int row, int column)
{
	struct err ignored;
	uint64_t n = 0;

	/* the server's own numbers: anything else would be a NULL, which counts as 0 */
	if (parse_u64(PQgetvalue(res, row, column), 0, INT64_MAX, &n, &ignored) < 0)
		return 0;
	return n;
}

static char *
text_at(const PGresult *res, int row, int column)
{
	return PQgetisnull(res, row, column) ? NULL : mem_str(PQgetvalue(res, row, column));
}

static bool
true_at(const PGresult *res, int row, int column)
{
	return strcmp(PQgetvalue(res, row, column), "t") == 0;
}

static json_t *
dialect_object(void)
{
	return json_pack("{s:s, s:s, s:s, s:s}", "format", "csv", "delimiter", ",", "quote", "\"", "null", "");
}

static int
compare_oid(const void *a, const void *b)
{
	uint64_t x = (*(struct rec_table *const *)a)->oid, y = (*(struct rec_table *const *)b)->oid;

	return x < y ? -1 : x > y;
}

static int
read_tables(const struct catalog *c, struct db *db, const char *condition, const char *encoding, bool locked,
    struct found *found, struct err *e)
{
	char *sql = tables_sql(c, locked, condition);
	PGresult *res;
	int rc = db_query(db, sql, 0, NULL, &res, e);

	free(sql);
	if (rc < 0)
		return -1;
	found->len = (size_t)PQntuples(res);
	found->at = mem_array(found->len, sizeof(*found->at));
	found->by_oid = mem_array(found->len, sizeof(struct rec_table *));
	for (int i = 0; i < PQntuples(res); i++) {
		struct rec_table *t = &found->at[i];

		t->oid = number_at(res, i, 0);
		t->schema = text_at(res, i, 1);
		t->name = text_at(res, i, 2);
		t->kind = mem_str(true_at(res, i, 4) ? "config" : true_at(res, i, 3) ? "leaf" : "table");
		t->filter = PQgetvalue(res, i, 5)[0] != '\0' ? text_at(res, i, 5) : NULL;
		t->relfilenode = number_at(res, i, 6);
		t->bytes = number_at(res, i, 7);
		t->root_schema = text_at(res, i, 8);
		t->root_name = text_at(res, i, 9);
		t->distribution = text_at(res, i, 10);
		t->storage = text_at(res, i, 11);
		t->encoding = mem_str(encoding);
		t->dialect = dialect_object();
		found->by_oid[i] = t;
	}
	PQclear(res);
	if (found->len > 0)
		qsort(found->by_oid, found->len, sizeof(struct rec_table *), compare_oid);
	return 0;
}

static void
add_column(struct rec_table *t, const PGresult *res)
{
	struct column *c;

	t->columns.at = mem_grow(t->columns.at, (t->columns.len + 1) * sizeof(*t->columns.at));
	c = &t->columns.at[t->columns.len++];
	c->name = mem_str(PQgetvalue(res, 0, 1));
	c->type = mem_str(PQgetvalue(res, 0, 2));
	c->float_kind = number_at(res, 0, 3);
	c->base = text_at(res, 0, 4);
}

/* One column, which belongs to one of FOUND or to a table of an extension, which is none of ours.
 * Both lists are in the order of oids: *AT walks along. */
static void
place_column(struct found *found, size_t *at, const PGresult *res)
{
	uint64_t oid = number_at(res, 0, 0);

	while (*at < found->len && found->by_oid[*at]->oid < oid)
		(*at)++;
	if (*at < found->len && found->by_oid[*at]->oid == oid)
		add_column(found->by_oid[*at], res);
}

/* All columns of all tables, a row at a time: a million of them need no million rows of memory. */
static int
read_columns(const struct catalog *c, struct db *db, const char *condition, struct found *found, struct err *e)
{
	char *sql = columns_sql(c, condition);
	PGresult *res;
	size_t at = 0;
	int rc = 0;

	if (PQsendQuery(db_conn(db), sql) != 1 || PQsetSingleRowMode(db_conn(db)) != 1)
		rc = db_fail(db, NULL, e, "cannot read the columns");
	free(sql);
	while ((res = PQgetResult(db_conn(db))) != NULL) {
		if (PQresultStatus(res) == PGRES_SINGLE_TUPLE)
			place_column(found, &at, res);
		else if (PQresultStatus(res) != PGRES_TUPLES_OK && rc == 0) {
			rc = db_fail(db, res, e, "cannot read the columns");
			continue;
		}
		PQclear(res);
	}
	return rc;
}

int
catalog_tables(const struct catalog *c, struct db *db, const char *condition, const char *encoding, bool locked,
    catalog_table_fn *fn, void *ctx, struct err *e)
{
	struct found found = { 0 };
	int rc = read_tables(c, db, condition, encoding, locked, &found, e);

	if (rc == 0)
		rc = read_columns(c, db, condition, &found, e);
	for (size_t i = 0; rc == 0 && i < found.len; i++)
		rc = fn(ctx, &found.at[i], e);
	free_found(&found);
	return rc;
}
