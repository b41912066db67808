/* sqlsplit.h -- one statement at a time out of a schema file written by pg_dump.
 *
 * Schema text comes out of a bucket, so it is never given to psql, which could run a shell: it is
 * split here and sent over libpq.  Knows '…' as standard_conforming_strings = on reads it, E'…',
 * U&'…', "…", $tag$…$tag$, -- and nested slash-star comments, parentheses (CREATE RULE … DO (a; b)),
 * and BEGIN ATOMIC … END bodies of functions and procedures, with CASE … END inside.  A statement
 * ends at a ';' outside all of these, or where the text ends.
 *
 * A backslash that begins a line or a statement, outside quotes and comments, is a command for
 * psql: lines of \restrict and \unrestrict between statements are dropped, any other is refused.
 * Two kinds of statements are refused because they change how the text after them is read: COPY …
 * FROM stdin, and SET standard_conforming_strings to anything but on.  That protects from a
 * mistake, not from malice: whoever wrote the text can have any other statement run. */
#ifndef GPM_SQLSPLIT_H
#define GPM_SQLSPLIT_H

struct err;
struct sqlsplit;

struct sql_statement {
	const char *text;    /* NUL-terminated; without the ';' and the blanks and comments around it */
	size_t len;
	uint64_t number;     /* 1 for the first; empty statements do not count */
	uint64_t line;       /* where it starts, from 1 */
	uint64_t part;       /* 0; of several that were made of one (adapt.h): 1 for the second */
	bool session;        /* SET … (not SET CONSTRAINTS), RESET … or SELECT pg_catalog.set_config(…):
	                      * to be repeated in every session */
};

/* sqlsplit_new(text, len): TEXT must outlive it. */
struct sqlsplit *sqlsplit_new(const char *text, size_t len) GPM_NODISCARD;
void sqlsplit_free(struct sqlsplit *);

/* sqlsplit_next(s, out, e): 1 and *OUT (valid until the next call), 0 at the end; -1, with
 * ERR_DIFFERS and the line: a NUL byte (found before the first statement), a quote, comment,
 * parenthesis or BEGIN ATOMIC that is open at the end of the text, or what is refused above.
 * After -1 S can only be freed. */
int sqlsplit_next(struct sqlsplit *, struct sql_statement *out, struct err *) GPM_NODISCARD;

/* sqlsplit_created_role(stmt, out): when STMT is "CREATE ROLE <name>…", 1 and the name as the
 * server stores it (unquoted, or folded to lower case; mem_*, the caller frees); else 0. */
int sqlsplit_created_role(const struct sql_statement *, char **out) GPM_NODISCARD;

/* sqlsplit_builds(stmt, table, len): does it build an index?  CREATE [UNIQUE] INDEX, or ALTER TABLE … ADD
 * CONSTRAINT … PRIMARY KEY, UNIQUE or EXCLUDE.  *TABLE is then its table as the statement names it, LEN
 * bytes of STMT's text.  SQL_AFTER_BUILDS: COMMENT, CLUSTER ON, REPLICA IDENTITY, which pg_dump writes between
 * the indexes and on which no index depends. */
enum sql_build { SQL_BUILDS_NOTHING, SQL_BUILDS_INDEX, SQL_BUILDS_CONSTRAINT, SQL_AFTER_BUILDS };
enum sql_build sqlsplit_builds(const struct sql_statement *, const char **table, size_t *len) GPM_NODISCARD;

#endif
