/* doc_roff.c -- text of the tables as text of a manual page. */
#include "prelude.h"

#include <ctype.h>

#include "doc_roff.h"

/* As it is: for some characters roff shows others, which a shell would not take. */
static void
put_char(FILE *out, char c)
{
	switch (c) {
	case '\\': fputs("\\e", out); break;
	case '-': fputs("\\-", out); break;
	case '~': fputs("\\(ti", out); break;
	case '^': fputs("\\(ha", out); break;
	case '\'': fputs("\\(aq", out); break;
	case '`': fputs("\\(ga", out); break;
	case '"': fputs("\\(dq", out); break;
	default: fputc(c, out);
	}
}

void
roff_chars(FILE *out, const char *text, size_t n)
{
	if (n > 0 && *text == '.')
		fputs("\\&", out);
	for (size_t i = 0; i < n; i++)
		put_char(out, text[i]);
}

/* The length of an option at TEXT, "--spool", else 0. */
static size_t
option_length(const char *text)
{
	size_t n = 2;

	if (strncmp(text, "--", 2) != 0 || !islower((unsigned char)text[2]))
		return 0;
	while (islower((unsigned char)text[n]) || isdigit((unsigned char)text[n]) || text[n] == '-')
		n++;
	return n;
}

/* Is the word at TEXT a name that must not be hyphenated: file_name, --option, a/path? */
static bool
is_name(const char *text)
{
	size_t n = strcspn(text, " ");

	for (size_t i = 1; i + 1 < n; i++)
		if (strchr("_-./:", text[i]) != NULL && strchr(".,;)", text[i + 1]) == NULL)
			return true;
	return false;
}

void
roff_text(FILE *out, const char *text)
{
	const char *p = text;

	if (*p == '.')
		fputs("\\&", out);
	while (*p != '\0') {
		bool begins = p == text || p[-1] == ' ';
		size_t n = begins || !isalnum((unsigned char)p[-1]) ? option_length(p) : 0;

		if (begins && is_name(p))
			fputs("\\%", out);
		if (n > 0) {
			fputs("\\fB", out);
			roff_chars(out, p, n);
			fputs("\\fR", out);
			p += n;
		} else if (p[0] == '.' && p[1] == ' ' && isupper((unsigned char)p[2])) {
			fputs(".\n", out);
			p += 2;
		} else {
			put_char(out, *p++);
		}
	}
	fputc('\n', out);
}

void
roff_sentence(FILE *out, const char *text)
{
	size_t n = strlen(text);
	char *sentence = mem_printf("%s%s", text, n > 0 && strchr(".?", text[n - 1]) != NULL ? "" : ".");

	*sentence = (char)toupper((unsigned char)*sentence);
	roff_text(out, sentence);
	free(sentence);
}
