/* adapt_work.c -- one statement as tokens that can be matched and replaced. */
#include "prelude.h"

#include "adapt_work.h"
#include "err.h"

/* --- reading --------------------------------------------------------------------------------- */

/* How many tokens the statement has; it was split, so that none is open at its end. */
static size_t
count_tokens(const struct sql_statement *s)
{
	const char *p = s->text, *end = p + s->len;
	struct sql_token t;
	size_t n = 0;

	while (n <= ADAPT_TOKENS && sqllex_next(&p, end, &t))
		n++;
	return n;
}

/* Which parentheses belong together; one that is not closed, or not opened, stands for itself. */
static void
pair(struct work *w)
{
	size_t open = 0; /* index + 1 of the innermost one; its close is the next outer one's until it is found */

	for (size_t i = 0; i < w->n; i++) {
		struct token *t = &w->tokens[i];

		t->close = (uint32_t)i;
		if (t->kind == SQL_OPEN) {
			t->close = (uint32_t)open;
			open = i + 1;
		} else if (t->kind == SQL_CLOSE && open > 0) {
			struct token *o = &w->tokens[open - 1];

			open = o->close;
			o->close = (uint32_t)i;
		}
	}
	while (open > 0) {
		struct token *o = &w->tokens[open - 1];
		size_t outer = o->close;

		o->close = (uint32_t)(open - 1);
		open = outer;
	}
}

int
work_read(struct work *w, struct err *e)
{
	const char *p = w->s->text, *end = p + w->s->len;
	size_t n = w->s->len <= UINT32_MAX ? count_tokens(w->s) : ADAPT_TOKENS + 1;
	struct sql_token t;

	if (n > ADAPT_TOKENS)
		return err_set(e, ERR_FAILED, "the statement is longer than what can be adapted");
	w->tokens = mem_array(n, sizeof(*w->tokens));
	for (w->n = 0; w->n < n && sqllex_next(&p, end, &t); w->n++)
		w->tokens[w->n] = (struct token){ .at = (uint32_t)(t.text - w->s->text), .len = (uint32_t)t.len, .kind = (uint8_t)t.kind };
	pair(w);
	return 0;
}

void
work_release(struct work *w)
{
	for (size_t i = 0; i < w->nedits; i++)
		free(w->edits[i].text);
	free(w->edits);
	free(w->tokens);
	buf_release(&w->more);
}

/* --- tokens ---------------------------------------------------------------------------------- */

struct sql_token
work_token(const struct work *w, size_t i)
{
	if (i >= w->n)
		return (struct sql_token){ SQL_OTHER, "", 0 };
	return (struct sql_token){ (enum sql_kind)w->tokens[i].kind, w->s->text + w->tokens[i].at, w->tokens[i].len };
}

bool
work_word(const struct work *w, size_t i, const char *word)
{
	struct sql_token t = work_token(w, i);

	return sqllex_word(&t, word);
}

bool
work_keyword(const struct work *w, size_t i, const char *word)
{
	struct sql_token t = work_token(w, i);

	return sqllex_word(&t, word) || (t.kind == SQL_NAME && t.len == strlen(word) + 2 && memcmp(t.text + 1, word, t.len - 2) == 0);
}

bool
work_char(const struct work *w, size_t i, char c)
{
	return i < w->n && w->tokens[i].len == 1 && w->s->text[w->tokens[i].at] == c;
}

char *
work_name(const struct work *w, size_t i)
{
	struct sql_token t = work_token(w, i);

	return sqllex_name(&t);
}

size_t
work_after(const struct work *w, size_t i)
{
	return i < w->n ? (size_t)w->tokens[i].close + 1 : w->n;
}

static bool
is_name(const struct work *w, size_t i)
{
	return i < w->n && (w->tokens[i].kind == SQL_WORD || w->tokens[i].kind == SQL_NAME);
}

/* A name with its schema or without. */
static size_t
match_name(const struct work *w, size_t i)
{
	if (!is_name(w, i))
		return 0;
	while (work_char(w, i + 1, '.') && is_name(w, i + 2))
		i += 2;
	return i + 1;
}

/* One of the words that stand between P and END with '|' between them. */
static bool
match_any(const struct work *w, size_t i, const char *p, const char *end)
{
	struct sql_token t = work_token(w, i);
	char word[32];

	while (p < end) {
		size_t len = strcspn(p, "| ");

		memcpy(word, p, len);
		word[len] = '\0';
		if (t.kind == SQL_WORD && sqllex_word(&t, word))
			return true;
		p += len + 1;
	}
	return false;
}

