/* Goal of this test: names and texts stand in SQL and in a command line as they are, whatever they hold. */
#include "prelude.h"

#include <sys/wait.h>

#include "quote.h"
#include "tap.h"

static const char *const words[] = {
	"plain", "", " ", "two words", "it's", "''", "'", "\"", "$(touch x)", "`touch x`", "a;b", "a\nb", "\\", "\\'", "*", "~",
	"#", "!", "-x", "a=b", "\xff\xfe", "%s", "\t", "a'b'c'", "&|<>(){}[]?",
};

/* What sh makes of TEXT as a word, in hex digits; TEXT's own are what it should be. */
static bool
sh_reads(const char *text)
{
	struct buf command;
	FILE *f;
	int c, status;
	bool same = true;

	text_init(&command);
	text_puts(&command, "printf %s ");
	quote_word(&command, text);
	f = popen(text_str(&command), "r");
	buf_release(&command);
	if (f == NULL)
		return false;
	for (const char *p = text; *p != '\0'; p++)
		same = same && (c = fgetc(f)) == (unsigned char)*p;
	same = same && fgetc(f) == EOF;
	status = pclose(f);
	return same && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static char *
made(void (*fn)(struct buf *, const char *), const char *text)
{
	struct buf b;

	text_init(&b);
	fn(&b, text);
	return text_take(&b);
}

static void
check(void (*fn)(struct buf *, const char *), const char *text, const char *want)
{
	char *got = made(fn, text);

	is_str(got, want, want);
	free(got);
}

int
main(void)
{
	struct column at[] = { { .name = mem_str("a"), .type = NULL }, { .name = mem_str("B \"c\""), .type = NULL } };
	struct columns columns = { at, 2 };
	struct buf b;

	for (size_t i = 0; i < GPM_ARRAY_LEN(words); i++)
		ok(sh_reads(words[i]), "word %zu", i);
	check(quote_word, "/usr/bin/gpm-import", "/usr/bin/gpm-import");
	check(quote_word, "a b", "'a b'");
	check(quote_ident, "t", "\"t\"");
	check(quote_ident, "", "\"\"");
	check(quote_ident, "\"; drop", "\"\"\"; drop\"");
	check(quote_ident, "it's", "\"it's\"");
	check(quote_literal, "it's", "'it''s'");
	check(quote_literal, "''", "''''''");
	check(quote_literal, "a\\", "'a\\'");
	text_init(&b);
	quote_name(&b, "s.", "t\"");
	text_puts(&b, " ");
	quote_columns(&b, &columns);
	is_str(text_str(&b), "\"s.\".\"t\"\"\" \"a\", \"B \"\"c\"\"\"", "a table and its columns");
	buf_release(&b);
	free(at[0].name);
	free(at[1].name);
	return tap_done();
}
