/* Goal of this test: no password stays in the SQL of roles, and nothing else goes. */
#include "prelude.h"

#include "err.h"
#include "passwords.h"
#include "tap.h"

static const struct {
	const char *name, *text, *want;
} cases[] = {
	{ "as pg_dumpall writes it", "ALTER ROLE a WITH LOGIN PASSWORD 'md5123' VALID UNTIL 'infinity';\n",
	    "ALTER ROLE a WITH LOGIN  VALID UNTIL 'infinity';\n" },
	{ "at the end", "ALTER ROLE a PASSWORD 'x';", "ALTER ROLE a ;" },
	{ "quotes in it", "ALTER ROLE a PASSWORD 'x''PASSWORD ''y' LOGIN;", "ALTER ROLE a  LOGIN;" },
	{ "escapes in it", "ALTER ROLE a PASSWORD E'x\\\\\\'y' LOGIN;", "ALTER ROLE a  LOGIN;" },
	{ "a backslash before the last quote", "ALTER ROLE a PASSWORD 'x\\' LOGIN;", "ALTER ROLE a  LOGIN;" },
	{ "in dollars", "ALTER ROLE a PASSWORD $x$it's$x$;", "ALTER ROLE a ;" },
	{ "in Unicode", "ALTER ROLE a PASSWORD U&'\\0061';", "ALTER ROLE a ;" },
	{ "in any case, over lines", "alter role a password\n -- here\n 'x' login;", "alter role a  login;" },
	{ "several", "ALTER ROLE a PASSWORD 'x';\nALTER ROLE b PASSWORD 'y';", "ALTER ROLE a ;\nALTER ROLE b ;" },
	{ "none", "ALTER ROLE a PASSWORD NULL;", "ALTER ROLE a PASSWORD NULL;" },
	{ "a comment about it", "COMMENT ON ROLE a IS 'PASSWORD ''x''';", "COMMENT ON ROLE a IS 'PASSWORD ''x''';" },
	{ "a name like it", "ALTER ROLE \"PASSWORD 'x'\" LOGIN; -- PASSWORD 'z'\n", "ALTER ROLE \"PASSWORD 'x'\" LOGIN; -- PASSWORD 'z'\n" },
	{ "a longer word", "ALTER ROLE a SET my_password TO 'x';", "ALTER ROLE a SET my_password TO 'x';" },
	{ "the word at the end", "PASSWORD", "PASSWORD" },
	{ "nothing", "", "" },
};

static const char *const open_ended[] = { "ALTER ROLE a PASSWORD 'x", "ALTER ROLE \"a", "/* PASSWORD 'x'", "$x$ PASSWORD 'x'" };

int
main(void)
{
	struct err e;
	struct buf out;

	text_init(&out);
	for (size_t i = 0; i < GPM_ARRAY_LEN(cases); i++) {
		buf_reset(&out);
		ok(passwords_remove(cases[i].text, strlen(cases[i].text), &out, &e) == 0, "is read: %s", cases[i].name);
		is_str(text_str(&out), cases[i].want, cases[i].name);
	}
	for (size_t i = 0; i < GPM_ARRAY_LEN(open_ended); i++)
		ok(passwords_remove(open_ended[i], strlen(open_ended[i]), &out, &e) == -1, "refused: %s", open_ended[i]);
	buf_release(&out);
	return tap_done();
}
