/* opt_help.c -- what --help and --version print. */
#include "prelude.h"

#include "buf.h"
#include "opt_internal.h"

#define WIDTH 80

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

	fprintf(out, "%-*s", (int)indent, left);
	put_wrapped(out, text, indent);
	free(text);
}

void
opt_help(FILE *out, const struct opt_table *t, const struct opt_tool_info *info)
{
	size_t indent = 0;

	for (size_t i = 0; i < t->count; i++) {
		char *left = spelling(&t->rows[i]);

		if ((t->rows[i].tools & info->tool) != 0 && strlen(left) + 2 > indent)
			indent = strlen(left) + 2;
		free(left);
	}
	fprintf(out, "%s: ", info->name);
	put_wrapped(out, info->summary, strlen(info->name) + 2);
	fprintf(out, "\nUsage:\n%s\nOptions:\n", info->usage);
	for (size_t i = 0; i < t->count; i++) {
		const struct opt_row *row = &t->rows[i];
		char *left = spelling(row);

		if ((row->tools & info->tool) != 0)
			put_option(out, left, indent, row->help, row->deflt);
		free(left);
	}
	put_option(out, "  -V, --version", indent, "print the version and exit", NULL);
	put_option(out, "  -?, --help", indent, "print this and exit", NULL);
	fputs("\nOptions can also stand in gpm.conf (log_format = json) and in the environment\n"
	    "(GPM_LOG_FORMAT=json); the command line wins.\n", out);
	if (info->examples != NULL)
		fprintf(out, "\nExamples:\n%s", info->examples);
}

void
opt_version(FILE *out, const struct opt_tool_info *info)
{
	fprintf(out, "%s (%s) %s\n", info->name, PACKAGE_NAME, PACKAGE_VERSION);
}
