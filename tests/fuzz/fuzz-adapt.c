/* fuzz-adapt.c -- any schema text, for every kind of destination: the adapter ends, and each statement that it gives is one
 * statement for the splitter; the same text gives the same again. */
#include "prelude.h"

#include "adapt.h"
#include "err.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool holds)
{
	if (!holds)
		abort();
}

static void
check_statement(const struct sql_statement *st)
{
	struct sqlsplit *s = sqlsplit_new(st->text, st->len);
	struct sql_statement same;
	struct err e;
	int rc = sqlsplit_next(s, &same, &e);

	must(strlen(st->text) == st->len);
	/* nothing may be left of it, and nothing that the splitter refuses may come of what it let pass; but it never becomes two */
	if (rc == 1)
		must(sqlsplit_next(s, &same, &e) == 0);
	else
		must(st->len == 0 || rc < 0);
	sqlsplit_free(s);
}

static void
adapt(enum adapt_to to, const char *text, size_t size)
{
	static struct adapt_pair pairs[] = { { "a", "b \"c\"" }, { "public", "x" } };
	static const struct adapt_map map = { pairs, 2 };
	struct adapter *adapter = adapter_new(to, &map, &map);
	struct sqlsplit *split = sqlsplit_new(text, size);
	struct sql_statement s;
	struct adapted out;
	struct err e;

	while (sqlsplit_next(split, &s, &e) == 1) {
		if (adapter_take(adapter, &s, &out, &e) < 0)
			continue;
		must(out.object != NULL);
		for (size_t i = 0; i < out.len; i++) {
			must(out.at[i].number == s.number && out.at[i].line == s.line && out.at[i].part == i);
			check_statement(&out.at[i]);
		}
		adapted_release(&out);
	}
	sqlsplit_free(split);
	adapter_free(adapter);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;

	adapt(ADAPT_POSTGRESQL, text, size);
	adapt(ADAPT_GREENPLUM7, text, size);
	adapt(ADAPT_GREENPLUM6, text, size);
	return 0;
}
