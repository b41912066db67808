/* diff_print.c -- rows that one side has and the other has not, for people. */
#include "prelude.h"

#include <inttypes.h>

#include "diff_print.h"
#include "floats.h"
#include "parse.h"
#include "rows_scan.h"

#define VALUE_MAX ((size_t)72)   /* bytes of a value that are shown */
#define ROW_MAX ((size_t)160)    /* of a row */

/* One row, cut into its fields; used for one after another. */
struct fields {
	const struct rowset_row *row;
	size_t *ends;
	size_t n;
};

static void
cut(struct fields *f, const struct rowset_row *row, size_t columns)
{
	f->row = row;
	f->n = 1 + rows_scan_fields(&dialect_csv, row->data, row->len, f->ends, columns);
	f->ends[f->n - 1] = row->len;
}

static const char *
field(const struct fields *f, size_t i, size_t *len)
{
	size_t at = i == 0 ? 0 : f->ends[i - 1] + 1;

	*len = i < f->n ? f->ends[i] - at : 0;
	return i < f->n ? f->row->data + at : "";
}

/* The same value, numbers of float columns whatever their form. */
static bool
same_field(const struct fields *a, const struct fields *b, size_t i, const struct column *c)
{
	size_t na, nb;
	const char *x = field(a, i, &na), *y = field(b, i, &nb);
	char *one, *other;
	bool same;

	if (na == nb && memcmp(x, y, na) == 0)
		return true;
	if (c->float_kind == 0)
		return false;
	one = mem_alloc(FLOATS_MAX(na));
	other = mem_alloc(FLOATS_MAX(nb));
	na = (size_t)(floats_canonical(one, x, na, na, (int)c->float_kind) - one);
	nb = (size_t)(floats_canonical(other, y, nb, nb, (int)c->float_kind) - other);
	same = na == nb && memcmp(one, other, na) == 0;
	free(one);
	free(other);
	return same;
}

static size_t
count_same(const struct fields *a, const struct fields *b, const struct columns *columns)
{
	size_t n = 0;

	if (a->n != b->n)
		return 0;
	for (size_t i = 0; i < columns->len; i++)
		n += same_field(a, b, i, &columns->at[i]);
	return n;
}

/* Bytes as a terminal may have them: no control characters, neither those of one byte nor those of two in UTF-8. */
static void
put_text(const char *data, size_t len, size_t most)
{
	size_t shown = len;

	if (len > most)
		for (shown = most; shown > 0 && ((unsigned char)data[shown] & 0xC0) == 0x80; shown--)
			;
	for (size_t i = 0; i < shown; i++) {
		unsigned char c = (unsigned char)data[i], next = i + 1 < shown ? (unsigned char)data[i + 1] : 0;

		if (c < 0x20 || c == 0x7F)
			printf("\\x%02x", c);
		else if (c == 0xC2 && next >= 0x80 && next < 0xA0)
			printf("\\x%02x\\x%02x", c, (unsigned char)data[++i]);
		else
			putchar(c);
	}
	if (shown < len)
		printf("… (%zu bytes)", len);
}

static void
put_value(const char *label, const struct fields *f, size_t i)
{
	size_t len;
	const char *value = field(f, i, &len);

	printf("        %-7s ", label);
	if (len == 0)
		fputs("NULL", stdout);
	put_text(value, len, VALUE_MAX);
	putchar('\n');
}

static void
put_row(const char *what, const struct differences *d, const struct rowset_row *row)
{
	char count[FORMAT_SIZE_LEN];

	printf("  %s  ", what);
	if (row->side == ROWSET_SOURCE)
		printf("row %s of %s: ", format_count(row->row, count), d->keys[row->chunk]);
	put_text(row->data, row->len, ROW_MAX);
	putchar('\n');
}

/* What is the same names the row, what differs stands side by side. */
static void
put_pair(const struct differences *d, const struct fields *source, const struct fields *here)
{
	const struct columns *columns = &d->table->columns;

	put_row("changed", d, source->row);
	for (size_t i = 0; i < columns->len; i++) {
		if (same_field(source, here, i, &columns->at[i]))
			continue;
		fputs("      ", stdout);
		put_text(columns->at[i].name, strlen(columns->at[i].name), VALUE_MAX);
		putchar('\n');
		put_value("source", source, i);
		put_value("here", here, i);
	}
}

/* What is shown, and what of the extra rows has found its partner. */
struct showing {
	const struct differences *d;
	struct fields source, here;
	bool *taken;
	size_t shown;
};

/* The extra row that agrees best with the one in s->source; nextra when none agrees in half of the columns. */
static size_t
find_partner(struct showing *s)
{
	const struct columns *columns = &s->d->table->columns;
	size_t best = s->d->nextra, best_same = (columns->len + 1) / 2;

	for (size_t i = 0; i < s->d->nextra; i++) {
		size_t same;

		if (s->taken[i])
			continue;
		cut(&s->here, s->d->extra[i], columns->len);
		same = count_same(&s->source, &s->here, columns);
		if (same > 0 && (same > best_same || (same == best_same && best == s->d->nextra))) {
			best = i;
			best_same = same;
		}
	}
	return best;
}

static void
show_missing(struct showing *s, const struct rowset_row *row)
{
	const struct differences *d = s->d;
	size_t partner;

	cut(&s->source, row, d->table->columns.len);
	partner = find_partner(s);
	if (partner == d->nextra) {
		put_row("missing", d, row);
		return;
	}
	s->taken[partner] = true;
	cut(&s->here, d->extra[partner], d->table->columns.len);
	put_pair(d, &s->source, &s->here);
}

/* Missing rows with their partners, and then extra rows that have none. */
static void
show_all(struct showing *s)
{
	const struct differences *d = s->d;

	for (size_t i = 0; i < d->nmissing; i++) {
		if (s->shown++ == d->most)
			return;
		show_missing(s, d->missing[i]);
	}
	for (size_t i = 0; i < d->nextra; i++) {
		if (s->taken[i])
			continue;
		if (s->shown++ == d->most)
			return;
		put_row("extra  ", d, d->extra[i]);
	}
}

void
diff_print(const struct differences *d)
{
	size_t room = d->table->columns.len + 1;
	struct showing s = {
		.d = d, .source.ends = mem_array(room, sizeof(size_t)), .here.ends = mem_array(room, sizeof(size_t)),
		.taken = mem_array(d->nextra + 1, sizeof(bool)),
	};
	char count[FORMAT_SIZE_LEN];

	show_all(&s);
	if (s.shown > d->most)
		printf("  and more; %s are shown (--max-rows)\n", format_count(d->most, count));
	free(s.taken);
	free(s.here.ends);
	free(s.source.ends);
}
