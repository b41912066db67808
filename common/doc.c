/* doc.c -- a second tool_main(): fills in the template of a manual page or of a completion.
 *
 * gpm-export-doc, which is not installed, is gpm-export with this in place of tool.c, so that it has what
 * the tool says of itself.  "gpm-export-doc TEMPLATE" copies TEMPLATE to stdout and puts something for
 * every @NAME@ of the list below.  A @NAME@ that is a whole line is replaced by whole lines. */
#include "prelude.h"

#include <ctype.h>

#include "doc.h"
#include "err.h"
#include "log.h"
#include "tool.h"

static void
put_tool(FILE *out, const struct opt_tool_info *info)
{
	fputs(info->name, out);
}

/* "gpm_export" */
static void
put_function(FILE *out, const struct opt_tool_info *info)
{
	for (const char *p = info->name; *p != '\0'; p++)
		fputc(*p == '-' ? '_' : *p, out);
}

static void
put_summary(FILE *out, const struct opt_tool_info *info)
{
	fputs(info->summary, out);
}

static void
put_version(FILE *out, const struct opt_tool_info *info)
{
	(void)info; /* the same for all tools */
	fputs(PACKAGE_VERSION, out);
}

static void
put_date(FILE *out, const struct opt_tool_info *info)
{
	(void)info;
	fputs(GPM_DATE, out);
}

static const struct {
	const char *name;
	void (*put)(FILE *, const struct opt_tool_info *);
} markers[] = {
	{ "TOOL", put_tool },
	{ "FUNCTION", put_function },
	{ "SUMMARY", put_summary },
	{ "VERSION", put_version },
	{ "DATE", put_date },
	{ "SYNOPSIS", doc_synopsis },
	{ "COMMANDS", doc_commands },
	{ "OPTIONS", doc_options },
	{ "EXAMPLES", doc_examples },
	{ "EXIT_STATUS", doc_exit_status },
	{ "KEYS", doc_keys },
	{ "COMMAND_WORDS", doc_command_words },
	{ "OPTION_VALUES", doc_option_values },
};

/* The length of the name of a marker that begins with the '@' at TEXT; 0 when it is only an '@'. */
static size_t
marker_length(const char *text)
{
	size_t n = 0;

	while (isupper((unsigned char)text[1 + n]) || text[1 + n] == '_')
		n++;
	return text[1 + n] == '@' ? n : 0;
}

static int
put_marker(const char *name, size_t n, const struct opt_tool_info *info, struct err *e)
{
	for (size_t i = 0; i < GPM_ARRAY_LEN(markers); i++) {
		if (strlen(markers[i].name) == n && memcmp(markers[i].name, name, n) == 0) {
			markers[i].put(stdout, info);
			return 0;
		}
	}
	return err_set(e, ERR_FAILED, "there is nothing for @%.*s@", (int)n, name);
}

static int
put_line(const char *line, const struct opt_tool_info *info, struct err *e)
{
	const char *p = line;

	while (*p != '\0') {
		size_t n = *p == '@' ? marker_length(p) : 0;

		if (n == 0) {
			fputc(*p++, stdout);
			continue;
		}
		if (put_marker(p + 1, n, info, e) < 0)
			return -1;
		p += n + 2;
		if (p == line + n + 2 && *p == '\n')
			p++;
	}
	return 0;
}

static int
fill_in(const char *path, const struct opt_tool_info *info, struct err *e)
{
	FILE *in = fopen(path, "r");
	char *line = NULL;
	size_t size = 0;
	int rc = 0;

	if (in == NULL)
		return err_sys(e, "cannot open '%s'", path);
	for (unsigned number = 1; rc == 0 && getline(&line, &size, in) > 0; number++)
		if ((rc = put_line(line, info, e)) < 0)
			err_context(e, "%s:%u", path, number);
	if (rc == 0 && ferror(in))
		rc = err_sys(e, "cannot read '%s'", path);
	if (rc == 0 && (fflush(stdout) != 0 || ferror(stdout)))
		rc = err_sys(e, "cannot write to the standard output");
	free(line);
	fclose(in);
	return rc;
}

int
tool_main(const struct opt_tool_info *info, int argc, char **argv, tool_fn *run)
{
	struct err e;

	(void)run; /* what the tool does is not wanted, only what it says */
	log_setup(argv[0], LOG_LEVEL_INFO, LOG_FORMAT_TEXT);
	if (argc != 2)
		err_set(&e, ERR_USAGE, "one argument is needed: the template");
	else if (fill_in(argv[1], info, &e) == 0)
		return 0;
	err_print(&e);
	return err_exit(e.code);
}
