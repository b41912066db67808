/* sqllex.h -- SQL as tokens, as the server reads it with standard_conforming_strings on.
 * Keeps nothing; a text is two pointers. */
#ifndef GPM_SQLLEX_H
#define GPM_SQLLEX_H

enum sql_kind {
	SQL_BLANK,       /* white space or a comment */
	SQL_WORD,        /* a keyword or an identifier without quotes */
	SQL_NAME,        /* "…" */
	SQL_STRING,      /* '…', E'…', $tag$…$tag$ */
	SQL_OPEN,        /* ( */
	SQL_CLOSE,       /* ) */
	SQL_SEMICOLON,
	SQL_OTHER        /* any other byte, and U&'…' and U&"…" */
};

struct sql_token {
	enum sql_kind kind;
	const char *text;
	size_t len;
};

/* sqllex_at(p, end, t): the token at P, which is before END.  -1 when a quote or a comment
 * (SQL_BLANK) begins there and does not end; then only T's kind is set. */
int sqllex_at(const char *p, const char *end, struct sql_token *) GPM_NODISCARD;

/* sqllex_next(p, end, t): the next token that is not SQL_BLANK; *P moves behind it.  False, and an
 * empty SQL_OTHER, when there is none. */
bool sqllex_next(const char **p, const char *end, struct sql_token *);

/* sqllex_name(t): the name that an SQL_WORD or SQL_NAME stands for, as the server stores it: folded to lower case,
 * or without its quotes (mem_*, the caller frees); NULL for any other token. */
char *sqllex_name(const struct sql_token *) GPM_NODISCARD;

/* sqllex_word: T is the keyword WORD, in any case.  sqllex_text: the same, or the same in plain
 * quotes.  sqllex_char: T begins with this byte, one that is always a token by itself. */
bool sqllex_word(const struct sql_token *, const char *word);
bool sqllex_text(const struct sql_token *, const char *word);
bool sqllex_char(const struct sql_token *, char);

#endif
