/* catalog_greenplum7.c -- the catalog of Greenplum 7, WarehousePG 7 and Cloudberry: PostgreSQL's declarative
 * partitions and access methods, with a distribution policy a table and external tables as foreign ones. */
#include "prelude.h"

#include "catalog_greenplum.h"
#include "catalog_sql.h"

#define STORAGE "(SELECT am.amname FROM pg_catalog.pg_am am WHERE am.oid = c.relam)" STORAGE_OPTIONS

/* The foreign tables of Greenplum's own server. The view of that name, which is made of this function, is not everybody's to read. */
#define EXTTABLE_JOIN " LEFT JOIN pg_catalog.pg_exttable() x ON x.reloid = c.oid"

/* The coordinator's list is empty. */
#define MODCOUNTS "'gp_dist_random(' || pg_catalog.quote_literal(" GREENPLUM_FILE_LIST ") || ')'"

void
catalog_greenplum7(struct catalog *out, int version)
{
	catalog_postgresql(out, version);
	out->generation = CATALOG_GREENPLUM7;
	out->name = "Greenplum 7";
	out->user_schema = GREENPLUM_USER_SCHEMA;
	out->distribution = GREENPLUM_DISTRIBUTION;
	out->storage = STORAGE;
	out->elsewhere_joins = EXTTABLE_JOIN;
	out->elsewhere_kind = EXTERNAL_KIND("c.relispartition");
	out->elsewhere_reason = EXTERNAL_REASON("x.urilocation");
	out->modcounts = MODCOUNTS;
	out->parts = CATALOG_SEGMENTS;
	out->nparts = GREENPLUM_SEGMENTS;
}
