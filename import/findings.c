/* findings.c -- what became of the schema's statements. */
#include "prelude.h"

#include <inttypes.h>
#include <pthread.h>

#include "advice.h"
#include "findings.h"
#include "keyset.h"
#include "log.h"
#include "repeat.h"

/* Changes of one kind, for the sums of a load. */
struct sum {
	const char *rule;      /* static */
	char *text;            /* of its first note */
	bool lost;             /* something is not made, and could be needed */
	uint64_t n;
};

struct findings {
	struct report *report;
	bool list;
	pthread_mutex_t mutex; /* over what follows, and stdout */
	struct keyset *missing; /* names of what failed or was passed over, as messages of the server quote them */
	struct sum *sums;
	size_t nsums;
	uint64_t changed, passed, failed, follow;
};

struct findings *
findings_new(struct report *report, bool list)
{
	struct findings *f = mem_alloc(sizeof(*f));

	f->report = report;
	f->list = list;
	f->missing = keyset_new();
	pthread_mutex_init(&f->mutex, NULL);
	return f;
}

void
findings_free(struct findings *f)
{
	if (f == NULL)
		return;
	for (size_t i = 0; i < f->nsums; i++)
		free(f->sums[i].text);
	free(f->sums);
	keyset_free(f->missing);
	pthread_mutex_destroy(&f->mutex);
	free(f);
}

/* --- the list -------------------------------------------------------------------------------- */

/* Names come out of a bucket: nothing of them may drive a terminal, or begin a line. */
static void
put(const char *text)
{
	for (; *text != '\0'; text++)
		putchar((unsigned char)*text < 0x20 || *text == 0x7f ? '?' : *text);
}

static void
put_line(const char *what, const char *section, uint64_t line, const char *object, const char *text)
{
	printf("%-8s %s.sql:%" PRIu64 "  ", what, section, line);
	put(object);
	printf(": ");
	put(text);
	putchar('\n');
}

/* --- changes --------------------------------------------------------------------------------- */

static void
sum_up(struct findings *f, const struct adapt_note *note, bool lost)
{
	for (size_t i = 0; i < f->nsums; i++) {
		if (f->sums[i].rule == note->rule) {
			f->sums[i].n++;
			return;
		}
	}
	f->sums = mem_grow(f->sums, (f->nsums + 1) * sizeof(*f->sums));
	f->sums[f->nsums++] = (struct sum){ note->rule, mem_str(note->text), lost, 1 };
}

/* "external table ext.logs_in" as the server would quote it: ext.logs_in. */
static void
note_missing(struct findings *f, const char *object)
{
	const char *name = strrchr(object, ' ');

	keyset_add(f->missing, name != NULL ? name + 1 : object);
}

static void
note_one(struct findings *f, const char *section, const struct sql_statement *s, const char *object, const struct adapt_note *note)
{
	static const char *const what[] = { [ADAPT_CHANGED] = "changed", [ADAPT_PASSED] = "passed", [ADAPT_FOLLOWS] = "follows" };

	f->changed += note->what == ADAPT_CHANGED;
	f->passed += note->what == ADAPT_PASSED;
	if (note->what == ADAPT_PASSED)
		note_missing(f, object);
	if (f->list)
		put_line(what[note->what], section, s->line, object, note->text);
	else if (note->what == ADAPT_CHANGED)
		sum_up(f, note, false);
	else if (note->what == ADAPT_PASSED)
		log_warning("%s.sql, line %" PRIu64 ": %s: passed over: %s", section, s->line, object, note->text);
}

void
findings_note(struct findings *f, const char *section, const struct sql_statement *s, const struct adapted *a)
{
	pthread_mutex_lock(&f->mutex);
	for (size_t i = 0; i < a->nnotes; i++)
		note_one(f, section, s, a->object, &a->notes[i]);
	pthread_mutex_unlock(&f->mutex);
}

/* --- failures -------------------------------------------------------------------------------- */

/* Does the message name something that is missing since an earlier statement?  Relations stand in quotes there, functions do not. */
static char *
cause_of(struct findings *f, const char *message)
{
	static const char between[] = " \"()";

	for (const char *p = message; *(p += strspn(p, between)) != '\0'; p += strcspn(p, between)) {
		char *name = mem_strn(p, strcspn(p, between));

		if (keyset_has(f->missing, name))
			return name;
		free(name);
	}
	return NULL;
}

