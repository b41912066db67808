/* sqlsplit.c -- test: a schema text falls apart into the statements that the server will read. */
#include "prelude.h"

#include "err.h"
#include "sqlsplit.h"
#include "tap.h"
#include "sqlsplit-dump.h"

/* Where each statement of sqlsplit-dump.h begins, how it begins, and how it ends. */
static const struct {
	uint64_t line;
	bool session;
	const char *begin;
	const char *end;
} in_dump[] = {
	{ 10, true, "SET statement_timeout = 0", "= 0" },
	{ 11, true, "SET lock_timeout", "= 0" },
	{ 12, true, "SET idle_in", "= 0" },
	{ 13, true, "SET client_encoding", "'UTF8'" },
	{ 14, true, "SET standard_conforming_strings", "= on" },
	{ 15, true, "SELECT pg_catalog.set_config('search_path'", "false)" },
	{ 16, true, "SET check_function_bodies", "= false" },
	{ 17, true, "SET xmloption", "content" },
	{ 18, true, "SET client_min_messages", "warning" },
	{ 19, true, "SET row_security", "off" },
	{ 25, false, "CREATE FUNCTION \"app\".\"f1\"", "END;\n$_$" },
	{ 35, true, "SET default_tablespace", "''" },
	{ 37, true, "SET default_table_access_method", "\"heap\"" },
	{ 43, false, "CREATE TABLE \"app\".\"t\" (", "\"now\"()\n)" },
	{ 59, false, "COMMENT ON TABLE \"app\".\"t\"", "$$ unbalanced ('" },
	{ 69, false, "COMMENT ON COLUMN", "'C:\\dir\\'" },
	{ 75, false, "CREATE FUNCTION \"app\".\"f2\"", "\"f2\".\"x\");\nEND" },
	{ 97, false, "CREATE FUNCTION \"app\".\"f4\"", "$q$ $_$" },
	{ 105, false, "CREATE FUNCTION \"app\".\"f5\"", "AS $$$$" },
	{ 114, false, "CREATE OPERATOR \"app\".///", "integer\n)" },
	{ 124, false, "CREATE TABLE \"app\".\"a$1$b\"", "integer\n)" },
	{ 133, false, "CREATE TABLE \"odd;schema\"", "\"text\"\n)" },
	{ 145, false, "COMMENT ON TABLE \"odd;schema\"", "evil\n;'" },
	{ 152, false, "CREATE INDEX", "'a;%'::\"text\")" },
	{ 162, false, "CREATE RULE", "NOTIFY \"x;y\";\n)" },
	{ 175, false, "CREATE TRIGGER", "'d\\')" },
	{ 181, false, "CREATE POLICY", "\"app\".\"v\"))))" },
};

static void
test_dump(void)
{
	struct sqlsplit *s = sqlsplit_new(dump, strlen(dump));
	struct sql_statement st;
	struct err e;
	size_t n = 0;
	int rc;

	while ((rc = sqlsplit_next(s, &st, &e)) == 1 && n < GPM_ARRAY_LEN(in_dump)) {
		size_t end = strlen(in_dump[n].end);

		ok(st.number == n + 1 && st.line == in_dump[n].line &&
		    st.session == in_dump[n].session && st.len == strlen(st.text) &&
		    strncmp(st.text, in_dump[n].begin, strlen(in_dump[n].begin)) == 0 &&
		    st.len > end && strcmp(st.text + st.len - end, in_dump[n].end) == 0,
		    "dump: line %d: %s", (int)st.line, in_dump[n].begin);
		n++;
	}
	ok(rc == 0 && n == GPM_ARRAY_LEN(in_dump), "dump: as many statements as psql sends");
	sqlsplit_free(s);
}

/* TEXT falls apart into the statements that follow, up to NULL. */
static void
splits(const char *name, const char *text, ...)
{
	struct sqlsplit *s = sqlsplit_new(text, strlen(text));
	struct sql_statement st;
	const char *want;
	struct err e = { 0 };
	va_list ap;
	int rc, same = 1;

	va_start(ap, text);
	while ((rc = sqlsplit_next(s, &st, &e)) == 1) {
		want = va_arg(ap, const char *);
		same = want != NULL && strcmp(st.text, want) == 0;
		if (!same)
			break;
	}
	if (rc == 0)
		same = va_arg(ap, const char *) == NULL;
	va_end(ap);
	if (!ok(same && rc == 0, "%s", name))
		printf("# at: %s\n", rc == 1 ? st.text : rc == 0 ? "the end" : e.text);
	sqlsplit_free(s);
}

