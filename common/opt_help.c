/* opt_help.c -- what --help, --help-all and --version print. */
#include "prelude.h"

#include "buf.h"
#include "opt_internal.h"

#define WIDTH 80
#define LEFT_WIDTH 32 /* what does not fit there stands on a line of its own */

/* "-j, --jobs N"; options without a letter are indented as if they had one. */
static char *
spelling(const struct opt_row *row)
{
	char name[OPT_LONG_LEN];
	struct buf out;

	text_init(&out);
	if (row->letter != 0)
		text_printf(&out, "  -%c, ", row->letter);
	else
		text_puts(&out, "      ");
	text_puts(&out, opt_long(row, name));
	if (row->argname != NULL)
		text_printf(&out, " %s", row->argname);
	return text_take(&out);
}

/* TEXT from column INDENT on, broken at blanks. */
static void
put_wrapped(FILE *out, const char *text, size_t indent)
{
	size_t column = indent;

	while (*text != '\0') {
		size_t n = strcspn(text, " ");

		if (column > indent && column + 1 + n > WIDTH) {
			fprintf(out, "\n%*s", (int)indent, "");
			column = indent;
		} else if (column > indent) {
			fputc(' ', out);
			column++;
		}
		fwrite(text, 1, n, out);
		column += n;
		text += n + (text[n] == ' ');
	}
	fputc('\n', out);
}

static void
put_option(FILE *out, const char *left, size_t indent, const char *help, const char *deflt)
{
	char *text = deflt != NULL ? mem_printf("%s (default %s)", help, deflt) : mem_str(help);

	if (strlen(left) + 2 > indent)
		fprintf(out, "%s\n%*s", left, (int)indent, "");
	else
		fprintf(out, "%-*s", (int)indent, left);
	put_wrapped(out, text, indent);
	free(text);
}

static bool
is_shown(const struct opt_row *row, const struct opt_tool_info *info, bool all)
{
	return (row->tools & info->tool) != 0 && (all || (row->tools & OPT_RARE) == 0);
}

/* The column in which the texts begin. */
static size_t
text_column(const struct opt_table *t, const struct opt_tool_info *info, bool all)
{
	size_t column = 0;

	for (size_t i = 0; i < t->count; i++) {
		char *left = spelling(&t->rows[i]);
		size_t width = strlen(left) + 2;

		if (is_shown(&t->rows[i], info, all) && width > column && width <= LEFT_WIDTH)
			column = width;
		free(left);
	}
	return column;
}

void
opt_help(FILE *out, const struct opt_table *t, const struct opt_tool_info *info, bool all)
{
	size_t indent = text_column(t, info, all);

	fprintf(out, "%s: ", info->name);
	put_wrapped(out, info->summary, strlen(info->name) + 2);
	fprintf(out, "\nUsage:\n%s\nOptions:\n", info->usage);
	for (size_t i = 0; i < t->count; i++) {
		const struct opt_row *row = &t->rows[i];
		char *left = spelling(row);

		if (is_shown(row, info, all))
			put_option(out, left, indent, row->help, row->deflt);
		free(left);
	}
	put_option(out, "  -V, --version", indent, "print the version and exit", NULL);
	put_option(out, "  -?, --help", indent, all ? "print the usual options and exit" : "print this and exit", NULL);
	put_option(out, "      --help-all", indent, all ? "print this and exit" : "print all options and exit", NULL);
	fputs("\nOptions can also stand in gpm.conf (log_format = json) and in the environment\n"
	    "(GPM_LOG_FORMAT=json); the command line wins.\n", out);
	if ((info->tool & (OPT_PUSH | OPT_IMPORT)) != 0)
		fputs("A bucket's access key may stand in a gpm.conf of mode 0600 (access_key_id,\n"
		    "secret_access_key); AWS_*, OSS_* and ~/.aws/credentials go before it.\n", out);
	if (info->examples != NULL)
		fprintf(out, "\nExamples:\n%s", info->examples);
	fprintf(out, "\nAll about it: man %s\n", info->name);
}

void
opt_version(FILE *out, const struct opt_tool_info *info)
{
	fprintf(out, "%s (%s) %s\n", info->name, PACKAGE_NAME, PACKAGE_VERSION);
}
