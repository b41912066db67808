/* assess_size.c -- how much there is (assess_size.h). */
#include "prelude.h"

#include "assess_check.h"
#include "assess_size.h"
#include "err.h"
#include "parse.h"

#define PACKED 4 /* how much longer the text of an append-optimized table is than its blocks, when nothing else is known */

/* The text that a value of fixed width makes on average; others have as many characters as bytes, bytea two for
 * each. */
#define TEXT_WIDTH "CASE a.atttypid WHEN 16 THEN 1 WHEN 21 THEN 4 WHEN 23 THEN 7 WHEN 20 THEN 11 WHEN 700 THEN 10 WHEN 701 THEN 17" \
    " WHEN 1082 THEN 10 WHEN 1083 THEN 12 WHEN 1114 THEN 23 WHEN 1184 THEN 27 WHEN 1186 THEN 12 WHEN 2950 THEN 36" \
    " WHEN 1700 THEN 1.5 * coalesce(s.avg_width, 8) WHEN 17 THEN 2 * coalesce(s.avg_width, 16) + 2" \
    " ELSE coalesce(s.avg_width, 16) END"

/* A table: the text of one row, with what parts the fields; nothing for a table without statistics. */
#define WIDTHS "(SELECT a.attrelid, sum((1 - coalesce(s.null_frac, 0)) * " TEXT_WIDTH " + 1)::float8 AS width FROM pg_attribute a" \
    " JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN (SELECT schemaname, tablename, attname," \
    " max(null_frac) AS null_frac, max(avg_width) AS avg_width FROM pg_stats GROUP BY 1, 2, 3) s ON s.schemaname = n.nspname" \
    " AND s.tablename = c.relname AND s.attname = a.attname WHERE c.relkind = 'r' AND {user} AND a.attnum > 0 AND NOT a.attisdropped" \
    " GROUP BY a.attrelid)"

/* A table: bytes on all segments, on the fullest, on how many, and of its TOAST, which is packed to about a half. */
#define EXACT "(SELECT oid, sum(size) AS total, max(size) AS largest, count(*) AS segments, sum(toast) AS toast FROM (SELECT c.oid," \
    " {size} AS size, coalesce(pg_relation_size(nullif(c.reltoastrelid, 0)), 0) AS toast FROM {everywhere} c WHERE c.relkind = 'r') x" \
    " GROUP BY oid)"
#define ESTIMATED "(SELECT oid, relpages::int8 * current_setting('block_size')::int8 AS total, 0 AS largest, 0 AS segments, 0 AS toast" \
    " FROM pg_class)"

#define TABLES(sizes) "SELECT n.nspname, c.relname, {is_leaf}, coalesce(z.total, 0), coalesce(z.largest, 0), coalesce(z.segments, 0)," \
    " round(greatest(c.reltuples, 0)::numeric), round(greatest(c.reltuples * w.width, 0)::numeric + 2 * coalesce(z.toast, 0))," \
    " {storage} LIKE 'ao%' FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace{joins}" \
    " LEFT JOIN " sizes " z ON z.oid = c.oid LEFT JOIN " WIDTHS " w ON w.attrelid = c.oid" \
    " WHERE {holds_rows} AND {is_lasting} AND {user} AND NOT {of_extension} ORDER BY 4 DESC, 1, 2"

enum { SCHEMA, NAME, IS_LEAF, TOTAL, LARGEST, SEGMENTS, ROWS, TEXT, PACKED_STORAGE };

static uint64_t
number(const PGresult *res, int row, int column)
{
	uint64_t n = 0;
	struct err ignored;

	/* the server's own numbers; one that does not fit counts as 0 */
	if (parse_u64(PQgetvalue(res, row, column), 0, INT64_MAX, &n, &ignored) < 0)
		return 0;
	return n;
}

static void
add_table(struct assess_size *out, const PGresult *res, int row, uint64_t chunk_size)
{
	struct assess_table t = {
		.bytes = number(res, row, TOTAL), .largest = number(res, row, LARGEST), .segments = number(res, row, SEGMENTS),
		.rows = number(res, row, ROWS), .csv = number(res, row, TEXT),
	};

	if (t.rows == 0) {
		t.csv = PQgetvalue(res, row, PACKED_STORAGE)[0] == 't' ? t.bytes * PACKED : t.bytes;
		out->unknown += t.bytes > 0;
	}
	out->tables++;
	out->leaves += PQgetvalue(res, row, IS_LEAF)[0] == 't';
	out->bytes += t.bytes;
	out->rows += t.rows;
	out->csv += t.csv;
	out->chunks += (t.csv + chunk_size - 1) / chunk_size;
	if (out->nbiggest < ASSESS_BIGGEST && t.bytes > 0) {
		t.schema = mem_str(PQgetvalue(res, row, SCHEMA));
		t.name = mem_str(PQgetvalue(res, row, NAME));
		out->biggest[out->nbiggest++] = t;
	}
}

static int
ask(const struct catalog *c, struct db *db, const char *text, PGresult **out, struct err *e)
{
	char *sql = assess_sql(c, text);
	int rc = db_query(db, sql, 0, NULL, out, e);

	free(sql);
	return rc;
}

static int
count_segments(const struct catalog *c, struct db *db, uint64_t *out, struct err *e)
{
	char *n;
	int rc;

	if (!catalog_is_greenplum(c))
		return 0;
	n = db_value(db, "SELECT count(*) FROM gp_segment_configuration WHERE content >= 0 AND role = 'p'", 0, NULL, e);
	rc = n == NULL ? -1 : parse_u64(n, 0, INT64_MAX, out, e);
	free(n);
	return rc;
}

int
assess_measure(const struct catalog *c, struct db *db, uint64_t chunk_size, struct assess_size *out, struct err *e)
{
	PGresult *res;

	*out = (struct assess_size){ .exact = true };
	if (count_segments(c, db, &out->segments, e) < 0)
		return -1;
	if (ask(c, db, TABLES(EXACT), &res, e) < 0) {
		out->exact = false;
		if (ask(c, db, TABLES(ESTIMATED), &res, e) < 0)
			return -1;
	}
	for (int i = 0; i < PQntuples(res); i++)
		add_table(out, res, i, chunk_size);
	PQclear(res);
	/* a manifest a table; three files of the schema, SHA256SUMS and the root manifest */
	out->objects = out->chunks + out->tables + 5;
	return 0;
}

void
assess_size_release(struct assess_size *s)
{
	for (size_t i = 0; i < s->nbiggest; i++) {
		free(s->biggest[i].schema);
		free(s->biggest[i].name);
	}
}

uint64_t
assess_skew(const struct assess_table *t)
{
	return t->bytes > 0 && t->segments > 0 ? t->largest * 100 / ((t->bytes + t->segments - 1) / t->segments) : 100;
}
