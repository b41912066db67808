/* catalog.c -- what the source holds (PostgreSQL). */
#include "prelude.h"

#include "catalog.h"
#include "err.h"
#include "parse.h"

/* Schemas of the users: PostgreSQL reserves names that begin with pg_; gpm-import keeps its own. */
#define USER_SCHEMA "n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', '" LEDGER_SCHEMA "')"

/* Relation C belongs to an extension. */
#define OF_EXTENSION "EXISTS (SELECT 1 FROM pg_catalog.pg_depend x WHERE x.classid = 'pg_catalog.pg_class'::pg_catalog.regclass" \
    " AND x.objid = c.oid AND x.deptype = 'e')"

/* Relation C as a configuration table of an extension: (relation, condition). */
#define CONFIG_TABLES "(SELECT x.extconfig[i] AS oid, x.extcondition[i] AS condition FROM" \
    " (SELECT extconfig, extcondition, pg_catalog.generate_subscripts(extconfig, 1) AS i FROM pg_catalog.pg_extension) x)"

/* --- tables ---------------------------------------------------------------------------------- */

/* One row a table.  %s: what only servers with declarative partitions (10) have, and the size. */
#define TABLES_SQL \
    "SELECT c.oid, n.nspname, c.relname, %s AS leaf, k.oid IS NOT NULL AS config, k.condition," \
    " coalesce(pg_catalog.pg_relation_filenode(c.oid), 0), %s," \
    " (pg_catalog.has_table_privilege(c.oid, 'SELECT') AND pg_catalog.has_schema_privilege(n.oid, 'USAGE'))" \
    " IS NOT FALSE," /* NULL: it was dropped just now, which the next list will show */ \
    " %s AS root_schema, %s AS root_name" \
    " FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace" \
    " LEFT JOIN " CONFIG_TABLES " k ON k.oid = c.oid" \
    " WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND " USER_SCHEMA \
    " AND (k.oid IS NOT NULL OR NOT " OF_EXTENSION ") %s ORDER BY 2, 3"

/* The topmost ancestor of leaf C. */
#define ROOT_OF(what) "CASE WHEN c.relispartition THEN (WITH RECURSIVE up(oid) AS (SELECT c.oid" \
    " UNION ALL SELECT i.inhparent FROM up JOIN pg_catalog.pg_inherits i ON i.inhrelid = up.oid)" \
    " SELECT " what " FROM up JOIN pg_catalog.pg_class rc ON rc.oid = up.oid JOIN pg_catalog.pg_namespace rn" \
    " ON rn.oid = rc.relnamespace WHERE NOT rc.relispartition) END"

/* Types whose text holds float4 or float8 numbers, directly or inside: seeds and what is made of
 * them (arrays and points by typelem, domains, composites, ranges). */
#define FLOAT_TYPES_SQL(ranges) \
    "WITH RECURSIVE edge(part, whole) AS (" \
    " SELECT typelem, oid FROM pg_catalog.pg_type WHERE typelem <> 0" \
    " UNION ALL SELECT typbasetype, oid FROM pg_catalog.pg_type WHERE typtype = 'd'" \
    " UNION ALL SELECT a.atttypid, c.reltype FROM pg_catalog.pg_class c JOIN pg_catalog.pg_attribute a" \
    "  ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped WHERE c.reltype <> 0" \
    ranges \
    "), holds(type, kind) AS (SELECT * FROM (VALUES (700::pg_catalog.oid, 4), (701, 8)," \
    " (602, 8), (604, 8), (718, 8)) AS seed(type, kind)" /* path, polygon, circle hide their numbers */ \
    " UNION SELECT edge.whole, holds.kind FROM holds JOIN edge ON edge.part = holds.type)"

#define RANGES_9_2 " UNION ALL SELECT rngsubtype, rngtypid FROM pg_catalog.pg_range"
#define RANGES_14 RANGES_9_2 " UNION ALL SELECT rngtypid, rngmultitypid FROM pg_catalog.pg_range"

