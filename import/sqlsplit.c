/* sqlsplit.c -- one statement at a time out of a schema file written by pg_dump.
 */
#include "prelude.h"

#include <inttypes.h>

#include "buf.h"
#include "err.h"
#include "sqllex.h"
#include "sqlsplit.h"

struct sqlsplit {
	const char *start;
	const char *pos;
	const char *end;
	uint64_t line;       /* of pos */
	uint64_t number;     /* of the last statement given */
	struct buf text;     /* the last statement given, for its NUL */
};

/* What the parts of the statement read so far have opened. */
struct nest {
	uint64_t parens;
	uint64_t blocks;     /* BEGIN ATOMIC, and each CASE inside */
	enum { START, CREATE, CREATE_OR, CREATE_OR_REPLACE, ROUTINE, NO_ROUTINE } head;
	bool after_begin;
};

static int
peek(const struct sqlsplit *s, struct sql_token *t, struct err *e)
{
	if (sqllex_at(s->pos, s->end, t) == 0)
		return 0;
	return err_set(e, ERR_DIFFERS, "line %" PRIu64 ": a %s is open to the end of the text", s->line,
	    t->kind == SQL_BLANK ? "comment" : "quote");
}

static void
step(struct sqlsplit *s, const struct sql_token *t)
{
	for (size_t i = 0; i < t->len; i++)
		s->line += t->text[i] == '\n';
	s->pos += t->len;
}

/* Where the line at P ends.  A command of psql goes on to the newline, whatever is in it. */
static const char *
line_end(const char *p, const char *end)
{
	const char *newline = memchr(p, '\n', (size_t)(end - p));

	return newline == NULL ? end : newline;
}

static int
refuse_command(const char *p, const char *end, uint64_t line, struct err *e)
{
	char shown[41];
	size_t n = (size_t)(line_end(p, end) - p);

	if (n > sizeof(shown) - 1)
		n = sizeof(shown) - 1;
	for (size_t i = 0; i < n; i++)
		shown[i] = p[i] >= ' ' && p[i] <= '~' ? p[i] : '?';
	shown[n] = '\0';
	return err_set(e, ERR_DIFFERS, "line %" PRIu64 ": psql command refused: %s", line, shown);
}

static bool
begins_line(const struct sqlsplit *s, const char *p)
{
	return p == s->start || p[-1] == '\n';
}

/* pg_dump itself writes these two since August 2025; they mean nothing without psql. */
static bool
is_harmless(const char *p, const char *end)
{
	static const char *const commands[] = { "\\restrict", "\\unrestrict" };

	for (size_t i = 0; i < GPM_ARRAY_LEN(commands); i++) {
		size_t n = strlen(commands[i]);

		if ((size_t)(end - p) >= n && memcmp(p, commands[i], n) == 0 &&
		    (p + n == end || strchr(" \r\n", p[n]) != NULL))
			return true;
	}
	return false;
}

/* Go to where the next statement begins, or to the end of the text. */
static int
skip_between(struct sqlsplit *s, struct err *e)
{
	struct sql_token t;

	while (s->pos < s->end) {
		if (*s->pos == '\\') {
			if (!begins_line(s, s->pos) || !is_harmless(s->pos, s->end))
				return refuse_command(s->pos, s->end, s->line, e);
			s->pos = line_end(s->pos, s->end);
			continue;
		}
		if (peek(s, &t, e) < 0)
			return -1;
		if (t.kind != SQL_BLANK && t.kind != SQL_SEMICOLON)
			return 0;
		step(s, &t);
	}
	return 0;
}

/* How far the statement's first words are those that a BEGIN ATOMIC body can follow. */
static void
head_step(struct nest *n, const struct sql_token *t)
{
	bool routine = sqllex_word(t, "function") || sqllex_word(t, "procedure");

	if (n->head == START && sqllex_word(t, "create"))
		n->head = CREATE;
	else if (n->head == CREATE && sqllex_word(t, "or"))
		n->head = CREATE_OR;
	else if (n->head == CREATE_OR && sqllex_word(t, "replace"))
		n->head = CREATE_OR_REPLACE;
	else if ((n->head == CREATE || n->head == CREATE_OR_REPLACE) && routine)
		n->head = ROUTINE;
	else
		n->head = NO_ROUTINE;
}

/* Count what T opens or closes.  psql counts every BEGIN; here it needs its ATOMIC, because begin
 * alone may be a name that pg_dump does not quote, while CASE and END never are. */
