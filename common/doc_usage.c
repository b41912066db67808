/* doc_usage.c -- the parts of manual pages that follow from a tool's usage and examples. */
#include "prelude.h"

#include <ctype.h>

#include "doc.h"
#include "doc_roff.h"

#define PAGE_WIDTH ((size_t)74) /* what fits on 80 columns beside the margin */

/* Lines of info->usage, one at a time: the words, and what stands behind two blanks or more. */
struct usage_line {
	const char *words;
	size_t words_len;
	const char *does;      /* what the command does; does_len 0 without */
	size_t does_len;
};

/* The next line of *USAGE; false at its end. */
static bool
next_line(const char **usage, struct usage_line *line)
{
	const char *end = *usage + strcspn(*usage, "\n"), *p = end;

	if (**usage == '\0')
		return false;
	while (p - 1 > *usage && !(p[-1] == ' ' && p[-2] == ' '))
		p--;
	*line = (struct usage_line){ .words = *usage, .words_len = (size_t)(end - *usage) };
	if (strspn(*usage, " ") < (size_t)(p - *usage) && strchr("-[", *p) == NULL) {
		line->words_len = (size_t)(p - *usage);
		line->does = p;
		line->does_len = (size_t)(end - p);
	}
	*usage = end + (*end == '\n');
	return true;
}

/* The next word of LINE, which is taken from it; its length, 0 at the end. */
static size_t
next_word(struct usage_line *line, const char **word)
{
	size_t n = 0;

	while (line->words_len > 0 && *line->words == ' ') {
		line->words++;
		line->words_len--;
	}
	*word = line->words;
	while (n < line->words_len && line->words[n] != ' ')
		n++;
	line->words += n;
	line->words_len -= n;
	return n;
}

static bool
is_word(const char *word, size_t n, const char *text)
{
	return strlen(text) == n && memcmp(word, text, n) == 0;
}

/* "--from", "-d", "URL", "verify", each with brackets around it or a part of them. */
static void
put_word(FILE *out, const char *word, size_t n)
{
	const char *close = memchr(word, ']', n);
	size_t rest = close != NULL ? (size_t)(word + n - close) : 0;

	if (n > 0 && *word == '[') {
		fputs(".Oo\n", out);
		word++;
		n--;
	}
	n -= rest;
	if (n > 1 && *word == '-') {
		fputs(".Fl ", out);
		word++;
		n--;
	} else {
		fputs(n > 0 && isupper((unsigned char)*word) ? ".Ar " : ".Cm ", out);
	}
	roff_chars(out, word, n);
	fputc('\n', out);
	if (rest > 0)
		fputs(".Oc", out);
	if (rest > 1) {
		fputs(" Ns ", out);
		roff_chars(out, close + 1, rest - 1);
	}
	if (rest > 0)
		fputc('\n', out);
}

void
doc_synopsis(FILE *out, const struct opt_tool_info *info)
{
	const char *usage = info->usage, *word;
	struct usage_line line;
	size_t n;

	while (next_line(&usage, &line)) {
		while ((n = next_word(&line, &word)) > 0) {
			if (is_word(word, n, info->name))
				fprintf(out, ".Nm %s\n", info->name);
			else
				put_word(out, word, n);
		}
	}
}

static bool
is_command(const struct opt_tool_info *info, const char *word, size_t n)
{
	for (size_t i = 0; info->commands != NULL && info->commands[i] != NULL; i++)
		if (is_word(word, n, info->commands[i]))
			return true;
	return false;
}

void
doc_commands(FILE *out, const struct opt_tool_info *info)
{
	const char *usage = info->usage, *word;
	struct usage_line line;
	size_t n;

	fputs(".Bl -tag -width Ds\n", out);
	while (next_line(&usage, &line)) {
		next_word(&line, &word); /* the tool's name */
		n = next_word(&line, &word);
		if (!is_command(info, word, n))
			continue;
		fprintf(out, ".It Cm %.*s\n", (int)n, word);
		if (line.does_len > 0) {
			char *does = mem_strn(line.does, line.does_len);

			roff_sentence(out, does);
			free(does);
		}
	}
	fputs(".El\n", out);
}

/* A command line, continued before an option when it is wider than a page. */
static void
put_command(FILE *out, const char *line, size_t n)
{
	size_t width = PAGE_WIDTH;

	while (n > width) {
		size_t at = width - 2;

		while (at > 0 && !(line[at] == ' ' && line[at + 1] == '-'))
			at--;
		if (at == 0)
			break;
		roff_chars(out, line, at);
		fputs(" \\e\n    ", out);
		line += at + 1;
		n -= at + 1;
		width = PAGE_WIDTH - 4;
	}
	roff_chars(out, line, n);
	fputc('\n', out);
}

void
doc_examples(FILE *out, const struct opt_tool_info *info)
{
	fputs(".Bd -literal\n", out);
	for (const char *p = info->examples; p != NULL && *p != '\0';) {
		size_t n;

		p += strspn(p, " ");
		n = strcspn(p, "\n");
		put_command(out, p, n);
		p += n + (p[n] == '\n');
	}
	fputs(".Ed\n", out);
}