size_t
work_match(const struct work *w, size_t i, const char *pattern)
{
	for (const char *p = pattern, *end; *p != '\0'; p = *end == ' ' ? end + 1 : end) {
		bool maybe = *p == '?';
		size_t next = 0;

		end = p + strcspn(p, " ");
		p += maybe;
		if (*p == '@')
			next = match_name(w, i);
		else if (*p == '(')
			next = work_char(w, i, '(') ? work_after(w, i) : 0;
		else if (match_any(w, i, p, end))
			next = i + 1;
		if (next > 0)
			i = next;
		else if (!maybe)
			return 0;
	}
	return i;
}

bool
work_find(const struct work *w, size_t i, size_t to, const char *pattern, size_t *at, size_t *end)
{
	for (; i < to && i < w->n; i = work_after(w, i)) {
		if ((*end = work_match(w, i, pattern)) > 0) {
			*at = i;
			return true;
		}
	}
	return false;
}

void
work_add_text(const struct work *w, size_t from, size_t to, struct buf *b)
{
	if (to > w->n)
		to = w->n;
	if (from < to)
		text_add(b, w->s->text + w->tokens[from].at,
		    (size_t)w->tokens[to - 1].at + w->tokens[to - 1].len - w->tokens[from].at);
}

/* --- changes --------------------------------------------------------------------------------- */

bool
work_is_edited(const struct work *w, size_t from, size_t to)
{
	for (; from < to && from < w->n; from++)
		if (w->tokens[from].edited)
			return true;
	return false;
}

void
work_replace(struct work *w, size_t from, size_t to, const char *text)
{
	if (from >= to || to > w->n || work_is_edited(w, from, to))
		return;
	for (size_t i = from; i < to; i++)
		w->tokens[i].edited = true;
	if ((w->nedits & (w->nedits - 1)) == 0) /* grown at each power of two */
		w->edits = mem_grow(w->edits, (2 * w->nedits + 1) * sizeof(*w->edits));
	w->edits[w->nedits++] = (struct edit){ from, to, mem_str(text) };
}

static int
compare_edits(const void *a, const void *b)
{
	const struct edit *x = a, *y = b;

	return (x->from > y->from) - (x->from < y->from);
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\n' || c == '\t';
}

/* Where the blanks before token I begin; where it stands itself when there is a comment. */
static size_t
before_blanks(const struct work *w, size_t i)
{
	size_t start = i > 0 ? (size_t)w->tokens[i - 1].at + w->tokens[i - 1].len : 0;

	for (size_t p = start; p < w->tokens[i].at; p++)
		if (!is_blank(w->s->text[p]))
			return w->tokens[i].at;
	return start;
}

/* Behind what was cut: a blank where two tokens could become one. */
static bool
is_apart(const struct work *w, size_t at)
{
	return at == 0 || at >= w->s->len || is_blank(w->s->text[at]) || strchr("),", w->s->text[at]) != NULL;
}

static int
add_edited(struct work *w, struct buf *b, struct err *e)
{
	size_t at = 0; /* in the text: what stands before it is in B */

	for (size_t i = 0; i < w->nedits; i++) {
		const struct edit *x = &w->edits[i];
		bool cuts = x->text[0] == '\0';
		size_t from = cuts ? before_blanks(w, x->from) : w->tokens[x->from].at;

		if (from > at && buf_add(b, w->s->text + at, from - at, e) < 0)
			return -1;
		at = (size_t)w->tokens[x->to - 1].at + w->tokens[x->to - 1].len;
		if (buf_puts(b, cuts && !is_apart(w, at) ? " " : x->text, e) < 0)
			return -1;
	}
	return buf_add(b, w->s->text + at, w->s->len - at, e);
}

char *
work_text(struct work *w, struct err *e)
{
	struct buf b;
	char *text = NULL;

	buf_init(&b, TEXT_LIMIT);
	if (w->nedits > 0)
		qsort(w->edits, w->nedits, sizeof(*w->edits), compare_edits);
	if (add_edited(w, &b, e) == 0)
		text = text_take(&b);
	buf_release(&b);
	return text;
}

void
work_more(struct work *w, const char *sql)
{
	size_t len = strlen(sql) + 1;

	if (len > TEXT_LIMIT - w->more.len)
		w->too_long = true;
	else
		text_add(&w->more, sql, len);
}

void
work_note(struct work *w, enum adapt_what what, const char *rule, const char *fmt, ...)
{
	struct adapted *out = w->out;
	char text[1024]; /* a name that is longer is cut: the statement's object is told beside it */
	va_list ap;

	for (size_t i = 0; i < out->nnotes; i++)
		if (out->notes[i].rule == rule && out->notes[i].what == what)
			return; /* told once a statement */
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	out->notes = mem_grow(out->notes, (out->nnotes + 1) * sizeof(*out->notes));
	out->notes[out->nnotes++] = (struct adapt_note){ what, rule, mem_str(text) };
}
