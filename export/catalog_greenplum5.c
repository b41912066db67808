/* catalog_greenplum5.c -- the catalog of Greenplum 4.3, 5 and 6: every table has relkind r, what it is stored in stands
 * in relstorage, partitions in pg_partition_rule, external tables in pg_exttable.
 *
 * Run on 6 only.  What 4.3 and 5 have in other shapes (no extensions, no WITH RECURSIVE, attrnums in the distribution
 * policy, location in pg_exttable of 4.3) is written by their documentation. */
#include "prelude.h"

#include "catalog_greenplum.h"
#include "catalog_sql.h"

/* c has partitions: a root, or in its middle.  Neither can hold rows. */
#define HAS_PARTITIONS "EXISTS (SELECT 1 FROM pg_catalog.pg_inherits pi JOIN pg_catalog.pg_partition_rule pr" \
    " ON pr.parchildrelid = pi.inhrelid WHERE pi.inhparent = c.oid)"

#define HOLDS_ROWS "c.relkind = 'r' AND c.relstorage IN ('h', 'a', 'c') AND NOT " HAS_PARTITIONS

/* A partition of any level has one rule, which names the root. */
#define PARTITION_JOINS \
    " LEFT JOIN pg_catalog.pg_partition_rule lr ON lr.parchildrelid = c.oid" \
    " LEFT JOIN pg_catalog.pg_partition lp ON lp.oid = lr.paroid" \
    " LEFT JOIN pg_catalog.pg_class rc ON rc.oid = lp.parrelid" \
    " LEFT JOIN pg_catalog.pg_namespace rn ON rn.oid = rc.relnamespace"

#define STORAGE "CASE c.relstorage WHEN 'a' THEN 'ao_row' WHEN 'c' THEN 'ao_column' ELSE 'heap' END" STORAGE_OPTIONS

/* The coordinator's list has the totals; those of the segments do not count every DELETE. */
#define MODCOUNTS GREENPLUM_FILE_LIST

/* --- external tables ------------------------------------------------------------------------- */

#define EXTTABLE_JOIN " LEFT JOIN pg_catalog.pg_exttable x ON x.reloid = c.oid" PARTITION_JOINS

/* --- 4.3 and 5 ------------------------------------------------------------------------------- */

/* Five steps reach an array of rows with a composite of points: deeper nesting is not known to be in use there. */
#define FLOAT_STEP(n, m) ", h" #n " AS (SELECT edge.whole AS type, h" #m ".kind FROM h" #m " JOIN edge ON edge.part = h" #m ".type)"
#define FLOAT_TYPES_8 "WITH " FLOAT_EDGES("") ", h0 AS (" FLOAT_SEEDS ")" FLOAT_STEP(1, 0) FLOAT_STEP(2, 1) FLOAT_STEP(3, 2) \
    FLOAT_STEP(4, 3) FLOAT_STEP(5, 4) ", holds(type, kind) AS (SELECT * FROM h0 UNION SELECT * FROM h1 UNION SELECT * FROM h2" \
    " UNION SELECT * FROM h3 UNION SELECT * FROM h4 UNION SELECT * FROM h5)"

/* pg_get_table_distributedby() is of 6. */
#define DISTRIBUTION_8 "(SELECT CASE WHEN p.attrnums IS NULL THEN 'DISTRIBUTED RANDOMLY' ELSE 'DISTRIBUTED BY (' ||" \
    " pg_catalog.array_to_string(ARRAY(SELECT pg_catalog.quote_ident(da.attname) FROM pg_catalog.generate_series(1," \
    " pg_catalog.array_upper(p.attrnums, 1)) i JOIN pg_catalog.pg_attribute da ON da.attrelid = p.localoid AND da.attnum = p.attrnums[i]" \
    " ORDER BY i), ', ') || ')' END FROM pg_catalog.gp_distribution_policy p WHERE p.localoid = c.oid)"

#define ALL_SEGMENTS "(SELECT pg_catalog.count(*) FROM pg_catalog.gp_segment_configuration s WHERE s.content >= 0 AND s.role = 'p')"

static void
shape_of_8(struct catalog *out, bool urilocation)
{
	out->generation = urilocation ? CATALOG_GREENPLUM5 : CATALOG_GREENPLUM4;
	out->name = urilocation ? "Greenplum 5" : "Greenplum 4.3";
	out->filenode = "c.relfilenode";
	out->size = "coalesce(pg_catalog.pg_relation_size(c.oid), 0)";
	out->distribution = DISTRIBUTION_8;
	out->float_types = FLOAT_TYPES_8;
	out->nparts = ALL_SEGMENTS;
}

/* --- all ------------------------------------------------------------------------------------- */

void
catalog_greenplum5(struct catalog *out, int version, bool policy_type, bool urilocation)
{
	catalog_postgresql(out, version);
	out->generation = CATALOG_GREENPLUM6;
	out->name = "Greenplum 6";
	out->user_schema = GREENPLUM_USER_SCHEMA;
	out->holds_rows = HOLDS_ROWS;
	out->joins = PARTITION_JOINS;
	out->is_leaf = "lr.parchildrelid IS NOT NULL";
	out->root_schema = "rn.nspname";
	out->root_name = "rc.relname";
	out->distribution = GREENPLUM_DISTRIBUTION;
	out->storage = STORAGE;
	out->elsewhere = "(c.relkind = 'f' OR c.relstorage IN ('x', 'f'))";
	out->elsewhere_joins = EXTTABLE_JOIN;
	out->elsewhere_kind = EXTERNAL_KIND("lr.parchildrelid IS NOT NULL");
	out->elsewhere_reason = urilocation ? EXTERNAL_REASON("x.urilocation") : EXTERNAL_REASON("x.location");
	out->modcounts = MODCOUNTS;
	out->parts = CATALOG_SEGMENTS;
	out->nparts = GREENPLUM_SEGMENTS;
	out->is_child = "EXISTS (SELECT 1 FROM pg_catalog.pg_partition_rule r WHERE r.parchildrelid = l.oid)";
	if (!policy_type)
		shape_of_8(out, urilocation);
}
