/* since_rules.h -- --since: of which tables only the rows behind a value are taken out. */
#ifndef GPM_SINCE_RULES_H
#define GPM_SINCE_RULES_H

#include "db.h"
#include "record.h"

struct catalog;
struct err;
struct opts;

struct since_rules {
	struct since_rule {
		char *schema, *name;   /* of a table that holds rows */
		char *column, *value;  /* as its type writes it */
	} *at;
	size_t len;
};

/* since_rules_read(opts, catalog, db, out, e): --since, a rule for each table that it matches.  ERR_USAGE for a column that is not there, or
 * of a type whose order is not the same everywhere, for a value that is none of that type, and for a table that is meant twice. */
int since_rules_read(const struct opts *, const struct catalog *, struct db *, struct since_rules *out, struct err *) GPM_NODISCARD;
void since_rules_release(struct since_rules *); /* fine on a zeroed struct */

/* since_rules_apply(rules, t): T's filter, column and value, if there is a rule for it. */
void since_rules_apply(const struct since_rules *, struct rec_table *t);

#endif
