/* preflight_import.c -- gpm-import preflight: what does this destination lack for the run? */
#include "prelude.h"

#include "destination.h"
#include "err.h"
#include "find.h"
#include "import.h"
#include "maps.h"
#include "method.h"
#include "opt.h"
#include "parse.h"
#include "preflight.h"
#include "preflight_schema.h"
#include "session.h"

struct looking {
	struct preflight *list;
	struct run *run;
	struct db *db;
	struct maps maps;
	uint64_t there, filled; /* tables of the run that exist, and that hold rows */
	uint64_t refused;      /* that this user can do nothing with */
	char *first_refused;
};

/* One line for a query that gives a boolean; FALSE is a warning. */
static void
look_at_right(struct looking *l, const char *sql, const char *good, const char *bad)
{
	struct err e;
	char *value = db_value(l->db, sql, 0, NULL, &e);

	if (value == NULL)
		preflight_fail(l->list, &e);
	else if (strcmp(value, "t") == 0)
		preflight_ok(l->list, "%s", good);
	else
		preflight_warn(l->list, "%s", bad);
	free(value);
}

static enum adapt_to
source_kind(const struct rec_run *run)
{
	return destination_of(run->system, (int)run->server_version_num);
}

static void
look_at_server(struct looking *l)
{
	struct err e;
	char *version = db_value(l->db, "SELECT pg_catalog.version()", 0, NULL, &e);

	if (version == NULL) {
		preflight_fail(l->list, &e);
		return;
	}
	preflight_ok(l->list, "%.60s", version);
	if ((uint64_t)db_version(l->db) / 10000 < l->run->header.server_version_num / 10000)
		preflight_warn(l->list, "the source is newer (%d): schema statements may fail",
		    (int)(l->run->header.server_version_num / 10000));
	if (destination_of(version, db_version(l->db)) != source_kind(&l->run->header))
		preflight_ok(l->list, "another kind of server than the source's: gpm-import schema --rehearse tells what becomes of its schema");
	look_at_right(l, "SELECT pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE')",
	    "schemas can be made in this database", "no schema can be made in this database");
	look_at_right(l, "SELECT rolsuper OR rolcreaterole FROM pg_catalog.pg_roles WHERE rolname = current_user",
	    "missing roles can be made", "missing roles cannot be made: their objects will be this user's");
	look_at_right(l, "SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user",
	    "triggers that are there already will not act on the rows",
	    "not a superuser: tables that have triggers already will be refused");
	free(version);
}

/* Everybody may COPY into his tables. */
static void
look_at_method(struct looking *l, const struct opts *opts)
{
	const struct method *method;
	struct err e;

	if ((method = method_choose(opts, l->run, l->db, &e)) == NULL || (method->check != NULL && method->check(l->db, &e) < 0))
		preflight_fail(l->list, &e);
	else if (method->check != NULL)
		preflight_ok(l->list, "rows can be loaded by %s", method->name);
}

static void
look_at_roles(struct looking *l)
{
	for (size_t i = 0; i < l->run->header.roles.len; i++) {
		const char *params[] = { adapt_name(&l->maps.owners, l->run->header.roles.at[i]) };
		struct err e;
		char *n = db_value(l->db, "SELECT pg_catalog.count(*) FROM pg_catalog.pg_roles WHERE rolname = $1", 1,
		    params, &e);

		if (n == NULL)
			preflight_fail(l->list, &e);
		else if (strcmp(n, "0") == 0)
			preflight_warn(l->list, "role %s is missing; it will be made, without password", params[0]);
		free(n);
	}
}

/* What the load notes in the database; see ledger.c. */
static void
look_at_ledger(struct looking *l)
{
	struct err e;
	char *may = db_value(l->db, "SELECT CASE pg_catalog.count(*) WHEN 3 THEN pg_catalog.bool_and(pg_catalog.has_schema_privilege(n.oid, 'USAGE')"
	    " AND pg_catalog.has_table_privilege(c.oid, 'SELECT') AND pg_catalog.has_table_privilege(c.oid, 'INSERT'))"
	    " ELSE pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE') END"
	    " FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
	    " WHERE n.nspname = 'gpm' AND c.relname IN ('ledger', 'tables', 'steps')", 0, NULL, &e);

	if (may == NULL) {
		preflight_fail(l->list, &e);
	} else if (strcmp(may, "t") != 0) {
		err_set(&e, ERR_FAILED, "this user can neither make nor write the ledger (schema gpm)");
		err_hint(&e, "GRANT CREATE ON DATABASE, or connect as the user of the earlier load");
		preflight_fail(l->list, &e);
	}
	free(may);
}

