/* catalog_postgresql.c -- PostgreSQL's own catalog, from 9.0 on. */
#include "prelude.h"

#include "catalog_sql.h"

/* PostgreSQL reserves names that begin with pg_; gpm-import keeps its own. */
#define USER_SCHEMA "n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', '" LEDGER_SCHEMA "')"

#define OF_EXTENSION "EXISTS (SELECT 1 FROM pg_catalog.pg_depend x WHERE x.classid = 'pg_catalog.pg_class'::pg_catalog.regclass" \
    " AND x.objid = c.oid AND x.deptype = 'e')"

#define CONFIG_TABLES "(SELECT x.extconfig[i] AS oid, x.extcondition[i] AS condition FROM" \
    " (SELECT extconfig, extcondition, pg_catalog.generate_subscripts(extconfig, 1) AS i FROM pg_catalog.pg_extension) x)"

/* The topmost ancestor of leaf c. */
#define ROOT_OF(what) "CASE WHEN c.relispartition THEN (WITH RECURSIVE up(oid) AS (SELECT c.oid" \
    " UNION ALL SELECT i.inhparent FROM up JOIN pg_catalog.pg_inherits i ON i.inhrelid = up.oid)" \
    " SELECT " what " FROM up JOIN pg_catalog.pg_class rc ON rc.oid = up.oid JOIN pg_catalog.pg_namespace rn" \
    " ON rn.oid = rc.relnamespace WHERE NOT rc.relispartition) END"

#define FLOAT_TYPES(ranges) "WITH RECURSIVE " FLOAT_EDGES(ranges) ", holds(type, kind) AS (" FLOAT_SEEDS \
    " UNION SELECT edge.whole, holds.kind FROM holds JOIN edge ON edge.part = holds.type)"
#define RANGES_9_2 " UNION ALL SELECT rngsubtype, rngtypid FROM pg_catalog.pg_range"
#define RANGES_14 RANGES_9_2 " UNION ALL SELECT rngtypid, rngmultitypid FROM pg_catalog.pg_range"

/* A heap has pages; other access methods need not. */
#define HEAP_PAGES "CASE WHEN (SELECT am.amname FROM pg_catalog.pg_am am WHERE am.oid = c.relam) = 'heap'" \
    " THEN pg_catalog.pg_relation_size(c.oid) / pg_catalog.current_setting('block_size')::int8 ELSE 0 END"

void
catalog_postgresql(struct catalog *out, int version)
{
	*out = (struct catalog){
		.generation = CATALOG_POSTGRESQL,
		.name = "PostgreSQL",
		.user_schema = USER_SCHEMA,
		.of_extension = version >= 90100 ? OF_EXTENSION : "false",
		.config_tables = version >= 90100 ? CONFIG_TABLES : "(SELECT NULL::pg_catalog.oid AS oid, NULL::pg_catalog.text AS condition)",
		.is_lasting = version >= 90100 ? "c.relpersistence <> 't'" : "true", /* temporary schemas are no user's */
		.holds_rows = "c.relkind = 'r'",
		.hides_rows = version >= 90500 ? "pg_catalog.row_security_active(c.oid)" : "false",
		.joins = "",
		.is_leaf = version >= 100000 ? "c.relispartition" : "false",
		.root_schema = version >= 100000 ? ROOT_OF("rn.nspname") : "NULL",
		.root_name = version >= 100000 ? ROOT_OF("rc.relname") : "NULL",
		.filenode = "coalesce(pg_catalog.pg_relation_filenode(c.oid), 0)",
		.size = "coalesce(pg_catalog.pg_table_size(c.oid), 0)",
		.distribution = "NULL",
		.storage = "NULL",
		.is_carried = version >= 120000 ? "a.attgenerated = ''" : "true",
		.float_types = version >= 140000 ? FLOAT_TYPES(RANGES_14) : version >= 90200 ? FLOAT_TYPES(RANGES_9_2) : FLOAT_TYPES(""),
		.elsewhere = "c.relkind = 'f'",
		.elsewhere_joins = "",
		.elsewhere_kind = version >= 100000 ? "CASE WHEN c.relispartition THEN 'foreign partition' ELSE 'foreign table' END" : "'foreign table'",
		.elsewhere_reason = "'its rows are on another server'",
		.has_matviews = version >= 90300,
		/* older servers would scan the whole table for each range of pages */
		.parts = version >= 140000 ? CATALOG_PAGES : CATALOG_WHOLE,
		.nparts = HEAP_PAGES,
		.is_child = version >= 100000 ? "l.relispartition" : "false",
	};
}