static void
nest_step(struct nest *n, const struct sql_token *t)
{
	bool atomic = n->after_begin && sqllex_word(t, "atomic");

	n->after_begin = false;
	if (t->kind == SQL_OPEN)
		n->parens++;
	else if (t->kind == SQL_CLOSE && n->parens > 0)
		n->parens--;
	if (t->kind != SQL_WORD)
		return;
	if (n->head != ROUTINE) {
		head_step(n, t);
	} else if (n->parens == 0 && n->blocks == 0) {
		n->blocks = atomic;
		n->after_begin = sqllex_word(t, "begin");
	} else if (n->parens == 0) {
		if (sqllex_word(t, "case"))
			n->blocks++;
		else if (sqllex_word(t, "end"))
			n->blocks--;
	}
}

/* Step over the statement at S and the ';' after it; *STOP is where its last token ends. */
static int
skip_statement(struct sqlsplit *s, const char **stop, struct err *e)
{
	struct nest n = { 0 };
	uint64_t line = s->line;
	struct sql_token t;

	while (s->pos < s->end) {
		if (peek(s, &t, e) < 0)
			return -1;
		step(s, &t);
		if (t.kind == SQL_SEMICOLON && n.parens == 0 && n.blocks == 0)
			return 0;
		if (t.kind == SQL_BLANK)
			continue;
		if (sqllex_char(&t, '\\') && begins_line(s, t.text))
			return refuse_command(t.text, s->end, s->line, e);
		nest_step(&n, &t);
		*stop = s->pos;
	}
	if (n.parens > 0 || n.blocks > 0)
		return err_set(e, ERR_DIFFERS,
		    "line %" PRIu64 ": the text ends inside %s of the statement that begins here", line,
		    n.parens > 0 ? "the parentheses" : "the BEGIN ATOMIC body");
	return 0;
}

static bool
is_session(const char *p, const char *end)
{
	struct sql_token t;

	sqllex_next(&p, end, &t);
	if (sqllex_word(&t, "reset"))
		return true;
	if (sqllex_word(&t, "set"))
		return !(sqllex_next(&p, end, &t) && sqllex_word(&t, "constraints"));
	return sqllex_word(&t, "select") && sqllex_next(&p, end, &t) && sqllex_text(&t, "pg_catalog") &&
	    sqllex_next(&p, end, &t) && sqllex_char(&t, '.') && sqllex_next(&p, end, &t) &&
	    sqllex_text(&t, "set_config");
}

/* SET standard_conforming_strings = on is the only way in which it may be named. */
static bool
changes_strings(const char *p, const char *end)
{
	bool named = false, set;
	struct sql_token t, last;

	sqllex_next(&p, end, &last);
	set = sqllex_word(&last, "set");
	while (sqllex_next(&p, end, &t)) {
		named = named || sqllex_text(&t, "standard_conforming_strings");
		last = t;
	}
	return named && !(set && sqllex_text(&last, "on"));
}

static bool
copies_from_stdin(const char *p, const char *end)
{
	struct sql_token t;
	bool from = false;

	if (!sqllex_next(&p, end, &t) || !sqllex_word(&t, "copy"))
		return false;
	for (; sqllex_next(&p, end, &t); from = sqllex_word(&t, "from"))
		if (from && sqllex_word(&t, "stdin"))
			return true;
	return false;
}

struct sqlsplit *
sqlsplit_new(const char *text, size_t len)
{
	struct sqlsplit *s = mem_alloc(sizeof(*s));

	s->start = s->pos = text;
	s->end = text + len;
	s->line = 1;
	buf_init(&s->text, len);
	return s;
}

void
sqlsplit_free(struct sqlsplit *s)
{
	if (s == NULL)
		return;
	buf_release(&s->text);
	free(s);
}

/* A NUL byte would hide what follows it from the server. */
static int
check_nul(const struct sqlsplit *s, struct err *e)
{
	size_t len = (size_t)(s->end - s->start);
	const char *nul = len > 0 ? memchr(s->start, '\0', len) : NULL;
	uint64_t line = 1;

	if (nul == NULL)
		return 0;
	for (const char *p = s->start; p < nul; p++)
		line += *p == '\n';
	return err_set(e, ERR_DIFFERS, "line %" PRIu64 ": a NUL byte", line);
}

