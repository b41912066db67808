/* selection.c -- which tables: -t -T -n -N with patterns as pg_dump has them. */
#include "prelude.h"

#include <ctype.h>

#include "catalog.h"
#include "err.h"
#include "opt.h"
#include "selection.h"

/* The four options: what they are called in the run record, for pg_dump, and what they match. */
static const struct option {
	enum opt_id id;
	const char *name;      /* in the run record */
	const char *dump_arg;
	bool table;            /* matches tables, not schemas */
	bool exclude;
} options[] = {
	{ OPT_ID_table, "table", "--table=", true, false },
	{ OPT_ID_exclude_table, "exclude_table", "--exclude-table=", true, true },
	{ OPT_ID_schema, "schema", "--schema=", false, false },
	{ OPT_ID_exclude_schema, "exclude_schema", "--exclude-schema=", false, true },
};

static void
add_list(json_t *all, const char *name, const struct opts *opts, enum opt_id id)
{
	json_t *list = json_array();

	for (size_t i = 0; i < opt_list_len(opts, id); i++)
		json_array_append_new(list, json_string(opt_list_at(opts, id, i)));
	if (json_array_size(list) > 0)
		json_object_set(all, name, list);
	json_decref(list);
}

json_t *
selection_json(const struct opts *opts)
{
	json_t *all = json_object();

	for (size_t i = 0; i < GPM_ARRAY_LEN(options); i++)
		add_list(all, options[i].name, opts, options[i].id);
	add_list(all, "since", opts, OPT_ID_since);
	if (opt_flag(opts, OPT_ID_schema_only))
		json_object_set_new(all, "schema_only", json_true());
	if (opt_flag(opts, OPT_ID_data_only))
		json_object_set_new(all, "data_only", json_true());
	if (strcmp(opt_string(opts, OPT_ID_measure), "none") != 0)
		json_object_set_new(all, "measure", json_string(opt_string(opts, OPT_ID_measure)));
	if (opt_string(opts, OPT_ID_checks) != NULL)
		json_object_set_new(all, "checks", json_true()); /* a run that goes on without them would keep results of another moment */
	if (opt_flag(opts, OPT_ID_freeze))
		json_object_set_new(all, "freeze", json_true()); /* no run that was not frozen goes on as one */
	return all;
}

/* --- patterns -------------------------------------------------------------------------------- */

/* One character of a pattern as regular expression. */
static void
add_character(struct buf *out, char c, bool quoted)
{
	if (!quoted && c == '*')
		text_puts(out, ".*");
	else if (!quoted && c == '?')
		text_puts(out, ".");
	else if (c == '$' || (quoted && strchr("|*+?()[]{}.^\\", c) != NULL))
		text_printf(out, "\\%c", c);
	else if (!quoted && isupper((unsigned char)c))
		text_printf(out, "%c", tolower((unsigned char)c));
	else
		text_add(out, &c, 1);
}

void
selection_pattern(const char *pattern, char **schema, char **name)
{
	struct buf b;
	bool quoted = false;

	*schema = NULL;
	text_init(&b);
	text_puts(&b, "^(");
	for (const char *p = pattern; *p != '\0'; p++) {
		if (*p == '"' && quoted && p[1] == '"') {
			add_character(&b, *p++, true);
		} else if (*p == '"') {
			quoted = !quoted;
		} else if (*p == '.' && !quoted && *schema == NULL) {
			text_puts(&b, ")$");
			*schema = text_take(&b);
			text_init(&b);
			text_puts(&b, "^(");
		} else {
			add_character(&b, *p, quoted);
		}
	}
	text_puts(&b, ")$");
	*name = text_take(&b);
}

/* --- conditions ------------------------------------------------------------------------------ */

/* The schemas in which a name alone is looked for, as SQL array literal text. */
static char *
default_schemas(struct db *db, struct err *e)
{
	char *schemas;

	/* db_pin took the search path away; what the user would have is its reset value */
	if (db_exec(db, "RESET search_path", e) < 0)
		return NULL;
	schemas = db_value(db, "SELECT pg_catalog.current_schemas(false)::pg_catalog.text", 0, NULL, e);
	if (schemas != NULL && db_exec(db, "SET search_path = pg_catalog", e) < 0) {
		free(schemas);
		return NULL;
	}
	return schemas;
}