/* After GOOD statements, LEN bytes of TEXT are refused with WHY. */
static void
refuses_bytes(const char *name, const char *text, size_t len, uint64_t good, const char *why)
{
	struct sqlsplit *s = sqlsplit_new(text, len);
	struct sql_statement st;
	struct err e = { 0 };
	uint64_t n = 0;
	int rc;

	while ((rc = sqlsplit_next(s, &st, &e)) == 1)
		n++;
	if (!ok(rc == -1 && n == good && e.code == ERR_DIFFERS && strcmp(e.text, why) == 0, "%s", name))
		printf("# after %d: %s\n", (int)n, e.text);
	sqlsplit_free(s);
}

static void
refuses(const char *name, const char *text, uint64_t good, const char *why)
{
	refuses_bytes(name, text, strlen(text), good, why);
}

static void
test_quotes(void)
{
	splits("nothing", "", NULL);
	splits("no statement", " ; \t;\r\n\f\v-- a;\n/* b; */;", NULL);
	splits("two, the last without ';'", "a; b ", "a", "b", NULL);
	splits("comments and blanks around it", "-- x\n /* y */ a /* in */ b /* z */ -- q\n;c", "a /* in */ b",
	    "c", NULL);
	splits("'' doubled", "a 'it'';s'; 'b;'", "a 'it'';s'", "'b;'", NULL);
	splits("plain: a backslash is a byte", "'C:\\'; 'b'", "'C:\\'", "'b'", NULL);
	splits("E: a backslash escapes", "E'a\\';b'; E'\\\\'; e'\\\\\\';'", "E'a\\';b'", "E'\\\\'", "e'\\\\\\';'",
	    NULL);
	splits("E: '' doubled", "E'a''\\';b';c", "E'a''\\';b'", "c", NULL);
	splits("E: goes on after a newline", "E'a' -- it's\n '\\';b'; E'a' '\\'; c;", "E'a' -- it's\n '\\';b'",
	    "E'a' '\\'", "c", NULL);
	splits("E: two on one line, nothing between", "E'a'\t; b", "E'a'", "b", NULL);
	splits("an identifier that ends in e", "type'\\'; b", "type'\\'", "b", NULL);
	splits("U& as plain", "U&'\\00e9\\'; u&\"a;\"\"\\\"; U & ';'", "U&'\\00e9\\'", "u&\"a;\"\"\\\"", "U & ';'",
	    NULL);
	splits("B, X, N", "B'0;1'; x'\\'; n';'", "B'0;1'", "x'\\'", "n';'", NULL);
	splits("\"\" doubled", "\"a\"\";'\"; b", "\"a\"\";'\"", "b", NULL);
	refuses("open '", "a;\nb '\n;", 1, "line 2: a quote is open to the end of the text");
	refuses("open E'", "E'\\'", 0, "line 1: a quote is open to the end of the text");
	refuses("open E', a backslash last", "E'\\", 0, "line 1: a quote is open to the end of the text");
	refuses("open \"", "\n\na \"b;", 0, "line 3: a quote is open to the end of the text");
	refuses("open U&\"", "U&\"b;", 0, "line 1: a quote is open to the end of the text");
}

static void
test_dollars(void)
{
	splits("$$", "$$a;'b$$; c", "$$a;'b$$", "c", NULL);
	splits("$tag$ holds others", "$a$;$$;$b$;$A$;$a$;d", "$a$;$$;$b$;$A$;$a$", "d", NULL);
	splits("a tag with digits, _ and high bytes", "$_\303\2511$;$_\303\2511$;d", "$_\303\2511$;$_\303\2511$",
	    "d", NULL);
	splits("ends inside $x$tag$", "$t$a$x$t$;b", "$t$a$x$t$", "b", NULL);
	splits("inside an identifier it is none", "a$1$b; \303\251$$c; d$x$;", "a$1$b", "\303\251$$c", "d$x$",
	    NULL);
	splits("$1 is a parameter", "select $1; select $1$$;$$", "select $1", "select $1$$;$$", NULL);
	splits("a lone $", "a $ b; c $x d; $", "a $ b", "c $x d", "$", NULL);
	refuses("open $$", "a;\n$$;", 1, "line 2: a quote is open to the end of the text");
	refuses("open $tag$, other case", "$a$;$A$", 0, "line 1: a quote is open to the end of the text");
}

