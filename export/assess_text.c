/* assess_text.c -- an assessment for people. */
#include "prelude.h"

#include <inttypes.h>

#include "assess_report.h"
#include "err.h"
#include "parse.h"

#define COLUMNS 78    /* of a line that is ours to break */
#define NAME_COLUMNS 34
#define SHOWN 8       /* names of objects; JSON has more */
#define SKEWED 150    /* percent; below it nobody waits long for one segment */

size_t
assessment_count(const struct assessment *a, enum severity severity)
{
	size_t n = 0;

	for (size_t i = 0; i < a->nfindings; i++)
		n += a->findings[i].refused == NULL && a->findings[i].check->severity == severity;
	return n;
}

size_t
assessment_refused(const struct assessment *a)
{
	size_t n = a->size_refused != NULL;

	for (size_t i = 0; i < a->nfindings; i++)
		n += a->findings[i].refused != NULL;
	return n;
}

/* Names and messages of the server: nothing in them reaches the terminal but text. */
static void
put_name(const char *s)
{
	for (; *s != '\0'; s++) {
		unsigned char c = (unsigned char)*s;

		if (c < 0x20 || c == 0x7f)
			printf("\\x%02x", (unsigned)c);
		else
			putchar(*s);
	}
}

/* Characters of N bytes of UTF-8. */
static size_t
width(const char *s, size_t n)
{
	size_t w = 0;

	for (size_t i = 0; i < n; i++)
		w += ((unsigned char)s[i] & 0xc0) != 0x80;
	return w;
}

/* LABEL, and TEXT of ours behind it, broken between words, its lines below one another. */
static void
put_paragraph(const char *label, const char *text)
{
	size_t indent = strlen(label), at = indent;

	fputs(label, stdout);
	while (*text != '\0') {
		size_t n = strcspn(text, " ");

		if (at > indent && at + 1 + width(text, n) > COLUMNS) {
			printf("\n%*s", (int)indent, "");
			at = indent;
		}
		if (at > indent)
			putchar(' ');
		printf("%.*s", (int)n, text);
		at += (at > indent) + width(text, n);
		text += n + (text[n] == ' ');
	}
	putchar('\n');
}

static void
put_finding(const struct finding *f)
{
	char count[FORMAT_SIZE_LEN];
	char *title;
	size_t shown = f->objects.len < SHOWN ? f->objects.len : SHOWN;

	title = mem_printf("%s: %s (%s)", f->check->id, f->check->title, format_count(f->count, count));
	put_paragraph("  ", title);
	free(title);
	for (size_t i = 0; i < shown; i++) {
		fputs("      ", stdout);
		put_name(f->objects.at[i]);
		putchar('\n');
	}
	if (f->count > shown)
		printf("      and %s more; --format json names %d\n", format_count(f->count - shown, count), ASSESS_OBJECTS);
	put_paragraph("    why ", f->check->why);
	put_paragraph("    do  ", f->check->hint);
}

static void
put_findings(const struct assessment *a)
{
	for (enum severity s = 0; s < SEVERITIES; s++) {
		if (assessment_count(a, s) == 0)
			continue;
		printf("\n%s\n", severity_title(s));
		for (size_t i = 0; i < a->nfindings; i++)
			if (a->findings[i].check->severity == s && a->findings[i].refused == NULL)
				put_finding(&a->findings[i]);
	}
}

/* What the server did not answer is never taken for nothing. */
static void
put_refused(const struct assessment *a)
{
	if (assessment_refused(a) == 0)
		return;
	printf("\nnot checked\n");
	for (size_t i = 0; i < a->nfindings; i++) {
		if (a->findings[i].refused == NULL)
			continue;
		printf("  %s: %s\n      ", a->findings[i].check->id, a->findings[i].check->title);
		put_name(a->findings[i].refused);
		putchar('\n');
	}
	if (a->size_refused != NULL) {
		printf("  size\n      ");
		put_name(a->size_refused);
		putchar('\n');
	}
}

