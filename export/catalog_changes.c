/* catalog_changes.c -- what shows that rows of append-optimized tables may have changed (catalog.h). */
#include "prelude.h"

#include "catalog_sql.h"
#include "err.h"

/* Types whose text depends on the value alone; and arrays of them, whose names begin with "_". */
#define PLAIN_TYPES "'{bool,bytea,char,name,int8,int2,int4,text,oid,xml,json,jsonb,point,lseg,path,box,polygon,line,circle,float4,float8,money," \
    "macaddr,macaddr8,inet,cidr,bpchar,varchar,date,time,timetz,timestamp,timestamptz,interval,bit,varbit,numeric,uuid,tsvector,tsquery}'::text[]"

/* One row a table: where its counts are, and the rest. */
static char *
changes_sql(const struct catalog *c, const char *condition)
{
	return mem_printf("SELECT n.nspname, c.relname, %s, c.relfilenode || ' ' || coalesce((SELECT max(o.statime)::text FROM pg_catalog.pg_stat_last_operation o"
	    " WHERE o.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND o.objid = c.oid AND o.staactionname IN ('CREATE', 'ALTER', 'TRUNCATE')), '-')"
	    " FROM pg_catalog.pg_appendonly ao JOIN pg_catalog.pg_class c ON c.oid = ao.relid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
	    " JOIN pg_catalog.pg_class s ON s.oid = ao.segrelid JOIN pg_catalog.pg_namespace sn ON sn.oid = s.relnamespace"
	    " WHERE %s AND pg_catalog.has_table_privilege(s.oid, 'SELECT') AND pg_catalog.has_schema_privilege(sn.oid, 'USAGE')"
	    " AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type y ON y.oid = a.atttypid WHERE a.attrelid = c.oid"
	    "  AND a.attnum > 0 AND NOT a.attisdropped AND NOT (y.typnamespace = 11" /* pg_catalog */
	    "  AND pg_catalog.ltrim(y.typname::text, '_') = ANY (" PLAIN_TYPES "))) %s",
	    c->modcounts, c->user_schema, condition);
}

/* Row I of TABLES: its count, asked for by itself, and its text handed on. */
static int
read_change(struct db *db, const PGresult *tables, int i, catalog_change_fn *fn, void *ctx, struct err *e)
{
	char *sql = mem_printf("SELECT coalesce(pg_catalog.sum(modcount), 0) FROM %s", PQgetvalue(tables, i, 2));
	char *count = db_value(db, sql, 0, NULL, e), *change = NULL;
	int rc = -1;

	if (count != NULL) {
		change = mem_printf("%s %s", count, PQgetvalue(tables, i, 3));
		rc = fn(ctx, PQgetvalue(tables, i, 0), PQgetvalue(tables, i, 1), change, e);
	}
	free(change);
	free(count);
	free(sql);
	return rc;
}

int
catalog_changes(const struct catalog *c, struct db *db, const char *condition, catalog_change_fn *fn, void *ctx, struct err *e)
{
	char *sql;
	PGresult *tables;
	int rc;

	if (c->modcounts == NULL)
		return 0;
	sql = changes_sql(c, condition);
	rc = db_query(db, sql, 0, NULL, &tables, e);
	free(sql);
	if (rc < 0)
		return -1;
	for (int i = 0; rc == 0 && i < PQntuples(tables); i++)
		rc = read_change(db, tables, i, fn, ctx, e);
	PQclear(tables);
	return rc;
}