static void
list_failure(struct findings *f, const char *section, const struct sql_statement *s, const char *object, const struct err *e,
    const char *cause)
{
	static const char begin[] = "statement failed: ";
	const char *text = strncmp(e->text, begin, strlen(begin)) == 0 ? e->text + strlen(begin) : e->text;

	put_line(cause != NULL ? "follows" : "failed", section, s->line, object, text);
	if (cause == NULL && e->hint[0] != '\0') {
		printf("         to do: ");
		put(e->hint);
		putchar('\n');
	}
	report_count(f->report, e);
}

static void
fail(struct findings *f, const char *section, const struct sql_statement *s, const char *advice, const struct err *e)
{
	size_t shown = strcspn(s->text, "\n'"); /* what stands in quotes may be a password */
	char *object = adapt_object(s), *cause;
	struct err told = *e;

	if (advice != NULL)
		err_hint(&told, "%s", advice);
	pthread_mutex_lock(&f->mutex);
	cause = cause_of(f, e->text);
	note_missing(f, object);
	f->failed += cause == NULL;
	f->follow += cause != NULL;
	if (cause != NULL && advice == NULL)
		err_hint(&told, "it needs %s, which is not here", cause);
	if (f->list)
		list_failure(f, section, s, object, &told, cause);
	else
		report_trouble(f->report, &told, "%s.sql, line %" PRIu64 ", '%.*s'", section, s->line, shown < 120 ? (int)shown : 120, s->text);
	pthread_mutex_unlock(&f->mutex);
	free(cause);
	free(object);
}

void
findings_failed(struct findings *f, const char *section, const struct sql_statement *s, const char *sqlstate, const struct err *e)
{
	fail(f, section, s, advice_for(sqlstate, e->text, s->text), e);
}

void
findings_there(struct findings *f, const char *section, const struct sql_statement *s, const struct err *e)
{
	if (repeat_stays(s)) {
		char *object = adapt_object(s);

		findings_warn(f, section, s, "what is here already stays, though the run has it otherwise: %s; ALTER it as it is at the source (%s)", object, e->text);
		free(object);
	} else
		fail(f, section, s, "it is here as an earlier run made it, or somebody else: drop it here, and the next start makes it as the source has it", e);
}

void
findings_elsewhere(struct findings *f, const char *section, const struct sql_statement *s)
{
	static char said[] = "what is said of partitions that are not here is left out, for their rows go through the root",
	    made[] = "indexes and the like of partitions that are not here are not made: see whether the partitions that are here need such";
	bool lost = !repeat_is_safe(s);
	const struct adapt_note note = { ADAPT_FOLLOWS, lost ? made : said, lost ? made : said };

	pthread_mutex_lock(&f->mutex);
	if (f->list) {
		char *object = adapt_object(s);

		put_line("follows", section, s->line, object, note.text);
		free(object);
	} else {
		sum_up(f, &note, lost);
	}
	pthread_mutex_unlock(&f->mutex);
}

void
findings_warn(struct findings *f, const char *section, const struct sql_statement *s, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (!f->list) {
		log_warning("%s", text);
		return;
	}
	pthread_mutex_lock(&f->mutex);
	if (s != NULL) {
		char *object = adapt_object(s);

		put_line("changed", section, s->line, object, text);
		f->changed++;
		free(object);
	} else {
		printf("note     ");
		put(text);
		putchar('\n');
	}
	pthread_mutex_unlock(&f->mutex);
}

void
findings_end(struct findings *f)
{
	for (size_t i = 0; i < f->nsums; i++)
		(f->sums[i].lost ? log_warning : log_info)("schema: %s (%" PRIu64 " %s)", f->sums[i].text, f->sums[i].n,
		    f->sums[i].n == 1 ? "statement" : "statements");
	if (f->list)
		printf("%" PRIu64 " changed, %" PRIu64 " passed over, %" PRIu64 " failed, %" PRIu64 " more because of what is missing then\n", f->changed,
		    f->passed, f->failed, f->follow);
}
