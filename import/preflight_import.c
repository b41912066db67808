/* preflight_import.c -- gpm-import preflight: what does this destination lack for the run? */
#include "prelude.h"

#include "destination.h"
#include "err.h"
#include "find.h"
#include "import.h"
#include "method.h"
#include "opt.h"
#include "parse.h"
#include "preflight.h"
#include "schema.h"
#include "session.h"
#include "sqlsplit.h"

struct looking {
	struct preflight *list;
	struct run *run;
	struct db *db;
	uint64_t there, filled; /* tables of the run that exist, and that hold rows */
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
	    "schemas can be made in this database", "no schema can be made in this database: the ledger needs one");
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
		const char *params[] = { l->run->header.roles.at[i] };
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

/* The name in CREATE EXTENSION [IF NOT EXISTS] "name" …, or NULL. */
static char *
extension_of(const char *sql)
{
	static const char *const starts[] = { "CREATE EXTENSION IF NOT EXISTS \"", "CREATE EXTENSION \"" };

	for (size_t i = 0; i < GPM_ARRAY_LEN(starts); i++)
		if (strncmp(sql, starts[i], strlen(starts[i])) == 0)
			return mem_strn(sql + strlen(starts[i]), strcspn(sql + strlen(starts[i]), "\""));
	return NULL;
}

static void
look_at_extension(struct looking *l, char *name)
{
	const char *params[] = { name };
	struct err e;
	char *n = db_value(l->db, "SELECT pg_catalog.count(*) FROM pg_catalog.pg_available_extensions WHERE name = $1",
	    1, params, &e);

	if (n == NULL) {
		preflight_fail(l->list, &e);
	} else if (strcmp(n, "0") == 0) {
		err_set(&e, ERR_FAILED, "extension %s is not installed on this server", name);
		err_hint(&e, "install it, or the statements that need it will fail");
		preflight_fail(l->list, &e);
	}
	free(n);
	free(name);
}

static void
look_at_schema(struct looking *l)
{
	struct sql_statement s;
	struct sqlsplit *split;
	struct buf text;
	struct err e;
	char *name;
	int rc;

	if (json_is_true(json_object_get(l->run->header.selection, "data_only"))) {
		preflight_warn(l->list, "the run holds rows only: the tables must be there");
		return;
	}
	buf_init(&text, SCHEMA_LIMIT);
	if (schema_fetch(l->run, "pre-data", &text, &e) < 0) {
		preflight_fail(l->list, &e);
		buf_release(&text);
		return;
	}
	split = sqlsplit_new(text.data, text.len);
	while ((rc = sqlsplit_next(split, &s, &e)) > 0)
		if ((name = extension_of(s.text)) != NULL)
			look_at_extension(l, name);
	if (rc < 0)
		preflight_fail(l->list, &e);
	else
		preflight_ok(l->list, "the schema can be read, its extensions were looked for");
	sqlsplit_free(split);
	buf_release(&text);
}

static int
look_at_table(void *ctx, struct record *r, struct err *e)
{
	struct looking *l = ctx;
	const char *params[] = { r->u.manifest.schema, r->u.manifest.name };
	char *pages = db_value(l->db, "SELECT coalesce((SELECT CASE WHEN pg_catalog.pg_relation_size(c.oid) > 0 THEN 2 ELSE 1 END"
	    " FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
	    " WHERE n.nspname = $1 AND c.relname = $2), 0)", 2, params, e);

	if (pages == NULL)
		return -1;
	l->there += strcmp(pages, "0") != 0;
	l->filled += strcmp(pages, "2") == 0;
	free(pages);
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
	if (session_open_reading(opts, l.run->id, &l.db, e) < 0 ||
	    session_read_names(opts, l.db, &l.run->header, e) < 0) {
		preflight_fail(l.list, e);
	} else {
		look_at_server(&l);
		look_at_method(&l, opts);
		look_at_roles(&l);
		look_at_schema(&l);
		look_at_tables(&l);
	}
	db_close(l.db);
	run_close(l.run);
	return preflight_end(l.list, e);
}
