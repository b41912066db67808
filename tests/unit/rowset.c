/* rowset.c -- the rows that only one of two sides has: against a naive answer, and in little memory. */
#include "prelude.h"

#include "rowset.h"
#include "tap.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#define VALUES 3000

static uint64_t seed = 20261127;

static unsigned
below(unsigned n)
{
	seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (unsigned)(seed >> 33) % n;
}

static struct digest
digest_of(unsigned value)
{
	XXH128_hash_t hash = XXH3_128bits(&value, sizeof(value));

	return (struct digest){ .high = hash.high64, .low = hash.low64 };
}

/* How often each value stands on each side. */
static unsigned counts[2][VALUES];

/* In another order each time, and a side at a time or mixed. */
static void
show(struct rowset *s, bool second, unsigned first, unsigned step)
{
	for (unsigned k = 0, v = first; k < VALUES; k++, v = (v + step) % VALUES)
		for (int side = 0; side < 2; side++)
			for (unsigned i = 0; i < counts[side][v]; i++)
				if (second)
					rowset_add(s, (enum rowset_side)side, digest_of(v), (char *)&v, sizeof(v), v % 7, v);
				else
					rowset_sum(s, (enum rowset_side)side, digest_of(v));
}

/* Does S say that SIDE alone has what COUNTS say? */
static bool
right(struct rowset *s, enum rowset_side side)
{
	unsigned got[VALUES] = { 0 };
	const struct rowset_row **rows;
	bool good = true;
	size_t n;

	rows = rowset_rows(s, side, &n);
	for (size_t i = 0; i < n; i++) {
		unsigned v;

		memcpy(&v, rows[i]->data, sizeof(v));
		good = good && rows[i]->len == sizeof(v) && rows[i]->row == v && rows[i]->chunk == v % 7 && rows[i]->side == side;
		good = good && (i == 0 || rows[i - 1]->chunk <= rows[i]->chunk);
		got[v]++;
	}
	free(rows);
	for (unsigned v = 0; v < VALUES; v++) {
		unsigned mine = counts[side][v], other = counts[1 - side][v];

		good = good && got[v] == (mine > other ? mine - other : 0);
	}
	return good;
}

static void
test_random(void)
{
	int good = 0;

	for (int round = 0; round < 30; round++) {
		struct rowset *s = rowset_new((size_t)64 << 20);
		size_t parts;

		for (unsigned v = 0; v < VALUES; v++) {
			counts[0][v] = counts[1][v] = below(3);
			if (below(round < 5 ? 1000 : 20) == 0)
				counts[below(2)][v] += 1 + below(2);
		}
		show(s, false, below(VALUES), 7);
		parts = rowset_differing(s);
		show(s, true, below(VALUES), 1009);
		good += parts > 0 && rowset_left_out(s) == 0 && right(s, ROWSET_SOURCE) && right(s, ROWSET_HERE);
		rowset_free(s);
	}
	is_u64((uint64_t)good, 30, "what one side has more than the other, and nothing else");
}

static void
test_equal(void)
{
	struct rowset *s = rowset_new(0);
	size_t n;

	memset(counts, 0, sizeof(counts));
	for (unsigned v = 0; v < VALUES; v++)
		counts[0][v] = counts[1][v] = below(3);
	show(s, false, 0, 1);
	is_u64(rowset_differing(s), 0, "the same rows: no part differs");
	show(s, true, 0, 1);
	free(rowset_rows(s, ROWSET_HERE, &n));
	is_u64(n, 0, "and none is kept");
	rowset_free(s);
}

/* A row twice on one side and another twice on the other: sums and counts over all could agree. */
static void
test_twice(void)
{
	struct rowset *s = rowset_new(1 << 20);
	size_t n;

	memset(counts, 0, sizeof(counts));
	counts[0][1] = counts[1][2] = 2;
	counts[1][1] = counts[0][2] = 1;
	show(s, false, 0, 1);
	show(s, true, 0, 1);
	is_u64(rowset_differing(s), 2, "two parts differ");
	show(s, true, 0, 1);
	free(rowset_rows(s, ROWSET_SOURCE, &n));
	is_u64(n, 1, "one row more at the source");
	free(rowset_rows(s, ROWSET_HERE, &n));
	is_u64(n, 1, "another one here");
	rowset_free(s);
}

static void
test_memory(void)
{
	struct rowset *s = rowset_new(20000);
	size_t parts, n, kept;

	memset(counts, 0, sizeof(counts));
	for (unsigned v = 0; v < VALUES; v++)
		counts[0][v] = 1;
	show(s, false, 0, 1);
	parts = rowset_differing(s);
	show(s, true, 0, 1);
	free(rowset_rows(s, ROWSET_SOURCE, &n));
	kept = parts - rowset_left_out(s);
	ok(rowset_left_out(s) > 0 && kept > 0, "too much for the memory: %zu of %zu parts are looked at", kept, parts);
	ok(n >= kept && n * 40 <= 20000, "%zu rows of them are kept", n);
	rowset_free(s);
	rowset_free(NULL);
}

int
main(void)
{
	test_random();
	test_equal();
	test_twice();
	test_memory();
	return tap_done();
}
