/* sqllex.c -- SQL as tokens, told apart only as far as the end of a statement depends on them.
 *
 * Every byte is looked at a fixed number of times and nothing recurses, whatever the text is. */
#include "prelude.h"

#include <strings.h>

#include "sqllex.h"

static bool
is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* What an identifier or the tag of a dollar quote may begin with. */
static bool
is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c & 0x80) != 0;
}

/* The functions named *_end return where the token at P ends, NULL when it is still open at END. */

static const char *
line_end(const char *p, const char *end)
{
	while (p < end && *p != '\n' && *p != '\r')
		p++;
	return p;
}

static const char *
comment_end(const char *p, const char *end)
{
	uint64_t depth = 0;

	for (; end - p >= 2; p++) {
		if (p[0] == '/' && p[1] == '*') {
			depth++;
			p++;
		} else if (p[0] == '*' && p[1] == '/') {
			p++;
			if (--depth == 0)
				return p + 1;
		}
	}
	return NULL;
}

/* P is at the opening quote, which is also the one that closes and is doubled inside. */
static const char *
quoted_end(const char *p, const char *end)
{
	char quote = *p++;

	for (; p < end; p++) {
		if (*p != quote)
			continue;
		if (p + 1 == end || p[1] != quote)
			return p + 1;
		p++;
	}
	return NULL;
}

/* P is behind a closing quote: the opening quote that goes on with the same string, or NULL.
 * Between the two SQL wants white space and -- comments with at least one newline. */
static const char *
continued(const char *p, const char *end)
{
	bool newline = false;

	while (p < end) {
		if (*p == '\n' || *p == '\r')
			newline = true;
		if (is_blank(*p))
			p++;
		else if (end - p >= 2 && p[0] == '-' && p[1] == '-')
			p = line_end(p, end);
		else
			break;
	}
	return newline && p < end && *p == '\'' ? p : NULL;
}

/* P is at the quote of E'…'.  A continuation has to be looked for here, because backslashes escape
 * there too; of other strings it reads as one more string, which ends at the same place. */
static const char *
escaped_end(const char *p, const char *end)
{
	const char *more;

	for (p++; p < end;) {
		if (*p == '\\' || (*p == '\'' && end - p >= 2 && p[1] == '\'')) {
			if (end - p < 2)
				return NULL;
			p += 2;
		} else if (*p != '\'') {
			p++;
		} else {
			if ((more = continued(p + 1, end)) == NULL)
				return p + 1;
			p = more + 1;
		}
	}
	return NULL;
}

/* The length of the $tag$ at P; 0 when there is none: a parameter such as $1, or a lone '$'. */
static size_t
dollar_tag(const char *p, const char *end)
{
	const char *q = p + 1;

	while (q < end && (is_letter(*q) || (q > p + 1 && is_digit(*q))))
		q++;
	return q < end && *q == '$' ? (size_t)(q - p) + 1 : 0;
}

static const char *
dollar_end(const char *p, const char *end, size_t tag)
{
	const char *body = p + tag;
	const char *close = memmem(body, (size_t)(end - body), p, tag);

	return close == NULL ? NULL : close + tag;
}

static const char *
word_end(const char *p, const char *end)
{
	while (p < end && (is_letter(*p) || is_digit(*p) || *p == '$'))
		p++;
	return p;
}

static enum sql_kind
single(char c)
{
	switch (c) {
	case '(':
		return SQL_OPEN;
	case ')':
		return SQL_CLOSE;
	case ';':
		return SQL_SEMICOLON;
	default:
		return SQL_OTHER;
	}
}

/* The token at P, which is before END: its kind, and where it ends.  B'…', X'…' and N'…' read as
 * a word and a string; U&"…" is SQL_OTHER, because its name is not what stands there. */
static const char *
lex(const char *p, const char *end, enum sql_kind *kind)
{
	char next = end - p >= 2 ? p[1] : '\0', third = end - p >= 3 ? p[2] : '\0';
	size_t tag;

	*kind = SQL_BLANK;
	if (is_blank(*p))
		return p + 1;
	if (*p == '-' && next == '-')
		return line_end(p, end);
	if (*p == '/' && next == '*')
		return comment_end(p, end);
	*kind = SQL_STRING;
	if (*p == '\'')
		return quoted_end(p, end);
	if ((*p == 'e' || *p == 'E') && next == '\'')
		return escaped_end(p + 1, end);
	if (*p == '$' && (tag = dollar_tag(p, end)) > 0)
		return dollar_end(p, end, tag);
	*kind = SQL_NAME;
	if (*p == '"')
		return quoted_end(p, end);
	*kind = SQL_OTHER;
	if ((*p == 'u' || *p == 'U') && next == '&' && (third == '\'' || third == '"'))
		return quoted_end(p + 2, end);
	*kind = SQL_WORD;
	if (is_letter(*p))
		return word_end(p, end);
	*kind = single(*p);
	return p + 1;
}

int
sqllex_at(const char *p, const char *end, struct sql_token *t)
{
	const char *stop = lex(p, end, &t->kind);

	if (stop == NULL)
		return -1;
	t->text = p;
	t->len = (size_t)(stop - p);
	return 0;
}

/* A token says by its first byte what it is, so that no other kind is spelled like a word. */
bool
sqllex_word(const struct sql_token *t, const char *word)
{
	return t->len == strlen(word) && strncasecmp(t->text, word, t->len) == 0;
}

bool
sqllex_text(const struct sql_token *t, const char *word)
{
	size_t quotes = t->text[0] == '"' || t->text[0] == '\'';

	return t->len == strlen(word) + 2 * quotes &&
	    strncasecmp(t->text + quotes, word, t->len - 2 * quotes) == 0;
}

bool
sqllex_char(const struct sql_token *t, char c)
{
	return t->text[0] == c;
}

bool
sqllex_next(const char **p, const char *end, struct sql_token *t)
{
	while (*p < end && sqllex_at(*p, end, t) == 0) {
		*p += t->len;
		if (t->kind != SQL_BLANK)
			return true;
	}
	*t = (struct sql_token){ SQL_OTHER, "", 0 };
	return false;
}

char *
sqllex_name(const struct sql_token *t)
{
	size_t quote = t->kind == SQL_NAME, n = 0;
	char *name;

	if (t->kind != SQL_WORD && t->kind != SQL_NAME)
		return NULL;
	name = mem_alloc(t->len + 1);
	for (size_t i = quote; i < t->len - quote; i++) {
		char c = t->text[i];

		name[n++] = !quote && c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
		if (quote && c == '"')
			i++;
	}
	return name;
}
