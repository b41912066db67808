/* advice.c -- what to do about a statement that failed. */
#include "prelude.h"

#include "advice.h"

#define CATALOG_VIEW "look the new column up and write the view or function anew: "

/* The first row that fits; NULL fits everything. */
static const struct {
	const char *sqlstate, *in_message, *in_statement, *advice;
} rows[] = {
	{ "58P01", "extension", NULL, "install the extension's package on every host of the destination" },
	{ "0A000", NULL, "CREATE EXTENSION", "install the extension's package on every host of the destination, or do without it" },
	{ "58P01", NULL, NULL, "install the shared object that the function is in on every host of the destination, built for its version" },
	{ "42883", NULL, "LANGUAGE \"c\"", "the shared object is there but has no such function: install the one that belongs to it" },
	{ "42704", "plpythonu", NULL, "plpythonu is Python 2: write the function for plpython3u" },
	{ "42704", "plpython2u", NULL, "plpython2u is Python 2: write the function for plpython3u" },
	{ "42704", "abstime", NULL, "the type abstime is not there any more: timestamp with time zone reads its values" },
	{ "42704", "reltime", NULL, "the type reltime is not there any more: interval reads its values" },
	{ "42704", "parameter \"gp_", NULL, "the setting is not there any more: make the object without it" },
	{ "42939", NULL, NULL, "names that begin with pg_ are the server's own: --owner-map gives the role another one" },
	{ "42P01", "pg_partition", NULL, "the catalog of partitions is another one: pg_partition_tree(), pg_get_expr(relpartbound, oid), and in Greenplum 7 gp_toolkit.gp_partitions" },
	{ "42P01", "pg_filespace", NULL, "filespaces are not there any more" },
	{ "42P01", "gp_", NULL, "the table is one of Greenplum's own catalog, which this server does not have" },
	{ "42703", "relstorage", NULL, CATALOG_VIEW "pg_class.relam and pg_am.amname" },
	{ "42703", "relhasoids", NULL, CATALOG_VIEW "no table has OIDs any more" },
	{ "42703", "adsrc", NULL, CATALOG_VIEW "pg_get_expr(adbin, adrelid)" },
	{ "42703", "consrc", NULL, CATALOG_VIEW "pg_get_constraintdef(oid)" },
	{ "42703", "proisagg", NULL, CATALOG_VIEW "pg_proc.prokind = 'a'" },
	{ "42703", "waiting", NULL, CATALOG_VIEW "pg_stat_activity.wait_event" },
	{ "42703", "procpid", NULL, CATALOG_VIEW "pg_stat_activity.pid" },
	{ "42703", "current_query", NULL, CATALOG_VIEW "pg_stat_activity.query" },
	{ "42703", "increment_by", NULL, CATALOG_VIEW "pg_sequences" },
	{ "42703", "max_value", NULL, CATALOG_VIEW "pg_sequences" },
	{ "42703", "gp_segment_id", NULL, "there are no segments here: leave the column out" },
	{ "42703", "oid", NULL, "tables have no OIDs any more: the column has to be one of the table's own" },
	{ "42883", "pg_current_xlog", NULL, "it is called pg_current_wal_… now" },
	{ "42883", "xlog", NULL, "functions on xlog are called wal now" },
	{ "0A000", NULL, "UNIQUE", "a key of a partitioned table must have the columns that it is partitioned by" },
	{ "0A000", NULL, "PRIMARY KEY", "a key of a partitioned table must have the columns that it is partitioned by" },
	{ "42P16", NULL, "UNIQUE", "give the key the columns that the table is partitioned and distributed by, or distribute it by the key's" },
	{ "42P16", NULL, "PRIMARY KEY", "give the key the columns that the table is partitioned and distributed by, or distribute it by the key's" },
	{ "42P16", NULL, "DISTRIBUTED", "the distribution key is refused here: distribute the table by other columns, or randomly" },
	{ "42601", NULL, NULL, "this server does not know the syntax: make the object by hand, and run this again" },
	{ "42501", NULL, NULL, "the user may not do that: run this as a superuser, or as the owner" },
	{ "42P07", NULL, NULL, "it is there already: drop it, or load into an empty database" },
	{ "42710", NULL, NULL, "it is there already: drop it, or load into an empty database" },
	{ "42723", NULL, NULL, "it is there already: drop it, or load into an empty database" },
	{ "42P06", NULL, NULL, "it is there already: drop it, or load into an empty database" },
};

static bool
holds(const char *text, const char *part)
{
	return part == NULL || strstr(text, part) != NULL;
}

const char *
advice_for(const char *sqlstate, const char *message, const char *statement)
{
	for (size_t i = 0; i < GPM_ARRAY_LEN(rows); i++)
		if (strcmp(rows[i].sqlstate, sqlstate) == 0 && holds(message, rows[i].in_message) &&
		    holds(statement, rows[i].in_statement))
			return rows[i].advice;
	return NULL;
}