static void
look_at_schema(struct looking *l)
{
	struct err e;
	enum adapt_to to;

	if (json_is_true(json_object_get(l->run->header.selection, "data_only")))
		preflight_warn(l->list, "the run holds rows only: the tables must be there");
	else if (destination_ask(l->db, &to, &e) < 0)
		preflight_fail(l->list, &e);
	else
		preflight_schema(l->list, l->run, l->db, to, &l->maps);
}

/* "0" it is not there, "1" it is, "2" and holds rows; and "-" when this user may not make it or write to it. */
#define TABLE_SQL "SELECT coalesce((SELECT CASE WHEN pg_catalog.pg_relation_size(c.oid) > 0 THEN '2' ELSE '1' END ||" \
    " CASE WHEN pg_catalog.has_schema_privilege(n.oid, 'USAGE') AND pg_catalog.has_table_privilege(c.oid, 'SELECT')" \
    " AND pg_catalog.has_table_privilege(c.oid, 'INSERT') THEN '' ELSE '-' END" \
    " FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relname = $2)," \
    " (SELECT CASE WHEN pg_catalog.has_schema_privilege(n.oid, 'CREATE') THEN '0' ELSE '0-' END" \
    " FROM pg_catalog.pg_namespace n WHERE n.nspname = $1), '0')"

static int
look_at_table(void *ctx, struct record *r, struct err *e)
{
	struct looking *l = ctx;
	const char *params[] = { r->u.manifest.schema, r->u.manifest.name };
	char *state = db_value(l->db, TABLE_SQL, 2, params, e);

	if (state == NULL)
		return -1;
	l->there += state[0] != '0';
	l->filled += state[0] == '2';
	if (state[1] == '-' && l->refused++ == 0)
		l->first_refused = mem_printf("%s.%s", params[0], params[1]);
	free(state);
	return 0;
}

static void
look_at_tables(struct looking *l)
{
	unsigned long long all = manifest_totals(l->run->root)->tables;
	struct err e;

	if (run_each(l->run, REC_MANIFEST, look_at_table, l, &e) < 0)
		preflight_fail(l->list, &e);
	else if (l->there == 0)
		preflight_ok(l->list, "none of the run's %llu tables is there yet", all);
	else
		preflight_warn(l->list, "%llu of the run's %llu tables are there already, %llu of them hold rows",
		    (unsigned long long)l->there, all, (unsigned long long)l->filled);
	if (l->refused > 0) {
		err_set(&e, ERR_FAILED, "%llu tables may be neither made nor written to by this user, among them %s",
		    (unsigned long long)l->refused, l->first_refused);
		err_hint(&e, "GRANT CREATE ON SCHEMA, or SELECT and INSERT on tables that are there");
		preflight_fail(l->list, &e);
	}
	free(l->first_refused);
}

static void
look_at_keys(struct looking *l, const struct opts *opts)
{
	struct err e;

	if (run_need_key(l->run, &e) < 0)
		preflight_fail(l->list, &e);
	else if (l->run->master_key != NULL)
		preflight_ok(l->list, "it is encrypted, and --encrypt-key is its key");
	if (opt_string(opts, OPT_ID_trusted_keys) != NULL) /* or it would not have been found */
		preflight_ok(l->list, "it is signed by key %.64s, which is trusted", l->run->push.signed_by);
}

int
import_preflight(const struct opts *opts, struct store *store, struct err *e)
{
	struct looking l = { .list = preflight_new() };
	char rows[FORMAT_SIZE_LEN], size[FORMAT_SIZE_LEN];

	if (find_run(store, opts, &l.run, e) < 0) {
		preflight_fail(l.list, e);
		return preflight_end(l.list, e);
	}
	preflight_ok(l.list, "run %s of %s: %s rows, %s", l.run->id, l.run->header.database,
	    format_count(manifest_totals(l.run->root)->rows, rows),
	    format_size(manifest_totals(l.run->root)->plain_bytes, size));
	look_at_keys(&l, opts);
	maps_init(&l.maps, opts);
	if (session_open_reading(opts, l.run->id, &l.db, e) < 0 ||
	    session_read_names(opts, l.db, &l.run->header, e) < 0) {
		preflight_fail(l.list, e);
	} else {
		look_at_server(&l);
		look_at_ledger(&l);
		look_at_method(&l, opts);
		look_at_roles(&l);
		look_at_schema(&l);
		look_at_tables(&l);
	}
	maps_release(&l.maps);
	db_close(l.db);
	run_close(l.run);
	return preflight_end(l.list, e);
}
