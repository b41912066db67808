/* catalog_greenplum.h -- pieces of SQL (catalog_sql.h) that all generations of Greenplum's catalog share. */
#ifndef GPM_CATALOG_GREENPLUM_H
#define GPM_CATALOG_GREENPLUM_H

#include "catalog.h"

/* Everything else of Greenplum's own is in schemas that begin with pg_. */
#define GREENPLUM_USER_SCHEMA "n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'gp_toolkit', '" LEDGER_SCHEMA "')"

/* From 6 on. */
#define GREENPLUM_DISTRIBUTION "pg_catalog.pg_get_table_distributedby(c.oid)"

/* Where the rows of c are: on segments 0 to n - 1.  A replicated table is on each, and has no gp_segment_id. */
#define GREENPLUM_SEGMENTS "coalesce((SELECT CASE WHEN p.policytype = 'p' THEN p.numsegments ELSE 0 END" \
    " FROM pg_catalog.gp_distribution_policy p WHERE p.localoid = c.oid), 0)"

/* s, the list of files of an append-optimized table, by its name. */
#define GREENPLUM_FILE_LIST "pg_catalog.quote_ident(sn.nspname) || '.' || pg_catalog.quote_ident(s.relname)"

/* " (compresstype=zstd, …)" behind the name of the storage. */
#define STORAGE_OPTIONS " || coalesce(' (' || pg_catalog.array_to_string(c.reloptions, ', ') || ')', '')"

/* What an external table is called, and where it reads: the protocol alone, because a location may hold
 * secrets.  x is pg_exttable's row, NULLs for another table. */
#define EXTERNAL_KIND(is_leaf) "CASE WHEN x.reloid IS NULL THEN 'foreign' ELSE CASE WHEN x.writable THEN 'writable ' ELSE '' END ||" \
    " 'external' || CASE WHEN x.command IS NOT NULL THEN ' web' ELSE '' END END || CASE WHEN " is_leaf " THEN ' partition' ELSE ' table' END"
#define EXTERNAL_REASON(location) "'its rows are ' || CASE WHEN x.reloid IS NULL THEN 'on another server' WHEN x.command IS NOT NULL" \
    " THEN 'what a program writes or reads' ELSE 'behind ' || coalesce(pg_catalog.substring(" location "[1], '^([a-z][a-z0-9_]*)://')," \
    " 'an unknown protocol') END"

#endif
