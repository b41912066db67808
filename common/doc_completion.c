/* doc_completion.c -- what a completion has to know of the table, as words of bash. */
#include "prelude.h"

#include <ctype.h>

#include "doc.h"

void
doc_command_words(FILE *out, const struct opt_tool_info *info)
{
	for (size_t i = 0; info->commands != NULL && info->commands[i] != NULL; i++)
		fprintf(out, "%s%s", i > 0 ? " " : "", info->commands[i]);
}

/* The value as a pattern of what can be completed: "DIR" as it is, of "zstd:N|none" "zstd:|none". */
static void
put_value(FILE *out, const struct opt_row *row)
{
	const char *argname = row->argname != NULL ? row->argname : "";
	bool words = strchr(argname, '|') != NULL;

	fputs("'", out);
	for (const char *p = argname; *p != '\0'; p++)
		if (!words || !isupper((unsigned char)*p))
			fputc(*p, out);
	fputs("'", out);
}

void
doc_option_values(FILE *out, const struct opt_tool_info *info)
{
	char name[OPT_LONG_LEN];

	for (size_t i = 0; i < opt_table.count; i++) {
		const struct opt_row *row = &opt_table.rows[i];

		if ((row->tools & info->tool) == 0)
			continue;
		fprintf(out, "\t\t[%s]=", opt_long(row, name));
		put_value(out, row);
		if (row->letter != 0) {
			fprintf(out, " [-%c]=", row->letter);
			put_value(out, row);
		}
		fputc('\n', out);
	}
	fputs("\t\t[--version]='' [-V]='' [--help]='' [--help-all]=''\n", out);
}
