/* since_rules.c -- --since TABLE:COLUMN>VALUE. */
#include "prelude.h"

#include "catalog.h"
#include "err.h"
#include "opt.h"
#include "selection.h"
#include "since.h"
#include "since_rules.h"

/* Types whose values have one order on every server: text has that of a collation, floats round. */
static const char *const types[] = { "smallint", "integer", "bigint", "numeric", "date", "timestamp without time zone",
	"timestamp with time zone" };

/* The three parts of TEXT, which the caller frees with *TABLE; a ':' or '>' in double quotes is a part of a name. */
static int
split(const char *text, char **table, const char **column, const char **value, struct err *e)
{
	char *colon = NULL, *more = NULL;
	bool quoted = false;

	*table = mem_str(text);
	for (char *p = *table; *p != '\0' && more == NULL; p++) {
		quoted = quoted != (*p == '"' && colon == NULL);
		if (*p == ':' && !quoted && colon == NULL)
			colon = p;
		else if (*p == '>' && colon != NULL)
			more = p;
	}
	if (more == NULL || colon == *table || more == colon + 1 || more[1] == '\0') {
		err_set(e, ERR_USAGE, "--since is TABLE:COLUMN>VALUE, such as 'sales.events:id>1000', not '%.100s'", text);
		return -1;
	}
	*colon = *more = '\0';
	*column = colon + 1;
	*value = more + 1;
	return 0;
}

/* VALUE as TYPE writes it, in the settings of a run; the caller frees. */
static char *
normal_value(struct db *db, const char *type, const char *value, struct err *e)
{
	char *sql = mem_printf("SELECT $1::%s::pg_catalog.text", type); /* one of TYPES */
	char *normal = db_value(db, sql, 1, &value, e);

	free(sql);
	if (normal == NULL && e->code == ERR_DATABASE)
		e->code = ERR_USAGE;
	return normal;
}

static bool
has_one_order(const char *type)
{
	for (size_t i = 0; i < GPM_ARRAY_LEN(types); i++)
		if (strcmp(types[i], type) == 0)
			return true;
	return false;
}

/* TYPE: "" when there is no such column. */
static int
add_rule(struct since_rules *r, struct db *db, const char *schema, const char *name, const char *type, const char *column, const char *value,
    struct err *e)
{
	char *normal;

	for (size_t i = 0; i < r->len; i++)
		if (strcmp(r->at[i].schema, schema) == 0 && strcmp(r->at[i].name, name) == 0)
			return err_set(e, ERR_USAGE, "--since means %s.%s twice", schema, name);
	if (type[0] == '\0')
		return err_set(e, ERR_USAGE, "--since: %s.%s has no column '%s'", schema, name, column);
	if (!has_one_order(type)) {
		err_set(e, ERR_USAGE, "--since: column '%s' of %s.%s is of type %s", column, schema, name, type);
		return err_hint(e, "it can be of an integer type, numeric, date or timestamp");
	}
	if ((normal = normal_value(db, type, value, e)) == NULL)
		return err_context(e, "--since, %s.%s", schema, name);
	r->at = mem_grow(r->at, (r->len + 1) * sizeof(*r->at));
	r->at[r->len++] = (struct since_rule){ mem_str(schema), mem_str(name), mem_str(column), normal };
	return 0;
}

/* The tables that hold rows among those that CONDITION selects. */
static int
find_tables(struct db *db, const char *condition, const char *column, PGresult **res, struct err *e)
{
	/* a partitioned table has none itself, but is a table like others in Greenplum 6 */
	char *sql = mem_printf("SELECT n.nspname, c.relname, coalesce(pg_catalog.format_type(a.atttypid, NULL), '') FROM pg_catalog.pg_class c"
	    " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0"
	    " AND NOT a.attisdropped AND a.attname = $1 WHERE c.relkind = 'r' AND c.oid%s ORDER BY 1, 2", condition);
	int rc = db_query(db, sql, 1, &column, res, e);

	free(sql);
	return rc;
}

static int
add_option(struct since_rules *r, const struct catalog *catalog, struct db *db, const char *text, struct err *e)
{
	const char *column, *value;
	char *table, *condition = NULL;
	PGresult *res = NULL;
	int rc = split(text, &table, &column, &value, e);

	if (rc == 0)
		rc = (condition = selection_tables(catalog, db, table, e)) == NULL ? -1 : find_tables(db, condition, column, &res, e);
	for (int i = 0; rc == 0 && i < PQntuples(res); i++)
		rc = add_rule(r, db, PQgetvalue(res, i, 0), PQgetvalue(res, i, 1), PQgetvalue(res, i, 2), column, value, e);
	if (rc == 0 && PQntuples(res) == 0)
		rc = err_set(e, ERR_USAGE, "--since: '%s' is no table that holds rows", table);
	PQclear(res);
	free(condition);
	free(table);
	return rc;
}

int
since_rules_read(const struct opts *opts, const struct catalog *catalog, struct db *db, struct since_rules *out, struct err *e)
{
	for (size_t i = 0; i < opt_list_len(opts, OPT_ID_since); i++)
		if (add_option(out, catalog, db, opt_list_at(opts, OPT_ID_since, i), e) < 0)
			return -1;
	return 0;
}

void
since_rules_release(struct since_rules *r)
{
	for (size_t i = 0; i < r->len; i++) {
		free(r->at[i].schema);
		free(r->at[i].name);
		free(r->at[i].column);
		free(r->at[i].value);
	}
	free(r->at);
	memset(r, 0, sizeof(*r));
}

void
since_rules_apply(const struct since_rules *r, struct rec_table *t)
{
	for (size_t i = 0; i < r->len; i++) {
		const struct since_rule *rule = &r->at[i];

		if (strcmp(rule->schema, t->schema) != 0 || strcmp(rule->name, t->name) != 0 || t->filter != NULL)
			continue;
		t->since_column = mem_str(rule->column);
		t->since_value = mem_str(rule->value);
		t->filter = since_filter(rule->column, rule->value);
	}
}