/* "n.nspname ~ '…' AND c.relname ~ '…'" */
static int
add_match(struct db *db, const struct option *o, const char *pattern, const char *schemas,
    struct buf *sql, struct err *e)
{
	char *schema, *name;
	int rc;

	selection_pattern(pattern, &schema, &name);
	if (!o->table) {
		text_puts(sql, "n.nspname ~ ");
		rc = db_add_literal(db, sql, name, e);
	} else {
		text_puts(sql, schema != NULL ? "(n.nspname ~ " : "(n.nspname = ANY (");
		rc = db_add_literal(db, sql, schema != NULL ? schema : schemas, e);
		text_puts(sql, schema != NULL ? " AND c.relname ~ " : "::pg_catalog.name[]) AND c.relname ~ ");
		if (rc == 0)
			rc = db_add_literal(db, sql, name, e);
		text_puts(sql, ")");
	}
	free(schema);
	free(name);
	return rc;
}

#define RELATIONS "pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"

/* Does the pattern match anything at all? */
static int
check_match(struct db *db, const struct option *o, const char *pattern, const char *match, struct err *e)
{
	char *sql = o->table ?
	    mem_printf("SELECT count(*) FROM " RELATIONS " WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f') AND %s", match) :
	    mem_printf("SELECT count(*) FROM pg_catalog.pg_namespace n WHERE %s", match);
	char *n = db_value(db, sql, 0, NULL, e);
	int rc = n == NULL ? -1 : 0;

	free(sql);
	if (rc == 0 && strcmp(n, "0") == 0 && !o->exclude)
		rc = err_set(e, ERR_NO_MATCH, "no %s matches '%s'", o->table ? "table" : "schema", pattern);
	free(n);
	return rc;
}

/* More dots than parts of a name would make of "-N public.*" a pattern that matches every schema. */
static int
check_dots(const struct option *o, const char *pattern, struct err *e)
{
	bool quoted = false;
	unsigned dots = 0;

	for (const char *p = pattern; *p != '\0'; p++) {
		quoted = quoted != (*p == '"');
		dots += *p == '.' && !quoted;
	}
	if (dots <= (o->table ? 1 : 0))
		return 0;
	err_set(e, ERR_USAGE, "'%s' has too many dots: %s", pattern, o->table ? "it is to be TABLE or SCHEMA.TABLE" : "it is to be a schema");
	return err_hint(e, "a dot that belongs to a name stands in double quotes");
}

/* What PATTERN matches, behind what SQL holds; it has to match something. */
static int
add_pattern(struct db *db, const struct option *o, const char *pattern, const char *schemas, struct buf *sql, struct err *e)
{
	json_t *text = json_string(pattern);
	struct buf match;
	int rc;

	json_decref(text);
	if (text == NULL) /* it could not be pinned in the run */
		return err_set(e, ERR_USAGE, "a pattern is not UTF-8");
	if (check_dots(o, pattern, e) < 0)
		return -1;
	text_init(&match);
	rc = add_match(db, o, pattern, schemas, &match, e);
	if (rc == 0)
		rc = check_match(db, o, pattern, text_str(&match), e);
	text_puts(sql, text_str(&match));
	buf_release(&match);
	return rc;
}

/* All patterns of one option joined by OR; nothing when it was not given. */
static int
add_matches(struct db *db, const struct opts *opts, const struct option *o, const char *schemas,
    struct buf *sql, struct err *e)
{
	for (size_t i = 0; i < opt_list_len(opts, o->id); i++) {
		text_puts(sql, i > 0 ? " OR " : "");
		if (add_pattern(db, o, opt_list_at(opts, o->id, i), schemas, sql, e) < 0)
			return -1;
	}
	return 0;
}

/* A set of relations by their own names, with the partitions below them and the sequences they own. */
#define WITH_KIN " IN (WITH RECURSIVE sel(oid) AS (SELECT c.oid FROM " RELATIONS " WHERE %s" \
    " UNION SELECT i.inhrelid FROM sel JOIN pg_catalog.pg_inherits i ON i.inhparent = sel.oid" \
    " JOIN pg_catalog.pg_class l ON l.oid = i.inhrelid AND %s)" \
    " SELECT oid FROM sel UNION SELECT d.objid FROM pg_catalog.pg_depend d JOIN sel ON sel.oid = d.refobjid" \
    " WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass" \
    " AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjsubid > 0 AND d.deptype IN ('a', 'i'))"

