/* catalog_sql.h -- what differs between generations of catalogs, as pieces of SQL: shared by catalog*.c, source_rights.c and assess*.c only.
 *
 * The pieces speak of a relation c (pg_class) in a schema n (pg_namespace), and of what JOINS adds.  Each
 * generation fills in the whole struct; those of Greenplum start from PostgreSQL's of their version. */
#ifndef GPM_CATALOG_SQL_H
#define GPM_CATALOG_SQL_H

#include "catalog.h"

struct catalog {
	enum catalog_generation generation;
	const char *name;           /* of the generation, for messages */
	const char *user_schema;    /* condition: n belongs to the users */
	const char *of_extension;   /* condition: c belongs to an extension */
	const char *config_tables;  /* a table (oid, condition): configuration tables of extensions */

	const char *is_lasting;     /* condition: c is not temporary */
	const char *holds_rows;     /* condition: c is a table with rows of its own here */
	const char *hides_rows;     /* condition: policies keep rows of c from this user */
	const char *joins;          /* behind pg_class and pg_namespace, for the next three */
	const char *is_leaf;        /* condition: c is a partition */
	const char *root_schema, *root_name; /* the topmost ancestor of a partition, else NULL */
	const char *filenode;       /* what changes when c is truncated or rewritten, as of now and of no snapshot; 0 for none */
	const char *size;           /* bytes; the server may wait for others' locks */
	const char *distribution, *storage; /* as table records have them */

	const char *is_carried;     /* condition: the rows of COPY have column a (pg_attribute) of c */
	const char *float_types;    /* WITH …: table holds (type, kind) */

	const char *elsewhere;      /* condition: the rows of c are not in this database */
	const char *elsewhere_joins;
	const char *elsewhere_kind, *elsewhere_reason; /* two texts */
	bool has_matviews;

	const char *modcounts;      /* what to select FROM for the modification counts in s (pg_class, of schema sn), an append-optimized table's list of
	                             * files; NULL: there are no such tables */
	enum catalog_parts parts;
	const char *nparts;         /* how many; 0 when c has none */
	const char *is_child;       /* condition: l (pg_class) is a partition of its parent in pg_inherits */
};

/* Fill OUT for a server of VERSION (server_version_num). */
void catalog_postgresql(struct catalog *out, int version);
void catalog_greenplum7(struct catalog *out, int version);

/* For the catalogs with pg_partition_rule and relstorage, 4.3 to 6. POLICY_TYPE: gp_distribution_policy has policytype (6). */
void catalog_greenplum5(struct catalog *out, int version, bool policy_type, bool urilocation);

/* Types whose text holds float4 or float8 numbers, directly or inside: an edge leads from a part to what is
 * made of it (arrays and points by typelem, domains, composites, and RANGES). */
#define FLOAT_EDGES(ranges) "edge(part, whole) AS (" \
    " SELECT typelem, oid FROM pg_catalog.pg_type WHERE typelem <> 0" \
    " UNION ALL SELECT typbasetype, oid FROM pg_catalog.pg_type WHERE typtype = 'd'" \
    " UNION ALL SELECT a.atttypid, c.reltype FROM pg_catalog.pg_class c JOIN pg_catalog.pg_attribute a" \
    "  ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped WHERE c.reltype <> 0" \
    ranges ")"

/* path, polygon and circle hide their numbers */
#define FLOAT_SEEDS "SELECT * FROM (VALUES (700::pg_catalog.oid, 4), (701, 8), (602, 8), (604, 8), (718, 8)) AS seed(type, kind)"

#endif
