/* keyset.c -- a set of object keys, 16 bytes each. */
#include "prelude.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "keyset.h"

struct keyset {
	XXH128_hash_t *slots; /* open addressing; all zero is a free slot */
	size_t size, used;
};

static XXH128_hash_t
hash_of(const char *key)
{
	XXH128_hash_t h = XXH3_128bits(key, strlen(key));

	if (h.low64 == 0 && h.high64 == 0)
		h.low64 = 1;
	return h;
}

static XXH128_hash_t *
find_slot(const struct keyset *s, XXH128_hash_t h)
{
	size_t i = h.low64 & (s->size - 1);

	while ((s->slots[i].low64 != 0 || s->slots[i].high64 != 0) && !XXH128_isEqual(s->slots[i], h))
		i = (i + 1) & (s->size - 1);
	return &s->slots[i];
}

static void
resize(struct keyset *s, size_t size)
{
	struct keyset bigger = { .slots = mem_array(size, sizeof(*s->slots)), .size = size, .used = s->used };

	for (size_t i = 0; i < s->size; i++)
		if (s->slots[i].low64 != 0 || s->slots[i].high64 != 0)
			*find_slot(&bigger, s->slots[i]) = s->slots[i];
	free(s->slots);
	*s = bigger;
}

struct keyset *
keyset_new(void)
{
	struct keyset *s = mem_alloc(sizeof(*s));

	resize(s, 1024);
	return s;
}

void
keyset_free(struct keyset *s)
{
	if (s == NULL)
		return;
	free(s->slots);
	free(s);
}

void
keyset_add(struct keyset *s, const char *key)
{
	XXH128_hash_t h = hash_of(key), *slot;

	if (2 * (s->used + 1) > s->size)
		resize(s, 2 * s->size);
	slot = find_slot(s, h);
	if (slot->low64 == 0 && slot->high64 == 0)
		s->used++;
	*slot = h;
}

bool
keyset_has(const struct keyset *s, const char *key)
{
	const XXH128_hash_t *slot = find_slot(s, hash_of(key));

	return slot->low64 != 0 || slot->high64 != 0;
}
