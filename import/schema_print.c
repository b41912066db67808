/* schema_print.c -- a run's schema as it would be made, on stdout (schema.h). */
#include "prelude.h"

#include <inttypes.h>

#include "err.h"
#include "schema.h"
#include "sqllex.h"
#include "sqlsplit.h"

/* psql takes a backslash outside of quotes for a command of its own, wherever it stands; SQL has none there. */
static bool
is_safe(const struct sql_statement *s)
{
	const char *p = s->text, *end = p + s->len;
	struct sql_token t;

	while (sqllex_next(&p, end, &t))
		if (sqllex_char(&t, '\\'))
			return false;
	return true;
}

/* In a comment of one line. */
static void
print_comment(const char *text)
{
	printf("-- gpm: ");
	for (; *text != '\0'; text++)
		putchar((unsigned char)*text < 0x20 || *text == 0x7f ? '?' : *text);
	putchar('\n');
}

static void
print_note(const struct adapted *a, const struct adapt_note *n)
{
	static const char *const what[] = { [ADAPT_CHANGED] = "", [ADAPT_PASSED] = "passed over: ", [ADAPT_FOLLOWS] = "passed over: " };
	char *text = mem_printf("%s: %s%s", a->object, what[n->what], n->text);

	print_comment(text);
	free(text);
}

static void
print_adapted(const struct adapted *a, struct report *report, const char *section)
{
	for (size_t i = 0; i < a->nnotes; i++)
		print_note(a, &a->notes[i]);
	for (size_t i = 0; i < a->len; i++) {
		struct err e;

		if (is_safe(&a->at[i])) {
			printf("%s;\n\n", a->at[i].text);
			continue;
		}
		err_set(&e, ERR_DIFFERS, "a backslash outside of quotes, which psql would obey");
		report_trouble(report, &e, "%s.sql, line %" PRIu64, section, a->at[i].line);
	}
}

int
schema_print(struct adapter *adapter, struct run *run, const char *section, bool wanted, struct report *report, struct err *e)
{
	struct sql_statement s;
	struct sqlsplit *split;
	struct adapted out;
	struct buf text;
	int rc;

	buf_init(&text, SCHEMA_LIMIT);
	if (schema_fetch(run, section, &text, e) < 0) {
		buf_release(&text);
		return -1;
	}
	if (wanted)
		printf("-- gpm: %s of run %s\n\n", section, run->id);
	split = sqlsplit_new(text.data, text.len);
	while ((rc = sqlsplit_next(split, &s, e)) > 0 && (rc = adapter_take(adapter, &s, &out, e)) == 0) {
		if (wanted)
			print_adapted(&out, report, section);
		adapted_release(&out);
	}
	sqlsplit_free(split);
	buf_release(&text);
	return rc < 0 ? -1 : 0;
}
