/* aggregates.c -- counts, bounds and sums of a table's columns. */
#include "prelude.h"

#include <inttypes.h>

#include "aggregates.h"
#include "err.h"
#include "parse.h"

/* Columns of one SELECT: with four expressions each they stay below the 1664 that a server takes. */
#define COLUMNS_AT_ONCE 400

enum measure { NON_NULL, MIN, MAX, SUM, LENGTH, MEASURES };

static const char *const keys[MEASURES] = { "non_null", "min", "max", "sum", "length" };

/* What is said of each when it differs. */
static const char *const words[MEASURES] = {
	"number of values", "smallest value", "largest value", "sum", "total length",
};

/* The measure of a column, quoted already.  The cast keeps the sum of smaller integers exact: sum(int4) is
 * an int8, which can overflow; sum(int8) is numeric. */
static const char *const expressions[MEASURES] = {
	"count(%s)", "min(%s)", "max(%s)", "sum(%s)", "sum(length(%s))",
};
#define SUM_OF_INTEGER "sum(%s::int8)"

/* --- which measures a type has --------------------------------------------------------------- */

struct type {
	const char *prefix;    /* of format_type(), whose names of built-in types nobody else can have */
	bool whole;            /* nothing comes after it, or a modifier "(…)" and what belongs to the name */
	bool bounds, sum, length;
};

static const struct type types[] = {
	{ "smallint", true, true, true, false },
	{ "integer", true, true, true, false },
	{ "bigint", true, true, true, false },
	{ "numeric", false, true, true, false },
	{ "date", true, true, false, false },
	{ "timestamp", false, true, false, false },
	{ "time", false, true, false, false },
	{ "text", true, false, false, true },
	{ "character varying", false, false, false, true },
	{ "character", false, false, false, true },
	{ "bytea", true, false, false, true },
};

/* The row of TYPE, NULL for one that is only counted (arrays among them). */
static const struct type *
find_type(const char *name)
{
	size_t len = strlen(name);

	if (len > 0 && name[len - 1] == ']')
		return NULL;
	for (size_t i = 0; i < GPM_ARRAY_LEN(types); i++) {
		size_t n = strlen(types[i].prefix);

		if (strncmp(name, types[i].prefix, n) == 0 && (name[n] == '\0' ||
		    (!types[i].whole && (name[n] == '(' || name[n] == ' '))))
			return &types[i];
	}
	return NULL;
}

/* What its values are, whatever it is called. */
static const char *
type_of(const struct column *c)
{
	return c->base != NULL ? c->base : c->type;
}

static bool
has_measure(const struct rec_table *t, const struct column *c, enum measure m)
{
	const struct type *type = find_type(type_of(c));

	if (m == NON_NULL)
		return true;
	if (type == NULL)
		return false;
	if (m == LENGTH)
		return type->length && (strcmp(t->encoding, "SQL_ASCII") != 0 || strcmp(type_of(c), "bytea") == 0);
	return m == SUM ? type->sum : type->bounds;
}

/* --- reading --------------------------------------------------------------------------------- */

static int
add_measures(struct db *db, const struct rec_table *t, const struct column *c, struct buf *sql, struct err *e)
{
	struct buf name;
	int rc;

	text_init(&name);
	rc = db_add_ident(db, &name, c->name, e);
	for (int m = 0; rc == 0 && m < MEASURES; m++) {
		const char *expression = m == SUM && strncmp(type_of(c), "numeric", 7) != 0 ? SUM_OF_INTEGER : expressions[m];
		const char *at = strstr(expression, "%s");

		if (!has_measure(t, c, (enum measure)m))
			continue;
		text_printf(sql, ", %.*s%s%s", (int)(at - expression), expression, text_str(&name), at + 2);
	}
	buf_release(&name);
	return rc;
}

/* "12.500" into "12.5", "3.00" into "3"; anything else stays. */
static json_t *
value_text(const char *value)
{
	size_t len = strlen(value);

	if (strchr(value, '.') != NULL && strspn(value, "-0123456789.") == len) {
		while (value[len - 1] == '0')
			len--;
		if (value[len - 1] == '.')
			len--;
	}
	return json_stringn(value, len);
}

