/* destination.c -- what kind of server the rows go to. */
#include "prelude.h"

#include "destination.h"
#include "err.h"

enum adapt_to
destination_of(const char *version, int number)
{
	static const char *const kin[] = { "Greenplum", "WarehousePG", "Cloudberry", "AnalyticDB" };

	for (size_t i = 0; i < GPM_ARRAY_LEN(kin); i++)
		if (strstr(version, kin[i]) != NULL)
			return number >= 120000 ? ADAPT_GREENPLUM7 : ADAPT_GREENPLUM6; /* 7 is of PostgreSQL 12 */
	return ADAPT_POSTGRESQL;
}

int
destination_ask(struct db *db, enum adapt_to *out, struct err *e)
{
	char *version = db_value(db, "SELECT pg_catalog.version()", 0, NULL, e);

	if (version == NULL)
		return -1;
	*out = destination_of(version, db_version(db));
	free(version);
	return 0;
}

int
destination_named(const char *name, enum adapt_to *out, struct err *e)
{
	static const struct {
		const char *name;
		enum adapt_to to;
	} names[] = {
		{ "postgresql", ADAPT_POSTGRESQL }, { "greenplum6", ADAPT_GREENPLUM6 }, { "greenplum7", ADAPT_GREENPLUM7 },
		{ "whpg7", ADAPT_GREENPLUM7 }, { "cloudberry", ADAPT_GREENPLUM7 }, { "adbpg7", ADAPT_GREENPLUM7 },
	};

	for (size_t i = 0; i < GPM_ARRAY_LEN(names); i++) {
		if (strcmp(names[i].name, name) == 0) {
			*out = names[i].to;
			return 0;
		}
	}
	return err_set(e, ERR_USAGE, "--destination: '%s' is none of postgresql, greenplum6, greenplum7, whpg7, cloudberry and adbpg7", name);
}