static void
put_biggest(const struct assess_size *s)
{
	char bytes[FORMAT_SIZE_LEN], csv[FORMAT_SIZE_LEN], rows[FORMAT_SIZE_LEN];

	printf("  %-*s %9s %15s %9s%s\n", NAME_COLUMNS, "the largest tables", "on disk", "rows", "as CSV", s->segments > 0 ? "  skew" : "");
	for (size_t i = 0; i < s->nbiggest; i++) {
		const struct assess_table *t = &s->biggest[i];
		char *name = mem_printf("%s.%s", t->schema, t->name);

		fputs("  ", stdout);
		put_name(name);
		printf("%*s", width(name, strlen(name)) < NAME_COLUMNS ? NAME_COLUMNS - (int)width(name, strlen(name)) : 0, "");
		printf(" %9s %15s %9s", format_size(t->bytes, bytes), t->rows > 0 ? format_count(t->rows, rows) : "?",
		    format_size(t->csv, csv));
		if (s->segments > 0)
			printf(" %4" PRIu64 "%%", assess_skew(t));
		putchar('\n');
		free(name);
	}
}

static void
put_skew(const struct assess_size *s)
{
	size_t skewed = 0;

	for (size_t i = 0; i < s->nbiggest; i++)
		skewed += assess_skew(&s->biggest[i]) >= SKEWED;
	if (skewed > 0)
		printf("  %zu of them lie unevenly (skew: the fullest segment's part; 100%% when all have\n"
		    "  the same). They leave, and load, at the pace of that segment.\n", skewed);
}

static void
put_segments(const struct assessment *a)
{
	uint64_t here = a->size.segments, there = a->destination_segments;
	char bytes[FORMAT_SIZE_LEN];

	if (here > 0)
		printf("  %" PRIu64 " segments here", here);
	if (there > 0)
		printf("%s%" PRIu64 " segments there: about %s of text for each", here > 0 ? ", " : "  ", there,
		    format_size(a->size.csv / there, bytes));
	if (here > 0 || there > 0)
		putchar('\n');
	if (here > 0 && there > 0 && here != there)
		printf("  What one segment holds here is not what one holds there: gpm spreads rows anew.\n");
}

static void
put_size(const struct assessment *a)
{
	const struct assess_size *s = &a->size;
	char count[FORMAT_SIZE_LEN], bytes[FORMAT_SIZE_LEN], csv[FORMAT_SIZE_LEN], chunk[FORMAT_SIZE_LEN], rows[FORMAT_SIZE_LEN];

	if (a->size_refused != NULL)
		return;
	printf("\nsize\n  %s tables", format_count(s->tables, count));
	if (s->leaves > 0)
		printf(", of which %s are partitions", format_count(s->leaves, count));
	printf("\n  %s%s on disk, about %s rows, about %s as CSV\n", s->exact ? "" : "about ", format_size(s->bytes, bytes),
	    format_count(s->rows, rows), format_size(s->csv, csv));
	if (s->unknown > 0)
		printf("  %s tables were never analyzed: their rows are not counted, their CSV is guessed\n", format_count(s->unknown, count));
	printf("  about %s objects in the bucket, %s of them rows in chunks of %s\n", format_count(s->objects, count),
	    format_count(s->chunks, rows), format_size(a->chunk_size, chunk));
	printf("  %s of spool hold all of it; with gpm-push --follow a few GB do\n", format_size(s->csv, csv));
	put_segments(a);
	if (s->nbiggest > 0)
		put_biggest(s);
	put_skew(s);
}

int
assess_text(const struct assessment *a, struct err *e)
{
	fputs("database ", stdout);
	put_name(a->who.database);
	printf(" (%s, catalog of %s, encoding %s), to %s\n", a->who.system, a->catalog, a->who.encoding, a->destination);
	put_findings(a);
	put_refused(a);
	put_size(a);
	printf("\n%zu checks: %zu break DDL, %zu break or change data, %zu change queries,\n%zu are good to know, %zu not checked\n", a->nchecks,
	    assessment_count(a, BREAKS_DDL), assessment_count(a, BREAKS_DATA), assessment_count(a, CHANGES_QUERIES),
	    assessment_count(a, INFORMATION), assessment_refused(a));
	if (fflush(stdout) != 0)
		return err_sys(e, "cannot write the report");
	return 0;
}