/* The measures of one column, from field *FIELD of the row on. */
static json_t *
take_column(const struct rec_table *t, const struct column *c, const PGresult *res, int *field)
{
	json_t *measures = json_object();

	for (int m = 0; m < MEASURES; m++) {
		if (!has_measure(t, c, (enum measure)m))
			continue;
		if (!PQgetisnull(res, 0, *field))
			json_object_set_new(measures, keys[m], value_text(PQgetvalue(res, 0, *field)));
		(*field)++;
	}
	return measures;
}

/* The columns FROM … TO - 1 in one scan; *ROWS is the count of the first and must be that of all. */
static int
read_some(struct db *db, const struct rec_table *t, size_t from, size_t to, uint64_t *rows, json_t *columns,
    struct err *e)
{
	struct buf sql;
	PGresult *res = NULL;
	uint64_t count;
	int field = 1, rc = 0;

	text_init(&sql);
	text_puts(&sql, "SELECT count(*)");
	for (size_t i = from; rc == 0 && i < to; i++)
		rc = add_measures(db, t, &t->columns.at[i], &sql, e);
	text_puts(&sql, " FROM ONLY ");
	if (rc == 0)
		rc = db_add_name(db, &sql, t->schema, t->name, e);
	text_printf(&sql, " %s", t->filter != NULL ? t->filter : "");
	if (rc == 0)
		rc = db_query(db, text_str(&sql), 0, NULL, &res, e);
	buf_release(&sql);
	if (rc == 0)
		rc = parse_u64(PQgetvalue(res, 0, 0), 0, INT64_MAX, &count, e);
	if (rc == 0 && from > 0 && count != *rows)
		rc = err_set(e, ERR_DIFFERS, "held %" PRIu64 " rows, then %" PRIu64, *rows, count);
	if (rc == 0)
		*rows = count;
	for (size_t i = from; rc == 0 && i < to; i++)
		json_array_append_new(columns, take_column(t, &t->columns.at[i], res, &field));
	PQclear(res);
	return rc;
}

int
aggregates_read(struct db *db, const struct rec_table *t, uint64_t *rows, json_t **out, struct err *e)
{
	json_t *columns = json_array();
	size_t n = t->columns.len, from = 0;
	int rc;

	do {
		size_t to = n - from < COLUMNS_AT_ONCE ? n : from + COLUMNS_AT_ONCE;

		rc = read_some(db, t, from, to, rows, columns, e);
		from = to;
	} while (rc == 0 && from < n);
	if (rc < 0) {
		json_decref(columns);
		return -1;
	}
	*out = json_pack("{s:o}", "columns", columns);
	return 0;
}

/* --- comparing ------------------------------------------------------------------------------- */

/* The value as text; "none" where there is none. */
static const char *
text_of(const json_t *column, const char *key)
{
	const char *text = json_string_value(json_object_get(column, key));

	return text != NULL ? text : "none";
}

int
aggregates_compare(const struct rec_table *t, const json_t *want, const json_t *here, struct err *e)
{
	const json_t *at_source = json_object_get(want, "columns"), *now = json_object_get(here, "columns");

	if (json_array_size(at_source) != t->columns.len || json_array_size(now) != t->columns.len)
		return err_set(e, ERR_DIFFERS, "its manifest holds aggregates of %zu columns, not of %zu",
		    json_array_size(at_source), t->columns.len);
	for (size_t i = 0; i < t->columns.len; i++) {
		for (int m = 0; m < MEASURES; m++) {
			const char *a = text_of(json_array_get(at_source, i), keys[m]);
			const char *b = text_of(json_array_get(now, i), keys[m]);

			if (strcmp(a, b) != 0)
				return err_set(e, ERR_DIFFERS, "column %s: the %s is %.200s, the source's is %.200s",
				    t->columns.at[i].name, words[m], b, a);
		}
	}
	return 0;
}
