/* rowset.c -- the rows of two sides: which has one side only? */
#include "prelude.h"

#include "rowset.h"

#define PARTS ((size_t)1 << 16)
#define ROW_COST 32 /* of the allocator, about */

struct part {
	struct digest sum;         /* of the source, less those here */
	int64_t count;
	struct rowset_row *rows;   /* second round: without a partner so far */
	bool differs, left_out;
};

struct rowset {
	struct part *parts;
	size_t memory, used;
	size_t top;                /* parts from here on are equal or left out */
	size_t left_out;
};

struct rowset *
rowset_new(size_t memory)
{
	struct rowset *s = mem_alloc(sizeof(*s));

	s->parts = mem_array(PARTS, sizeof(*s->parts));
	s->memory = memory;
	s->top = PARTS;
	return s;
}

static void
forget(struct rowset *s, struct part *p)
{
	for (struct rowset_row *row = p->rows, *next; row != NULL; row = next) {
		next = row->next;
		s->used -= row->len + sizeof(*row) + ROW_COST;
		free(row);
	}
	p->rows = NULL;
}

void
rowset_free(struct rowset *s)
{
	if (s == NULL)
		return;
	for (size_t i = 0; i < PARTS; i++)
		forget(s, &s->parts[i]);
	free(s->parts);
	free(s);
}

static struct part *
part_of(struct rowset *s, struct digest d)
{
	return &s->parts[d.high / (UINT64_MAX / PARTS + 1)];
}

void
rowset_sum(struct rowset *s, enum rowset_side side, struct digest d)
{
	struct part *p = part_of(s, d);

	p->sum = side == ROWSET_SOURCE ? digest_add(p->sum, d) : digest_sub(p->sum, d);
	p->count += side == ROWSET_SOURCE ? 1 : -1;
}

size_t
rowset_differing(struct rowset *s)
{
	const struct digest none = { 0, 0 };
	size_t n = 0;

	for (size_t i = 0; i < PARTS; i++) {
		s->parts[i].differs = s->parts[i].count != 0 || !digest_equal(s->parts[i].sum, none);
		n += s->parts[i].differs;
	}
	return n;
}

/* The highest part whose rows are kept is given up; the answer is about the ones below it then. */
static void
leave_out_one(struct rowset *s)
{
	while (s->top > 0) {
		struct part *p = &s->parts[--s->top];

		if (!p->differs)
			continue;
		p->left_out = true;
		s->left_out++;
		forget(s, p);
		return;
	}
}

/* A row of the other side with this digest; it goes. */
static bool
cancel(struct rowset *s, struct part *p, enum rowset_side side, struct digest d)
{
	for (struct rowset_row **at = &p->rows, *row; (row = *at) != NULL; at = &row->next) {
		if (row->side == side || !digest_equal(row->digest, d))
			continue;
		*at = row->next;
		s->used -= row->len + sizeof(*row) + ROW_COST;
		free(row);
		return true;
	}
	return false;
}

void
rowset_add(struct rowset *s, enum rowset_side side, struct digest d, const char *data, size_t len, size_t chunk, uint64_t row)
{
	struct part *p = part_of(s, d);
	struct rowset_row *kept;

	if (!p->differs || p->left_out || cancel(s, p, side, d))
		return;
	kept = mem_alloc(sizeof(*kept) + len);
	*kept = (struct rowset_row){ .next = p->rows, .digest = d, .side = side, .chunk = chunk, .row = row, .len = len };
	memcpy(kept->data, data, len);
	p->rows = kept;
	s->used += len + sizeof(*kept) + ROW_COST;
	while (s->used > s->memory)
		leave_out_one(s);
}

size_t
rowset_left_out(const struct rowset *s)
{
	return s->left_out;
}

static int
by_place(const void *a, const void *b)
{
	const struct rowset_row *x = *(const struct rowset_row *const *)a, *y = *(const struct rowset_row *const *)b;

	if (x->chunk != y->chunk)
		return x->chunk < y->chunk ? -1 : 1;
	return x->row < y->row ? -1 : x->row > y->row;
}

const struct rowset_row **
rowset_rows(struct rowset *s, enum rowset_side side, size_t *n)
{
	const struct rowset_row **at = NULL;
	size_t len = 0, room = 0;

	for (size_t i = 0; i < PARTS; i++)
		for (const struct rowset_row *row = s->parts[i].rows; row != NULL; row = row->next) {
			if (row->side != side)
				continue;
			if (len == room) {
				room = room > 0 ? 2 * room : 64;
				at = mem_grow(at, room * sizeof(const struct rowset_row *));
			}
			at[len++] = row;
		}
	if (len > 0)
		qsort(at, len, sizeof(const struct rowset_row *), by_place);
	*n = len;
	return at;
}