/* One row a column of those tables, in the order of the tables' oids. */
#define COLUMNS_SQL \
    " SELECT a.attrelid, a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod)," \
    " (SELECT min(kind) FROM holds WHERE holds.type = a.atttypid)" \
    " FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid" \
    " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace" \
    " WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND " USER_SCHEMA \
    " AND a.attnum > 0 AND NOT a.attisdropped %s ORDER BY a.attrelid, a.attnum"

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

/* Refuse before anything is locked when some tables cannot be read. */
static int
check_readable(const PGresult *res, struct err *e)
{
	int unreadable = 0, first = 0;

	for (int i = PQntuples(res) - 1; i >= 0; i--) {
		if (!true_at(res, i, 8)) {
			unreadable++;
			first = i;
		}
	}
	if (unreadable == 0)
		return 0;
	err_set(e, ERR_FAILED, "%d tables may not be read by this user, among them %s.%s", unreadable,
	    PQgetvalue(res, first, 1), PQgetvalue(res, first, 2));
	return err_hint(e, "GRANT SELECT on them (and USAGE on their schemas), or connect as another user");
}

static int
read_tables(struct db *db, const char *condition, const char *encoding, bool locked, struct found *found, struct err *e)
{
	bool partitions = db_version(db) >= 100000;
	char *sql = mem_printf(TABLES_SQL, partitions ? "c.relispartition" : "false",
	    locked ? "coalesce(pg_catalog.pg_relation_size(c.oid), 0)" : "0",
	    partitions ? ROOT_OF("rn.nspname") : "NULL", partitions ? ROOT_OF("rc.relname") : "NULL", condition);
	PGresult *res;
	int rc = db_query(db, sql, 0, NULL, &res, e);

	free(sql);
	if (rc < 0)
		return -1;
	if (check_readable(res, e) < 0) {
		PQclear(res);
		return -1;
	}
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
		t->root_schema = text_at(res, i, 9);
		t->root_name = text_at(res, i, 10);
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
read_columns(struct db *db, struct found *found, struct err *e)
{
	int version = db_version(db), rc = 0;
	const char *types = version >= 140000 ? FLOAT_TYPES_SQL(RANGES_14) :
	    version >= 90200 ? FLOAT_TYPES_SQL(RANGES_9_2) : FLOAT_TYPES_SQL("");
	char *columns = mem_printf(COLUMNS_SQL, version >= 120000 ? "AND a.attgenerated = ''" : "");
	char *sql = mem_printf("%s%s", types, columns);
	PGresult *res;
	size_t at = 0;

	free(columns);
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
catalog_tables(struct db *db, const char *condition, const char *encoding, bool locked,
    catalog_table_fn *fn, void *ctx, struct err *e)
{
	struct found found = { 0 };
	int rc = read_tables(db, condition, encoding, locked, &found, e);

	if (rc == 0)
		rc = read_columns(db, &found, e);
	for (size_t i = 0; rc == 0 && i < found.len; i++)
		rc = fn(ctx, &found.at[i], e);
	free_found(&found);
	return rc;
}

/* --- sequences ------------------------------------------------------------------------------- */

#define SEQUENCES_SQL \
    "SELECT n.nspname, c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace" \
    " WHERE c.relkind = 'S' AND c.relpersistence <> 't' AND " USER_SCHEMA \
    " AND (c.oid IN (SELECT k.oid FROM " CONFIG_TABLES " k) OR NOT " OF_EXTENSION ") %s ORDER BY 1, 2"

#define SEQUENCES_AT_ONCE 200

/* The values of the sequences FROM … of NAMES, handed on. */
static int
read_values(struct db *db, const PGresult *names, int from, catalog_sequence_fn *fn, void *ctx,
    struct err *e)
{
	int to = from + SEQUENCES_AT_ONCE < PQntuples(names) ? from + SEQUENCES_AT_ONCE : PQntuples(names);
	struct buf sql;
	PGresult *res = NULL;
	int rc = 0;

	text_init(&sql);
	for (int i = from; rc == 0 && i < to; i++) {
		text_printf(&sql, "%sSELECT %d AS n, last_value, is_called FROM ", i > from ? " UNION ALL " : "", i);
		rc = db_add_name(db, &sql, PQgetvalue(names, i, 0), PQgetvalue(names, i, 1), e);
	}
	text_puts(&sql, " ORDER BY 1");
	if (rc == 0)
		rc = db_query(db, text_str(&sql), 0, NULL, &res, e);
	if (rc == 0 && PQntuples(res) != to - from)
		rc = err_set(e, ERR_DATABASE, "%d sequences gave %d values", to - from, PQntuples(res));
	for (int i = 0; rc == 0 && i < PQntuples(res); i++) {
		struct rec_sequence s = {
			.schema = PQgetvalue(names, from + i, 0), .name = PQgetvalue(names, from + i, 1),
			.last_value = strtoll(PQgetvalue(res, i, 1), NULL, 10), .is_called = true_at(res, i, 2),
		};
		rc = fn(ctx, &s, e);
	}
	PQclear(res);
	buf_release(&sql);
	return rc;
}

int
catalog_sequences(struct db *db, const char *condition, catalog_sequence_fn *fn, void *ctx, struct err *e)
{
	char *sql = mem_printf(SEQUENCES_SQL, condition);
	PGresult *names;
	int rc = db_query(db, sql, 0, NULL, &names, e);

	free(sql);
	if (rc < 0)
		return -1;
	for (int i = 0; rc == 0 && i < PQntuples(names); i += SEQUENCES_AT_ONCE)
		rc = read_values(db, names, i, fn, ctx, e);
	PQclear(names);
	return rc;
}

/* --- the rest -------------------------------------------------------------------------------- */

int
catalog_matviews(struct db *db, const char *condition, catalog_matview_fn *fn, void *ctx, struct err *e)
{
	PGresult *res;
	char *sql;
	int rc;

	if (db_version(db) < 90300)
		return 0;
	sql = mem_printf("SELECT n.nspname, c.relname, c.relispopulated FROM pg_catalog.pg_class c"
	    " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'm' AND " USER_SCHEMA
	    " AND NOT " OF_EXTENSION " %s ORDER BY c.oid", condition);
	rc = db_query(db, sql, 0, NULL, &res, e);
	free(sql);
	if (rc < 0)
		return -1;
	for (int i = 0; rc == 0 && i < PQntuples(res); i++) {
		struct rec_matview m = {
			.schema = PQgetvalue(res, i, 0), .name = PQgetvalue(res, i, 1),
			.populated = true_at(res, i, 2),
		};
		rc = fn(ctx, &m, e);
	}
	PQclear(res);
	return rc;
}

int
catalog_skipped(struct db *db, const char *condition, catalog_skipped_fn *fn, void *ctx, struct err *e)
{
	static char foreign[] = "foreign table", elsewhere[] = "its rows are on another server";
	static char ledger[] = "table", own[] = "this schema is gpm-import's own";
	PGresult *res;
	char *sql = mem_printf("SELECT n.nspname, c.relname, c.relkind = 'f' FROM pg_catalog.pg_class c"
	    " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE ((c.relkind = 'f' AND " USER_SCHEMA
	    ") OR (c.relkind IN ('r', 'm') AND n.nspname = '" LEDGER_SCHEMA "')) %s ORDER BY 1, 2", condition);
	int rc = db_query(db, sql, 0, NULL, &res, e);

	free(sql);
	if (rc < 0)
		return -1;
	for (int i = 0; rc == 0 && i < PQntuples(res); i++) {
		struct rec_skipped s = {
			.schema = PQgetvalue(res, i, 0), .name = PQgetvalue(res, i, 1),
			.kind = true_at(res, i, 2) ? foreign : ledger, .reason = true_at(res, i, 2) ? elsewhere : own,
		};
		rc = fn(ctx, &s, e);
	}
	PQclear(res);
	return rc;
}

int
catalog_large_objects(struct db *db, uint64_t *n, struct err *e)
{
	char *value;
	int rc;

	*n = 0;
	if (db_version(db) < 90000)
		return 0;
	if ((value = db_value(db, "SELECT count(*) FROM pg_catalog.pg_largeobject_metadata", 0, NULL, e)) == NULL)
		return -1;
	rc = parse_u64(value, 0, INT64_MAX, n, e);
	free(value);
	return rc;
}