static void
test_comments(void)
{
	splits("nested", "a /* ; /* ; */ ; */ b; c", "a /* ; /* ; */ ; */ b", "c", NULL);
	splits("slash-star-slash does not close", "a/*/;*/b;c", "a/*/;*/b", "c", NULL);
	splits("stars before the end", "a/**;***/b;c", "a/**;***/b", "c", NULL);
	splits("inside an operator", "a +/*;*/ b; a +--;\n b", "a +/*;*/ b", "a +--;\n b", NULL);
	splits("-- ends at a newline or a return", "a --';\n;b --\";\r;c", "a", "b", "c", NULL);
	splits("quotes in comments, comments in quotes", "a /* ' */; '/*'; b '--';", "a", "'/*'", "b '--'", NULL);
	refuses("open comment", "\n/* a /* b */", 0, "line 2: a comment is open to the end of the text");
}

static void
test_nesting(void)
{
	splits("parentheses", "create rule r do (a; (b; c)); d", "create rule r do (a; (b; c))", "d", NULL);
	splits("a ) too many", "a); b", "a)", "b", NULL);
	refuses("open (", "a;\nb (c;\nd", 1,
	    "line 2: the text ends inside the parentheses of the statement that begins here");
	splits("BEGIN ATOMIC", "create function f() begin atomic a; b; end; c",
	    "create function f() begin atomic a; b; end", "c", NULL);
	splits("BEGIN ATOMIC with CASE",
	    "Create Or Replace Procedure p() Begin /* ; */ Atomic a; case b (case; end;) case c end end; End; d",
	    "Create Or Replace Procedure p() Begin /* ; */ Atomic a; case b (case; end;) case c end end; End",
	    "d", NULL);
	splits("CASE before it does not count", "create function f() return case a end; b",
	    "create function f() return case a end", "b", NULL);
	splits("a function named begin", "create function s.begin(atomic int) as 'a'; b",
	    "create function s.begin(atomic int) as 'a'", "b", NULL);
	splits("a type named atomic", "create function begin(begin atomic) atomic returns atomic; b",
	    "create function begin(begin atomic) atomic returns atomic", "b", NULL);
	splits("END in parentheses does not count", "create function f() begin atomic a(end;); end; b",
	    "create function f() begin atomic a(end;); end", "b", NULL);
	splits("a column named begin", "create function f() begin atomic select begin from t; end; b",
	    "create function f() begin atomic select begin from t; end", "b", NULL);
	splits("quoted words are names", "create function f() begin atomic \"case\"; \"end\"; end; b",
	    "create function f() begin atomic \"case\"; \"end\"; end", "b", NULL);
	splits("not after other words", "create view function as begin atomic; begin; end; create or function "
	    "begin atomic; b", "create view function as begin atomic", "begin", "end",
	    "create or function begin atomic", "b", NULL);
	refuses("open BEGIN ATOMIC", "create function f() begin atomic a; case end;", 0,
	    "line 1: the text ends inside the BEGIN ATOMIC body of the statement that begins here");
}

static void
test_refusals(void)
{
	splits("\\restrict and \\unrestrict", "\\restrict a;b'\na;\n\\unrestrict\n\\restrict\r\nb;\n\\unrestrict x",
	    "a", "b", NULL);
	splits("a backslash inside quotes and comments", "'\n\\!a'; /*\n\\!b*/ $$\n\\!c$$; \"\n\\d\"", "'\n\\!a'",
	    "$$\n\\!c$$", "\"\n\\d\"", NULL);
	splits("a backslash later in a line", "a \\ b;", "a \\ b", NULL);
	refuses("psql command", "a;\n\\! rm -rf /\nb", 1, "line 2: psql command refused: \\! rm -rf /");
	refuses("psql command, unsafe and long", "\\\033[31m\303\251 0123456789012345678901234567890123456789", 0,
	    "line 1: psql command refused: \\?[31m?? 0123456789012345678901234567890");
	refuses("longer than \\restrict", "\\restricted a", 0, "line 1: psql command refused: \\restricted a");
	refuses("shorter", "\\res", 0, "line 1: psql command refused: \\res");
	refuses("\\restrict not at the start of a line", "a; \\restrict b", 1,
	    "line 1: psql command refused: \\restrict b");
	refuses("\\restrict inside a statement", "a (\n\\restrict b\n)", 0,
	    "line 2: psql command refused: \\restrict b");
	refuses_bytes("NUL, before any statement", "a;\nb\0;", 6, 0, "line 2: a NUL byte");
	refuses("COPY from stdin", "a;COPY public.t (a, b) /* x */ FROM --\nSTDIN;\n1\t2\n\\.\n", 1,
	    "line 1: COPY from stdin, whose rows would be read as SQL");
	splits("other COPY", "COPY t TO stdin; x from stdin; copy \"from\" stdin", "COPY t TO stdin",
	    "x from stdin", "copy \"from\" stdin", NULL);
}

