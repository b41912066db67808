/* assess_check.h -- the checks of an assessment: a table, a row a check.
 *
 * A row of assess_checks.def:
 *
 *   CHECK(id, sources, destinations, severity, needs, "title", "why", "hint", "SQL")
 *
 * id            stable, for people and programs
 * sources       OR of PG, GP4, GP5, GP6, GP7: the catalogs (enum catalog_generation) in which it can be found.  An id may have a row
 *               for each of several catalogs
 * destinations  OR of enum destination_bit: where it matters
 * severity      enum severity
 * needs         a catalog, or catalog.column, that not every server of these sources has: without it there is
 *               nothing to be found.  NULL for none
 * title, why    what it is, and why it matters there; hint: what to do
 * SQL           gives one text a row, the name of an object; catalogs only.  search_path is pg_catalog.  Pieces of the
 *               generation stand in braces: those of catalog_sql.h, and what assess_checks.c adds */
#ifndef GPM_ASSESS_CHECK_H
#define GPM_ASSESS_CHECK_H

#include "catalog.h"

/* In the order of reports. */
enum severity { BREAKS_DDL, BREAKS_DATA, CHANGES_QUERIES, INFORMATION, SEVERITIES };

enum destination_bit {
	TO_ADBPG7 = 1, TO_GREENPLUM7 = 2, TO_WHPG7 = 4, TO_CLOUDBERRY = 8, TO_POSTGRESQL = 16,
	TO_PG12 = TO_ADBPG7 | TO_GREENPLUM7 | TO_WHPG7, /* made from PostgreSQL 12 */
	TO_SEGMENTS = TO_PG12 | TO_CLOUDBERRY,
	TO_ANY = TO_SEGMENTS | TO_POSTGRESQL,
};

struct check {
	const char *id;
	unsigned sources, destinations;
	enum severity severity;
	const char *needs;
	const char *title, *why, *hint;
	const char *sql;
};

extern const struct check assess_checks[];
extern const size_t assess_nchecks;

/* severity_name: "ddl", "data", "queries", "information", for programs; severity_title: for people. */
const char *severity_name(enum severity);
const char *severity_title(enum severity);

/* destination_find(name): its bit, or 0 when there is none of that name. */
unsigned destination_find(const char *name);

/* assess_sql(catalog, text): TEXT with the pieces of the generation filled in.  Caller frees. */
char *assess_sql(const struct catalog *, const char *text) GPM_NODISCARD;

#endif
