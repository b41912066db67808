/* carried.c -- which settings and memberships of a run go along. */
#include "prelude.h"

#include <strings.h>

#include "adapt_work.h"
#include "buf.h"
#include "carried.h"

#define LOADS "it loads code into every session"
#define ACTS  "it makes sessions somebody else's"
#define BARE  "it switches off what protects data"
#define STOPS "a load could not be gone on with"
#define SHUTS "nobody could connect as usual"

/* Names of settings are the same in upper and lower case; SET SESSION … and SET TRANSACTION … have no names. */
static const struct {
	const char *name, *why;
} left[] = {
	{ "session_preload_libraries", LOADS },
	{ "local_preload_libraries", LOADS },
	{ "dynamic_library_path", LOADS },
	{ "plperl.on_init", LOADS },
	{ "plperl.on_plperl_init", LOADS },
	{ "plperl.on_plperlu_init", LOADS },
	{ "pltcl.start_proc", LOADS },
	{ "pltclu.start_proc", LOADS },
	{ "plv8.start_proc", LOADS },
	{ "pljava_classpath", LOADS },
	{ "pljava_vmoptions", LOADS },
	{ "pljava.classpath", LOADS },
	{ "pljava.libjvm_location", LOADS },
	{ "pljava.vmoptions", LOADS },
	{ "role", ACTS },
	{ "session", ACTS },
	{ "session_authorization", ACTS },
	{ "session_replication_role", BARE },
	{ "allow_system_table_mods", BARE },
	{ "ignore_checksum_failure", BARE },
	{ "zero_damaged_pages", BARE },
	{ "default_transaction_read_only", STOPS },
	{ "transaction", STOPS },
	{ "transaction_read_only", STOPS },
	{ "gp_role", SHUTS },
	{ "gp_session_role", SHUTS },
};

const char *
carried_setting(const char *name)
{
	for (size_t i = 0; i < GPM_ARRAY_LEN(left); i++)
		if (strcasecmp(left[i].name, name) == 0)
			return left[i].why;
	return NULL;
}

/* pg_dumpall quotes a name with dots as a whole; by hand it may be written in parts. */
char *
carried_name(const struct work *w, size_t i)
{
	size_t end = work_match(w, i + 1, "@");
	struct buf name;

	if (end == 0)
		return NULL;
	text_init(&name);
	for (size_t at = i + 1; at < end; at += 2) {
		char *part = work_name(w, at);

		text_printf(&name, "%s%s", name.len > 0 ? "." : "", part != NULL ? part : "");
		free(part);
	}
	return text_take(&name);
}

/* The server's own roles read files, run programs, read and write all that there is.  Who is a member of a role may become it, and who may make roles may
 * make himself a member of nearly all.  A superuser counts as a member of every role, of his own too. */
int
carried_group(struct db *db, const char *role, bool *carried, struct err *e)
{
	const char *params[] = { role };
	char *n = db_value(db, "SELECT pg_catalog.count(*) FROM pg_catalog.pg_roles r WHERE pg_catalog.pg_has_role($1::pg_catalog.name, r.oid, 'MEMBER')"
	    " AND (rolsuper OR rolcreaterole OR rolreplication OR pg_catalog.substr(rolname, 1, 3) = 'pg_'"
	    " OR pg_catalog.row_to_json(r)->>'rolbypassrls' = 'true')", 1, params, e); /* not every server has that one */

	if (n == NULL)
		return -1;
	*carried = strcmp(n, "0") == 0;
	free(n);
	return 0;
}
