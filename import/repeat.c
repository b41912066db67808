/* repeat.c -- may a statement of a schema be done a second time, and what when what it makes is there already? */
#include "prelude.h"

#include "repeat.h"
#include "sqllex.h"

/* What makes or moves something in an ALTER. */
static const char *const making[] = { "add", "attach", "detach", "inherit", "options", "rename", "exchange", "split", "drop", NULL };

static bool
is_among(const struct sql_token *t, const char *const *words)
{
	while (*words != NULL && !sqllex_word(t, *words))
		words++;
	return *words != NULL;
}

/* The words of an ALTER behind its first one.  One behind a dot, or behind COLUMN, is a name; pg_dump quotes those that could be
 * taken for something else. */
static bool
alter_is_safe(const char *p, const char *end)
{
	struct sql_token before = { .kind = SQL_OTHER, .text = "" }, t;

	for (size_t depth = 0; sqllex_next(&p, end, &t); before = t) {
		if (t.kind == SQL_OPEN)
			depth++;
		else if (t.kind == SQL_CLOSE)
			depth -= depth > 0;
		else if (depth == 0 && is_among(&t, making) && !sqllex_char(&before, '.') && !sqllex_word(&before, "column"))
			return false;
	}
	return true;
}

bool
repeat_is_safe(const struct sql_statement *s)
{
	static const char *const saying[] = { "comment", "grant", "revoke", "security", NULL };
	const char *p = s->text, *end = s->text + s->len;
	struct sql_token first, second, third;

	sqllex_next(&p, end, &first);
	if (is_among(&first, saying))
		return true;
	if (sqllex_word(&first, "alter"))
		return alter_is_safe(p, end);
	sqllex_next(&p, end, &second);
	sqllex_next(&p, end, &third);
	return sqllex_word(&first, "create") && sqllex_word(&second, "or") && sqllex_word(&third, "replace");
}

bool
repeat_is_there(const char *sqlstate)
{
	/* relation, type, index; object of another kind; function; schema */
	static const char *const states[] = { "42P07", "42710", "42723", "42P06" };

	for (size_t i = 0; i < GPM_ARRAY_LEN(states); i++)
		if (strcmp(states[i], sqlstate) == 0)
			return true;
	return false;
}

bool
repeat_stays(const struct sql_statement *s)
{
	static const char *const before[] = { "unlogged", "foreign", "external", "readable", "writable", "web", NULL };
	static const char *const kinds[] = { "table", "schema", "sequence", "type", "domain", "extension", NULL };
	const char *p = s->text, *end = s->text + s->len;
	struct sql_token t;

	sqllex_next(&p, end, &t);
	if (!sqllex_word(&t, "create"))
		return false;
	do {
		if (!sqllex_next(&p, end, &t))
			return false;
	} while (is_among(&t, before));
	return is_among(&t, kinds);
}
