/* doc_page.c -- the parts of manual pages that follow from the tables. */
#include "prelude.h"

#include <ctype.h>

#include "buf.h"
#include "doc.h"
#include "doc_roff.h"
#include "err.h"

static const char *const manuals[] = {
#define OPT(name, letter, type, deflt, argname, tools, help, man) man,
#include "options.def"
#undef OPT
};

/* --- options --------------------------------------------------------------------------------- */

static void
put_default(FILE *out, const struct opt_row *row)
{
	char *text;

	if (row->deflt == NULL)
		return;
	text = mem_printf("Default: %s.", row->deflt);
	roff_text(out, text);
	free(text);
}

/* " Ar FILE"; of "zstd:N|none" " Cm zstd: Ns Ar N | Cm none". */
static void
put_argument(FILE *out, const char *argname)
{
	const char *p = argname;

	while (*p != '\0') {
		size_t n = strcspn(p, "|"), literal = 0;

		while (literal < n && !isupper((unsigned char)p[literal]))
			literal++;
		if (literal > 0) {
			fputs(" Cm ", out);
			roff_chars(out, p, literal);
		}
		if (literal < n) {
			fputs(literal > 0 ? " Ns Ar " : " Ar ", out);
			roff_chars(out, p + literal, n - literal);
		}
		p += n;
		if (*p == '|') {
			fputs(" |", out);
			p++;
		}
	}
}

void
doc_options(FILE *out, const struct opt_tool_info *info)
{
	char name[OPT_LONG_LEN];

	fputs(".Bl -tag -width Ds\n", out);
	for (size_t i = 0; i < opt_table.count; i++) {
		const struct opt_row *row = &opt_table.rows[i];

		if ((row->tools & info->tool) == 0)
			continue;
		fputs(".It ", out);
		if (row->letter != 0)
			fprintf(out, "Fl %c , ", row->letter);
		fputs("Fl ", out);
		opt_long(row, name);
		roff_chars(out, name + 1, strlen(name + 1));
		if (row->argname != NULL)
			put_argument(out, row->argname);
		fputc('\n', out);
		roff_text(out, manuals[i]);
		put_default(out, row);
	}
	fputs(".It Fl V , Fl \\-version\nPrints the version.\n"
	    ".It Fl \\&? , Fl \\-help\nPrints the usual options.\n"
	    ".It Fl \\-help\\-all\nPrints all options.\n"
	    ".El\n", out);
}

static void
put_tools(FILE *out, unsigned tools)
{
	static const struct { enum opt_tool tool; const char *name; } all[] = {
		{ OPT_EXPORT, "gpm-export" }, { OPT_PUSH, "gpm-push" }, { OPT_IMPORT, "gpm-import" },
	};

	fputs("Read by\n", out);
	for (size_t i = 0; i < GPM_ARRAY_LEN(all); i++) {
		bool last = true;

		if ((tools & all[i].tool) == 0)
			continue;
		for (size_t k = i + 1; k < GPM_ARRAY_LEN(all); k++)
			last = last && (tools & all[k].tool) == 0;
		fprintf(out, ".Xr %s 1 %s\n", all[i].name, last ? "." : ",");
	}
}

void
doc_keys(FILE *out, const struct opt_tool_info *info)
{
	(void)info; /* a file may hold the keys of all tools */
	fputs(".Bl -tag -width Ds\n", out);
	for (size_t i = 0; i < opt_table.count; i++) {
		const struct opt_row *row = &opt_table.rows[i];

		if (strcmp(row->name, "config") == 0) /* a file does not name another */
			continue;
		fprintf(out, ".It Cm %s No =", row->name);
		if (row->type == OPT_FLAG)
			fputs(" Cm on | off", out);
		else if (row->type == OPT_LIST)
			fprintf(out, " Brq Ar %s , ...", row->argname);
		else
			put_argument(out, row->argname);
		fputc('\n', out);
		roff_sentence(out, row->help);
		put_default(out, row);
		put_tools(out, row->tools);
	}
	fputs(".El\n", out);
}

/* --- exit status ----------------------------------------------------------------------------- */

/* A status has as many meanings as there are kinds of errors that end with it. */
static void
put_meanings(FILE *out, int status)
{
	const char *separator = "";
	struct buf text;

	text_init(&text);
	for (int code = 0; code < ERR_COUNT; code++) {
		if (err_exit((enum err_code)code) != status)
			continue;
		text_printf(&text, "%s%s", separator, err_meaning((enum err_code)code));
		separator = "; ";
	}
	roff_sentence(out, text_str(&text));
	buf_release(&text);
}

void
doc_exit_status(FILE *out, const struct opt_tool_info *info)
{
	(void)info; /* the same for all tools */
	fputs(".Bl -tag -width Ds\n", out);
	for (int code = 0; code < ERR_COUNT; code++) {
		int status = err_exit((enum err_code)code);
		bool seen = false;

		for (int before = 0; before < code; before++)
			seen = seen || err_exit((enum err_code)before) == status;
		if (seen)
			continue;
		if (status < 128)
			fprintf(out, ".It %d\n", status);
		else
			fputs(".It 128 + Ar n\n", out);
		put_meanings(out, status);
	}
	fputs(".El\n", out);
}
