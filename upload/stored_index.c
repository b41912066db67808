/* stored_index.c -- which chunks are stored. */
#include "prelude.h"

#include "err.h"
#include "stored_index.h"

#define LEN_BITS 23
#define BASED ((uint64_t)1 << LEN_BITS)
#define OFFSET_SHIFT (LEN_BITS + 1)

struct chunk {
	uint32_t batch, seq;
	uint64_t place; /* offset and length of its line, between them BASED or not */
};

struct stored_list {
	uint32_t table, attempt;
	struct chunk *chunks;
	size_t len, cap;
	bool sorted;
};

struct stored_index {
	struct stored_list *lists; /* in order of table and attempt */
	size_t len, cap;
	bool sorted;               /* each list is */
};

/* --- lists ----------------------------------------------------------------------------------- */

static int
compare(const void *a, const void *b)
{
	const struct chunk *x = a, *y = b;

	if (x->batch != y->batch)
		return x->batch < y->batch ? -1 : 1;
	return x->seq < y->seq ? -1 : x->seq > y->seq;
}

static void
sort_list(struct stored_list *l)
{
	if (!l->sorted)
		qsort(l->chunks, l->len, sizeof(*l->chunks), compare);
	l->sorted = true;
}

static void
append(struct stored_list *l, struct chunk c)
{
	if (l->len == l->cap) {
		l->cap = l->cap == 0 ? 4 : l->cap + l->cap / 2;
		l->chunks = mem_grow(l->chunks, l->cap * sizeof(*l->chunks));
	}
	l->sorted = l->sorted && (l->len == 0 || compare(&l->chunks[l->len - 1], &c) <= 0);
	l->chunks[l->len++] = c;
}

size_t
stored_len(const struct stored_list *l)
{
	return l != NULL ? l->len : 0;
}

uint64_t
stored_batch(const struct stored_list *l, size_t i)
{
	return l->chunks[i].batch;
}

struct journal_place
stored_place(const struct stored_list *l, size_t i)
{
	uint64_t place = l->chunks[i].place;

	return (struct journal_place){ .offset = place >> OFFSET_SHIFT, .len = (uint32_t)(place & (BASED - 1)) };
}

bool
stored_is_based(const struct stored_list *l, size_t i)
{
	return (l->chunks[i].place & BASED) != 0;
}

/* --- the index ------------------------------------------------------------------------------- */

struct stored_index *
stored_index_new(void)
{
	return mem_alloc(sizeof(struct stored_index));
}

void
stored_index_free(struct stored_index *x)
{
	if (x == NULL)
		return;
	for (size_t i = 0; i < x->len; i++)
		free(x->lists[i].chunks);
	free(x->lists);
	free(x);
}

/* The first list that is not before (TABLE, ATTEMPT). */
static size_t
lower_bound(const struct stored_index *x, uint64_t table, uint64_t attempt)
{
	size_t low = 0, high = x->len;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct stored_list *l = &x->lists[middle];

		if (l->table < table || (l->table == table && l->attempt < attempt))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static struct stored_list *
find(const struct stored_index *x, uint64_t table, uint64_t attempt)
{
	size_t i = lower_bound(x, table, attempt);

	return i < x->len && x->lists[i].table == table && x->lists[i].attempt == attempt ? &x->lists[i] : NULL;
}

static struct stored_list *
insert(struct stored_index *x, uint32_t table, uint32_t attempt)
{
	size_t i = lower_bound(x, table, attempt);

	if (x->len == x->cap) {
		x->cap = x->cap == 0 ? 64 : x->cap + x->cap / 2;
		x->lists = mem_grow(x->lists, x->cap * sizeof(*x->lists));
	}
	memmove(&x->lists[i + 1], &x->lists[i], (x->len - i) * sizeof(*x->lists));
	x->len++;
	x->lists[i] = (struct stored_list){ .table = table, .attempt = attempt, .sorted = true };
	return &x->lists[i];
}

int
stored_index_add(struct stored_index *x, const struct rec_chunk *c, struct journal_place place, struct err *e)
{
	struct stored_list *l;

	if (c->table > UINT32_MAX || c->attempt > UINT32_MAX || c->batch > UINT32_MAX || c->seq > UINT32_MAX ||
	    place.offset >> (64 - OFFSET_SHIFT) != 0 || place.len >> LEN_BITS != 0)
		return err_set(e, ERR_FAILED, "chunk '%.200s' has numbers beyond what a push journal can hold", c->key);
	if ((l = find(x, c->table, c->attempt)) == NULL)
		l = insert(x, (uint32_t)c->table, (uint32_t)c->attempt);
	append(l, (struct chunk){ (uint32_t)c->batch, (uint32_t)c->seq, place.offset << OFFSET_SHIFT | (c->base != NULL ? BASED : 0) | place.len });
	x->sorted = x->sorted && l->sorted;
	return 0;
}

void
stored_index_settle(struct stored_index *x)
{
	if (x->sorted) /* nothing is written then: other threads may read */
		return;
	for (size_t i = 0; i < x->len; i++)
		sort_list(&x->lists[i]);
	x->sorted = true;
}

const struct stored_list *
stored_index_list(struct stored_index *x, uint64_t table, uint64_t attempt)
{
	stored_index_settle(x);
	return find(x, table, attempt);
}

static const struct chunk *
find_chunk(struct stored_index *x, uint64_t table, uint64_t attempt, uint64_t batch, uint64_t seq)
{
	const struct stored_list *l = stored_index_list(x, table, attempt);
	struct chunk key = { .batch = (uint32_t)batch, .seq = (uint32_t)seq };

	return l != NULL && batch <= UINT32_MAX && seq <= UINT32_MAX ? bsearch(&key, l->chunks, l->len, sizeof(key), compare) : NULL;
}

bool
stored_index_has(struct stored_index *x, uint64_t table, uint64_t attempt, uint64_t batch, uint64_t seq)
{
	return find_chunk(x, table, attempt, batch, seq) != NULL;
}

bool
stored_index_has_own(struct stored_index *x, uint64_t table, uint64_t attempt, uint64_t batch, uint64_t seq)
{
	const struct chunk *c = find_chunk(x, table, attempt, batch, seq);

	return c != NULL && (c->place & BASED) == 0;
}
