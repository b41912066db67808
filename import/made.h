/* made.h -- what a statement of a schema makes, by its name, and which such things are here.
 *
 * A thing is named as messages name it, "table sales.lines", "index lines_sku_idx of sales.lines": a kind, and names with quotes only
 * where there must be some.  Functions are known without their arguments. */
#ifndef GPM_MADE_H
#define GPM_MADE_H

#include "db.h"
#include "keyset.h"
#include "sqlsplit.h"

struct err;

struct made {
	char *thing;           /* NULL: nothing that is looked for here */
	char *of;              /* the table that it is on, or a partition of, as a thing; NULL: of none */
};

/* made_read(s, out): what S makes, for made_release. */
void made_read(const struct sql_statement *, struct made *out);
void made_release(struct made *);

/* made_table(schema, name): the table as a thing; the caller frees. */
char *made_table(const char *schema, const char *name) GPM_NODISCARD;

/* made_here(db, out, e): all such things that are here, for keyset_free. */
int made_here(struct db *, struct keyset **out, struct err *) GPM_NODISCARD;

/* SQL for a name NAME, and for one with the schema of that oid, in the spelling of things. */
#define MADE_SPELL(name) "CASE WHEN " name "::text COLLATE \"C\" ~ '^[a-z0-9_]+$' THEN " name "::text ELSE '\"' || replace(" name "::text, '\"', '\"\"') || '\"' END"
#define MADE_SPELL_FULL(namespace, name) "(SELECT " MADE_SPELL("nspname") " FROM pg_catalog.pg_namespace ns WHERE ns.oid = " namespace ") || '.' || " MADE_SPELL(name)

#endif