static void
test_strings_setting(void)
{
	static const char *const bad[] = {
		"SET standard_conforming_strings = off",
		"set session Standard_Conforming_Strings to 'off'",
		"SET LOCAL \"standard_conforming_strings\" = default",
		"SET standard_conforming_strings TO off -- on",
		"SELECT pg_catalog.set_config('standard_conforming_strings', 'on', false)",
		"SELECT pg_catalog.set_config('standard_conforming_strings', 'off', false) AS \"on\"",
	};

	for (size_t i = 0; i < GPM_ARRAY_LEN(bad); i++)
		refuses(bad[i], bad[i], 0,
		    "line 1: the text needs standard_conforming_strings = on and changes it");
	splits("set to on", "SET standard_conforming_strings TO 'ON'; b", "SET standard_conforming_strings TO 'ON'",
	    "b", NULL);
	splits("set elsewhere", "ALTER ROLE a SET standard_conforming_strings TO 'off'",
	    "ALTER ROLE a SET standard_conforming_strings TO 'off'", NULL);
}

static bool
first(const char *text, struct sqlsplit **s, struct sql_statement *st)
{
	struct err e;

	*s = sqlsplit_new(text, strlen(text));
	return sqlsplit_next(*s, st, &e) == 1;
}

static void
test_session(void)
{
	static const struct {
		const char *text;
		bool session;
	} cases[] = {
		{ "SET a = 1", true },
		{ "set /* constraints */ b = 2", true },
		{ "SET CONSTRAINTS ALL DEFERRED", false },
		{ "SET SESSION AUTHORIZATION \"a;b\"", true },
		{ "RESET SESSION AUTHORIZATION", true },
		{ "SELECT \"pg_catalog\" . set_config('a', 'b', true)", true },
		{ "SELECT set_config('a', 'b', true)", false },
		{ "SELECT pg_catalog.setval('a', 1)", false },
		{ "SELECT pg_catalog", false },
		{ "'set' a", false },
		{ "SETTLE a", false },
		{ "RESETTLE a", false },
	};
	struct sql_statement st;
	struct sqlsplit *s;

	for (size_t i = 0; i < GPM_ARRAY_LEN(cases); i++) {
		ok(first(cases[i].text, &s, &st) && st.session == cases[i].session, "%sfor the session: %s",
		    cases[i].session ? "" : "not ", cases[i].text);
		sqlsplit_free(s);
	}
}

static void
test_created_role(void)
{
	static const struct {
		const char *text;
		const char *role;
	} cases[] = {
		{ "CREATE ROLE bob", "bob" },
		{ "create Role Bob_\303\211$1 LOGIN", "bob_\303\211$1" },
		{ "CREATE ROLE \"Weird \"\"Role; --\";", "Weird \"Role; --" },
		{ "CREATE /* x */ ROLE\"\303\234b\303\251r\"", "\303\234b\303\251r" },
		{ "CREATE ROLE \"\"\"\"", "\"" },
		{ "CREATE ROLE", NULL },
		{ "CREATE ROLE 'a'", NULL },
		{ "CREATE ROLE U&\"\\0061\"", NULL },
		{ "CREATE USER a", NULL },
		{ "ALTER ROLE a", NULL },
		{ "\"CREATE\" ROLE a", NULL },
	};
	struct sql_statement st;
	struct sqlsplit *s;

	for (size_t i = 0; i < GPM_ARRAY_LEN(cases); i++) {
		char *role = NULL;
		int rc = first(cases[i].text, &s, &st) ? sqlsplit_created_role(&st, &role) : -1;

		is_str(role, cases[i].role, cases[i].text);
		ok(rc == (cases[i].role != NULL), "  and says so");
		free(role);
		sqlsplit_free(s);
	}
}

int
main(void)
{
	test_quotes();
	test_dollars();
	test_comments();
	test_nesting();
	test_refusals();
	test_strings_setting();
	test_session();
	test_created_role();
	test_dump();
	sqlsplit_free(NULL);
	return tap_done();
}
