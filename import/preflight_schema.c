/* preflight_schema.c -- what a destination lacks for the schema of a run. */
#include "prelude.h"

#include "err.h"
#include "keyset.h"
#include "preflight.h"
#include "preflight_schema.h"
#include "schema.h"

struct looking {
	struct preflight *list;
	struct run *run;
	struct db *db;
	struct adapter *adapter;
	struct keyset *seen;   /* statements that were looked at */
};

/* --- extensions ------------------------------------------------------------------------------ */

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

/* Since PostgreSQL 13 some are made by whoever may make something in the database. */
#define EXTENSION_SQL(trusted) "SELECT coalesce((SELECT CASE WHEN a.installed_version IS NULL AND v.superuser AND NOT r.rolsuper" \
    trusted " THEN 'refused' ELSE 'fine' END" \
    " FROM pg_catalog.pg_available_extensions a LEFT JOIN pg_catalog.pg_available_extension_versions v" \
    " ON v.name = a.name AND v.version = a.default_version, pg_catalog.pg_roles r" \
    " WHERE a.name = $1 AND r.rolname = current_user), 'absent')"
#define TRUSTED " AND NOT (v.trusted AND pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE'))"

static void
look_at_extension(struct looking *l, const char *name)
{
	const char *params[] = { name };
	struct err e;
	char *state = db_value(l->db, db_version(l->db) >= 130000 ? EXTENSION_SQL(TRUSTED) : EXTENSION_SQL(""), 1, params, &e);

	if (state == NULL) {
		preflight_fail(l->list, &e);
	} else if (strcmp(state, "absent") == 0) {
		err_set(&e, ERR_FAILED, "extension %s is not installed on this server", name);
		err_hint(&e, "install it, or the statements that need it will fail");
		preflight_fail(l->list, &e);
	} else if (strcmp(state, "refused") == 0) {
		err_set(&e, ERR_FAILED, "extension %s can be made by a superuser only", name);
		err_hint(&e, "have CREATE EXTENSION done beforehand, or the statements that need it will fail");
		preflight_fail(l->list, &e);
	}
	free(state);
}

/* --- tablespaces, table access methods ------------------------------------------------------- */

/* May something be made where SQL has just led to? */
static void
look_at_right(struct looking *l)
{
	struct err e;
	char *space = db_value(l->db, "SELECT CASE WHEN s <> '' AND NOT pg_catalog.has_tablespace_privilege(s, 'CREATE') THEN s ELSE '' END"
	    " FROM pg_catalog.current_setting('default_tablespace') s", 0, NULL, &e);

	if (space == NULL) {
		preflight_fail(l->list, &e);
	} else if (*space != '\0') {
		err_set(&e, ERR_FAILED, "this user may make nothing in tablespace %s", space);
		err_hint(&e, "GRANT CREATE ON TABLESPACE, or name another one by --tablespace-map");
		preflight_fail(l->list, &e);
	}
	free(space);
}

static void
look_at_place(struct looking *l, const char *sql)
{
	struct err e;
	char *missing;

	if (db_exec(l->db, sql, &e) == 0) {
		look_at_right(l);
	} else if ((missing = schema_missing_place(l->db, sql)) != NULL) {
		preflight_warn(l->list, "%s", missing);
		free(missing);
	}
	/* else the server does not know the setting, which the load passes over */
}

/* --- the text -------------------------------------------------------------------------------- */

static int
look_at_statement(void *ctx, const struct sql_statement *s, struct err *e)
{
	struct looking *l = ctx;
	const char *sql = s->text;
	char *name;

	(void)e; /* what is missing is told, and ends nothing */
	if (schema_is_place(sql) && !keyset_has(l->seen, sql)) {
		keyset_add(l->seen, sql);
		look_at_place(l, sql);
	} else if ((name = extension_of(sql)) != NULL) {
		look_at_extension(l, name);
		free(name);
	}
	return 0;
}

static int
look_at_section(struct looking *l, const char *section, struct err *e)
{
	struct buf text;
	int rc;

	buf_init(&text, SCHEMA_LIMIT);
	rc = schema_fetch(l->run, section, &text, e);
	if (rc == 0)
		rc = adapter_each(l->adapter, section, &text, look_at_statement, l, e);
	buf_release(&text);
	return rc;
}

void
preflight_schema(struct preflight *list, struct run *run, struct db *db, enum adapt_to to, const struct maps *maps)
{
	struct looking l = { .list = list, .run = run, .db = db, .adapter = adapter_new(to, &maps->owners, &maps->tablespaces),
		.seen = keyset_new() };
	struct err e;

	if (look_at_section(&l, "pre-data", &e) < 0 || look_at_section(&l, "post-data", &e) < 0)
		preflight_fail(list, &e);
	else
		preflight_ok(list, "the schema can be read, its extensions and tablespaces were looked for");
	keyset_free(l.seen);
	adapter_free(l.adapter);
}
