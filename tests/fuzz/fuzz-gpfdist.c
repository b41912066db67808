/* fuzz-gpfdist.c -- any headers, one request after another: what is read obeys the rules, and a session takes
 * each number of a segment once, in order, and none behind its end.  The same headers as those of a GET: what is read
 * of a table's format is one of those that were written, or the table is unfit.
 *
 * A request is lines of "Name: value" up to an empty line.  A name of one letter stands for the header of that
 * place in the list, so that the fuzzer finds them. */
#include "prelude.h"

#include "err.h"
#include "gpfdist_headers.h"
#include "gpfdist_session.h"

#define SEGMENTS 32769

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static const char *const names[] = {
#define X(name, text) text,
	GPFDIST_HEADER_LIST
#undef X
};

static void
must(bool holds)
{
	if (!holds)
		abort();
}

/* The rules once more, in another way: the last number of each segment, 0 before it opens. */
struct model {
	char statement[GPFDIST_STATEMENT_LEN];
	uint64_t last[SEGMENTS];
	bool done[SEGMENTS];
	unsigned opened, ended;
};

static void
check_post(const struct gpfdist_post *p)
{
	must(p->segment >= -1 && p->segment < SEGMENTS - 1);
	must(p->seq >= 1 && p->seq <= INT64_MAX && p->length <= INT64_MAX);
	must(p->length == 0 || (!p->done && p->seq > 1));
	must(strlen(p->statement) < sizeof(p->statement) && strchr(p->statement, '/') != NULL);
}

static enum gpfdist_verdict
expect(struct model *m, const struct gpfdist_post *p)
{
	bool ours = strcmp(m->statement, p->statement) == 0;
	uint64_t *last = &m->last[p->segment + 1];
	bool *done = &m->done[p->segment + 1];

	if (!ours && p->done)
		return GPFDIST_NOTED;
	if (!ours && m->statement[0] != '\0')
		return GPFDIST_OTHER;
	if (*last == 0) {
		if (p->done || p->seq != 1)
			return p->done ? GPFDIST_NOTED : GPFDIST_WRONG;
		memcpy(m->statement, p->statement, sizeof(m->statement));
		*last = 1;
		m->opened++;
		return GPFDIST_NOTED;
	}
	if (p->done) {
		if (p->seq == *last && !*done)
			m->ended++;
		*done |= p->seq == *last;
		return p->seq == *last ? GPFDIST_NOTED : GPFDIST_WRONG;
	}
	if (p->seq == *last)
		return GPFDIST_REPEAT;
	if (p->seq != *last + 1 || *done)
		return GPFDIST_WRONG;
	++*last;
	return GPFDIST_TAKE;
}

/* "m1x 34q 34n0h0" in any order, as scanf reads it. */
static bool
says(const char *text, char letter, unsigned value)
{
	const char *at = strchr(text, letter);
	char *end;

	return at != NULL && strtoul(at + 1, &end, 10) == value && end > at + 1;
}

static void
check_get(const struct gpfdist_headers *h)
{
	struct err e = { ERR_OK, "", "" };
	struct gpfdist_get get;
	unsigned status = gpfdist_headers_read_get(h, &get, &e);
	const char *format = h->value[GPFDIST_CSVOPT];

	if (status != 0) {
		must(status == 400 && e.text[0] != '\0');
		return;
	}
	must(get.segment >= -1 && get.segment < SEGMENTS - 1 && get.segments < SEGMENTS);
	must(strlen(get.statement) < sizeof(get.statement) && strchr(get.statement, '/') != NULL);
	must(get.unfit != NULL || (says(format, 'm', 1) && says(format, 'x', '"') && says(format, 'q', '"') && says(format, 'h', 0)));
}

static void
do_request(struct gpfdist_session *s, struct model *m, const struct gpfdist_headers *h)
{
	struct err e = { ERR_OK, "", "" };
	struct gpfdist_post post;
	enum gpfdist_verdict v;
	unsigned status = gpfdist_headers_read(h, &post, &e), unfinished;

	check_get(h);
	if (status != 0) {
		must((status == 400 || status == 411) && e.text[0] != '\0');
		return;
	}
	check_post(&post);
	v = gpfdist_session_judge(s, &post, &e);
	must(v == expect(m, &post));
	if (v == GPFDIST_TAKE)
		gpfdist_session_taken(gpfdist_session_find(s, &post));
	must(gpfdist_session_count(s, &unfinished) == m->opened && unfinished == m->opened - m->ended);
}

static void
add_line(struct gpfdist_headers *h, char *line)
{
	char *value = strchr(line, ':');
	size_t at = (size_t)(line[0] - 'a');

	if (value == NULL)
		return;
	*value++ = '\0';
	gpfdist_headers_add(h, line[1] == '\0' && at < GPM_ARRAY_LEN(names) ? names[at] : line, value + (*value == ' '));
}

int
LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
	struct gpfdist_session *s = gpfdist_session_new();
	struct model *m = mem_alloc(sizeof(*m));
	struct gpfdist_headers h = { .twice = false };
	char *text = mem_strn((const char *)input, size), *end;

	for (char *line = text; *line != '\0'; line = end) {
		end = line + strcspn(line, "\n");
		if (*end == '\n')
			*end++ = '\0';
		if (*line != '\0') {
			add_line(&h, line);
			continue;
		}
		do_request(s, m, &h);
		memset(&h, 0, sizeof(h));
	}
	free(text);
	free(m);
	gpfdist_session_free(s);
	return 0;
}