static int
build_condition(const struct catalog *catalog, struct db *db, const struct opts *opts, const char *schemas, struct buf *out, struct err *e)
{
	bool tables = opt_list_len(opts, OPT_ID_table) > 0;

	for (size_t i = 0; i < GPM_ARRAY_LEN(options); i++) {
		const struct option *o = &options[i];
		struct buf match;
		int rc;

		text_init(&match);
		rc = add_matches(db, opts, o, schemas, &match, e);
		/* as in pg_dump, -n and -N mean nothing beside -t */
		if (rc == 0 && match.len > 0 && (o->table || !tables)) {
			text_puts(out, o->exclude ? " AND c.oid NOT" : " AND c.oid");
			text_printf(out, WITH_KIN, text_str(&match), catalog_is_child(catalog));
		}
		buf_release(&match);
		if (rc < 0)
			return -1;
	}
	return 0;
}

char *
selection_condition(const struct catalog *catalog, struct db *db, const struct opts *opts, struct err *e)
{
	char *schemas = default_schemas(db, e);
	struct buf b;
	int rc;

	if (schemas == NULL)
		return NULL;
	text_init(&b);
	rc = build_condition(catalog, db, opts, schemas, &b, e);
	free(schemas);
	if (rc < 0) {
		buf_release(&b);
		return NULL;
	}
	return text_take(&b);
}

char *
selection_tables(const struct catalog *catalog, struct db *db, const char *pattern, struct err *e)
{
	char *schemas = default_schemas(db, e);
	struct buf match, b;
	int rc;

	if (schemas == NULL)
		return NULL;
	text_init(&match);
	text_init(&b);
	rc = add_pattern(db, &options[0], pattern, schemas, &match, e);
	free(schemas);
	if (rc == 0)
		text_printf(&b, WITH_KIN, text_str(&match), catalog_is_child(catalog));
	buf_release(&match);
	if (rc < 0) {
		buf_release(&b);
		return NULL;
	}
	return text_take(&b);
}

/* --- for pg_dump ----------------------------------------------------------------------------- */

static void
add_arg(struct strings *out, char *arg)
{
	out->at = mem_grow(out->at, (out->len + 1) * sizeof(char *));
	out->at[out->len++] = arg;
}

/* pg_dump before 16 takes a partitioned table alone: its partitions are named one by one. */
static int
add_partitions(struct db *db, const char *condition, struct strings *out, struct err *e)
{
	char *sql = mem_printf("SELECT n.nspname, c.relname FROM " RELATIONS " WHERE c.relispartition%s", condition);
	PGresult *res;
	int rc = db_query(db, sql, 0, NULL, &res, e);

	free(sql);
	if (rc < 0)
		return -1;
	for (int i = 0; rc == 0 && i < PQntuples(res); i++) {
		struct buf name;

		text_init(&name);
		text_puts(&name, "--table=");
		/* quoted always: a pattern without quotes would be folded and matched */
		for (int k = 0; k < 2; k++) {
			text_puts(&name, k == 0 ? "\"" : ".\"");
			for (const char *p = PQgetvalue(res, i, k); *p != '\0'; p++)
				text_printf(&name, *p == '"' ? "\"\"" : "%c", *p);
			text_puts(&name, "\"");
		}
		add_arg(out, text_take(&name));
	}
	PQclear(res);
	return rc;
}

int
selection_dump_args(struct db *db, const struct opts *opts, const char *condition, struct strings *out,
    struct err *e)
{
	for (size_t i = 0; i < GPM_ARRAY_LEN(options); i++)
		for (size_t k = 0; k < opt_list_len(opts, options[i].id); k++)
			add_arg(out, mem_printf("%s%s", options[i].dump_arg, opt_list_at(opts, options[i].id, k)));
	if (opt_list_len(opts, OPT_ID_table) > 0 && db_version(db) >= 100000)
		return add_partitions(db, condition, out, e);
	return 0;
}
