/* rows_scan.c -- the fast half of rows.c: at which bytes records and fields end.
 *
 * 64 bytes at a time become two masks of one bit a byte: quotes, and newlines.  The xor of all
 * quote bits up to a byte says whether it stands inside quotes (a doubled quote leaves and enters
 * again, so it needs no care); the newlines that do not are the record ends. */
#include "prelude.h"

#include <endian.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "rows_scan.h"

#define BLOCK 64

typedef uint64_t mask_fn(const char *block, char c);

/* Bit i is set when byte i of the block is C; eight bytes at a time in a plain register. */
static inline uint64_t
mask_portable(const char *block, char c)
{
	const uint64_t low7 = UINT64_C(0x7f7f7f7f7f7f7f7f);
	const uint64_t wanted = UINT64_C(0x0101010101010101) * (unsigned char)c;
	uint64_t mask = 0;

	for (unsigned i = 0; i < BLOCK; i += 8) {
		uint64_t word, zero;

		memcpy(&word, block + i, sizeof(word));
		word = le64toh(word) ^ wanted;
		zero = ~(((word & low7) + low7) | word | low7); /* 0x80 where a byte was C */
		/* The multiplication gathers the eight bits in the top byte. */
		mask |= ((zero >> 7) * UINT64_C(0x0102040810204080)) >> 56 << i;
	}
	return mask;
}

#ifdef __SSE2__
static inline uint64_t
mask16(const char *bytes, __m128i wanted)
{
	__m128i v = _mm_loadu_si128((const __m128i *)(const void *)bytes);

	return (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(v, wanted));
}

static inline uint64_t
mask_sse2(const char *block, char c)
{
	const __m128i wanted = _mm_set1_epi8(c);

	return mask16(block, wanted) | mask16(block + 16, wanted) << 16 |
	    mask16(block + 32, wanted) << 32 | mask16(block + 48, wanted) << 48;
}
#endif

/* Bit i of the result is the xor of the bits 0..i. */
static inline uint64_t
prefix_xor(uint64_t x)
{
	x ^= x << 1;
	x ^= x << 2;
	x ^= x << 4;
	x ^= x << 8;
	x ^= x << 16;
	return x ^ x << 32;
}

static inline uint64_t
ends_of_block(struct rows_scan *s, const char *block, mask_fn *mask)
{
	uint64_t newlines = mask(block, '\n'), inside;

	if (!s->quoted)
		return newlines;
	inside = prefix_xor(mask(block, s->quote)) ^ s->inside;
	s->inside = inside >> 63 ? UINT64_MAX : 0;
	return newlines & ~inside;
}

/* Most blocks hold no end or one: the first is written always and counted when it is there, which
 * spares a branch that nobody could predict. */
static inline size_t
put_ends(uint16_t *ends, uint64_t bits, size_t at)
{
	size_t n = bits != 0;

	ends[0] = (uint16_t)(at + (unsigned)__builtin_ctzll(bits | UINT64_C(1) << 63));
	for (bits &= bits - 1; bits != 0; bits &= bits - 1)
		ends[n++] = (uint16_t)(at + (unsigned)__builtin_ctzll(bits));
	return n;
}

/* The bytes behind the last whole block, filled up with one that is neither of the two that matter. */
static inline void
fill_block(char block[BLOCK], const char *data, size_t len, char a, char b)
{
	memset(block, a != ' ' && b != ' ' ? ' ' : a != '.' && b != '.' ? '.' : ';', BLOCK);
	memcpy(block, data, len);
}

/* Always inlined, so that MASK is known and inlined as well. */
static inline __attribute__((always_inline)) size_t
scan_span(struct rows_scan *state, const char *data, size_t len, uint16_t *ends, mask_fn *mask)
{
	struct rows_scan scan = *state, *s = &scan; /* a copy that can live in registers */
	size_t at, n = 0;

	for (at = 0; at + BLOCK <= len; at += BLOCK)
		n += put_ends(ends + n, ends_of_block(s, data + at, mask), at);
	if (at < len) {
		char last[BLOCK];

		fill_block(last, data + at, len - at, s->quote, '\n');
		n += put_ends(ends + n, ends_of_block(s, last, mask), at);
	}
	state->inside = scan.inside;
	return n;
}

size_t
rows_scan_span_portable(struct rows_scan *s, const char *data, size_t len, uint16_t ends[ROWS_SPAN])
{
	return scan_span(s, data, len, ends, mask_portable);
}

size_t
rows_scan_span(struct rows_scan *s, const char *data, size_t len, uint16_t ends[ROWS_SPAN])
{
#ifdef __SSE2__
	return scan_span(s, data, len, ends, mask_sse2);
#else
	return scan_span(s, data, len, ends, mask_portable);
#endif
}

/* --- fields ---------------------------------------------------------------------------------- */

/* The bytes that a backslash escapes, of a block in which BACKSLASHES stand.  *ESCAPED is 1 when the block
 * before it escapes its first byte, and gets the same for the next one. */
static inline uint64_t
escaped_bytes(uint64_t backslashes, uint64_t *escaped)
{
	uint64_t bytes = *escaped;

	backslashes &= ~bytes;
	*escaped = 0;
	while (backslashes != 0) {
		uint64_t first = backslashes & -backslashes;

		bytes |= first << 1;
		*escaped = first >> 63;
		backslashes &= ~(first | first << 1);
	}
	return bytes;
}

/* The delimiters of a block.  *STATE is what the bytes before it leave behind: CSV: all bits set inside
 * quotes; TEXT: 1 behind a backslash. */
static inline __attribute__((always_inline)) uint64_t
delimiters_of_block(const struct dialect *d, const char *block, uint64_t *state, mask_fn *mask)
{
	uint64_t delimiters = mask(block, d->delimiter), inside;

	if (d->format == DIALECT_TEXT)
		return delimiters & ~escaped_bytes(mask(block, '\\'), state);
	inside = prefix_xor(mask(block, d->quote)) ^ *state;
	*state = inside >> 63 ? UINT64_MAX : 0;
	return delimiters & ~inside;
}

static inline __attribute__((always_inline)) size_t
scan_fields(const struct dialect *d, const char *data, size_t len, size_t *ends, size_t max, mask_fn *mask)
{
	uint64_t state = 0;
	size_t n = 0;

	for (size_t at = 0; at < len && n < max; at += BLOCK) {
		char last[BLOCK];
		const char *block = data + at;
		uint64_t bits;

		if (len - at < BLOCK) {
			fill_block(last, block, len - at, d->delimiter, d->quote);
			block = last;
		}
		for (bits = delimiters_of_block(d, block, &state, mask); bits != 0 && n < max; bits &= bits - 1)
			ends[n++] = at + (unsigned)__builtin_ctzll(bits);
	}
	return n;
}

size_t
rows_scan_fields_portable(const struct dialect *d, const char *data, size_t len, size_t *ends, size_t max)
{
	return scan_fields(d, data, len, ends, max, mask_portable);
}

size_t
rows_scan_fields(const struct dialect *d, const char *data, size_t len, size_t *ends, size_t max)
{
#ifdef __SSE2__
	return scan_fields(d, data, len, ends, max, mask_sse2);
#else
	return scan_fields(d, data, len, ends, max, mask_portable);
#endif
}
