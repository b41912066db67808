/* fuzz-sqlsplit.c -- any text: the splitter ends, and what it gives are pieces of the text, in
 * order, each of which is one statement again when it is split by itself. */
#include "prelude.h"

#include "err.h"
#include "sqlsplit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool holds)
{
	if (!holds)
		abort();
}

/* A statement carries no state from those before it, so by itself it reads the same. */
static void
split_again(const struct sql_statement *st)
{
	struct sqlsplit *s = sqlsplit_new(st->text, st->len);
	struct sql_statement same;
	struct err e;

	must(sqlsplit_next(s, &same, &e) == 1);
	must(same.len == st->len && memcmp(same.text, st->text, st->len) == 0);
	must(same.number == 1 && same.line == 1 && same.session == st->session);
	must(sqlsplit_next(s, &same, &e) == 0);
	sqlsplit_free(s);
}

static void
check_statement(const struct sql_statement *st)
{
	char *role = NULL;

	must(st->len > 0 && strlen(st->text) == st->len);
	if (sqlsplit_created_role(st, &role) == 1)
		must(role != NULL && strlen(role) < st->len);
	else
		must(role == NULL);
	free(role);
	split_again(st);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data, *rest = text;
	struct sqlsplit *s = sqlsplit_new(text, size);
	uint64_t number = 0, line = 1;
	struct sql_statement st;
	struct err e = { 0 };
	int rc;

	while ((rc = sqlsplit_next(s, &st, &e)) == 1) {
		must(st.number == ++number && st.line >= line);
		line = st.line;
		check_statement(&st);
		rest = memmem(rest, size - (size_t)(rest - text), st.text, st.len);
		must(rest != NULL);
		rest += st.len;
	}
	must(rc == 0 || (rc == -1 && e.code == ERR_DIFFERS && e.text[0] != '\0'));
	must(number <= size && line <= size + 1);
	sqlsplit_free(s);
	return 0;
}