int
sqlsplit_next(struct sqlsplit *s, struct sql_statement *out, struct err *e)
{
	const char *first, *stop;

	if (s->pos == s->start && check_nul(s, e) < 0)
		return -1;
	if (skip_between(s, e) < 0)
		return -1;
	if (s->pos == s->end)
		return 0;
	first = stop = s->pos;
	memset(out, 0, sizeof(*out));
	out->line = s->line;
	if (skip_statement(s, &stop, e) < 0)
		return -1;
	out->len = (size_t)(stop - first);
	out->number = ++s->number;
	out->session = is_session(first, stop);
	if (out->session && changes_strings(first, stop))
		return err_set(e, ERR_DIFFERS, "line %" PRIu64
		    ": the text needs standard_conforming_strings = on and changes it", out->line);
	if (copies_from_stdin(first, stop))
		return err_set(e, ERR_DIFFERS, "line %" PRIu64
		    ": COPY from stdin, whose rows would be read as SQL", out->line);
	buf_reset(&s->text);
	if (buf_add(&s->text, first, out->len, e) < 0 || (out->text = buf_str(&s->text, e)) == NULL)
		return -1;
	return 1;
}

int
sqlsplit_created_role(const struct sql_statement *stmt, char **out)
{
	const char *p = stmt->text, *end = p + stmt->len;
	struct sql_token t;

	return sqllex_next(&p, end, &t) && sqllex_word(&t, "create") &&
	    sqllex_next(&p, end, &t) && sqllex_word(&t, "role") &&
	    sqllex_next(&p, end, &t) && (*out = sqllex_name(&t)) != NULL;
}

/* The table's name at *P, with its schema or without. */
static bool
take_name(const char **p, const char *end, const char **name, size_t *len)
{
	struct sql_token t;
	const char *before;

	if (!sqllex_next(p, end, &t))
		return false;
	if (sqllex_word(&t, "only") && !sqllex_next(p, end, &t))
		return false;
	if (t.kind != SQL_WORD && t.kind != SQL_NAME)
		return false;
	*name = t.text;
	before = *p;
	if (sqllex_next(p, end, &t) && sqllex_char(&t, '.'))
		sqllex_next(p, end, &t);
	else
		*p = before;
	*len = (size_t)(*p - *name);
	return true;
}

/* What follows CREATE. */
static enum sql_build
creates_index(const char *p, const char *end, const char **name, size_t *len)
{
	struct sql_token t;

	sqllex_next(&p, end, &t);
	if (sqllex_word(&t, "unique"))
		sqllex_next(&p, end, &t);
	if (!sqllex_word(&t, "index"))
		return SQL_BUILDS_NOTHING;
	/* CONCURRENTLY cannot stand in a transaction, and its name would come where ON is looked for */
	if (!sqllex_next(&p, end, &t) || !sqllex_next(&p, end, &t) || !sqllex_word(&t, "on"))
		return SQL_BUILDS_NOTHING;
	return take_name(&p, end, name, len) ? SQL_BUILDS_INDEX : SQL_BUILDS_NOTHING;
}

/* What follows ADD. */
static enum sql_build
adds_constraint(const char *p, const char *end)
{
	static const char *const kinds[] = { "primary", "unique", "exclude" };
	struct sql_token t;

	sqllex_next(&p, end, &t);
	if (!sqllex_word(&t, "constraint") || !sqllex_next(&p, end, &t))
		return SQL_BUILDS_NOTHING;
	sqllex_next(&p, end, &t);
	for (size_t i = 0; i < GPM_ARRAY_LEN(kinds); i++)
		if (sqllex_word(&t, kinds[i]))
			return SQL_BUILDS_CONSTRAINT;
	return SQL_BUILDS_NOTHING;
}

/* What follows ALTER. */
static enum sql_build
alters_table(const char *p, const char *end, const char **name, size_t *len)
{
	struct sql_token t;

	sqllex_next(&p, end, &t);
	if (!sqllex_word(&t, "table") || !take_name(&p, end, name, len))
		return SQL_BUILDS_NOTHING;
	sqllex_next(&p, end, &t);
	if (sqllex_word(&t, "add"))
		return adds_constraint(p, end);
	return sqllex_word(&t, "cluster") || sqllex_word(&t, "replica") ? SQL_AFTER_BUILDS : SQL_BUILDS_NOTHING;
}

enum sql_build
sqlsplit_builds(const struct sql_statement *stmt, const char **table, size_t *len)
{
	const char *p = stmt->text, *end = p + stmt->len;
	struct sql_token t;

	sqllex_next(&p, end, &t);
	if (sqllex_word(&t, "create"))
		return creates_index(p, end, table, len);
	if (sqllex_word(&t, "alter"))
		return alters_table(p, end, table, len);
	return sqllex_word(&t, "comment") ? SQL_AFTER_BUILDS : SQL_BUILDS_NOTHING;
}
