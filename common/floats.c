/* floats.c -- numbers rewritten in one form: finds them and writes them; what their digits are is
 * the work of floats_digits.c.
 *
 * Most fields hold one number and nothing else: plain_number reads such a field with vector
 * instructions.  All others, and all of them where there are no such instructions, are gone through
 * byte by byte. */
#include "prelude.h"

#include <endian.h>
#include <strings.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "floats.h"
#include "floats_digits.h"

#define TOKEN_MAX 64      /* longer ones stay as they are */
#define WHOLE_DIGITS 19   /* so many fit 64 bits */
#define EXPONENT_MAX 9999 /* far outside every type, far from overflow */
#define FORM_DIGITS 17    /* no value needs more */

/* A known number of bytes is copied quicker than the right one: from the first digit of a number on ROOM
 * bytes can be read, whatever they are, and SCRATCH is a token with that. */
#define ROOM 48
#define SCRATCH (TOKEN_MAX + ROOM)

static const bool word_byte[256] = {
	['0' ... '9'] = true, ['A' ... 'Z'] = true, ['a' ... 'z'] = true,
	['_'] = true, ['.'] = true, [0x80 ... 0xff] = true,
};

/* The significant digits of a number, where they stand in its text. */
struct number {
	const char *digits; /* from the first that is not 0 to the last that is not, a point between them perhaps */
	size_t n;           /* how many; 0 when the number is 0 */
	size_t before;      /* how many of them stand before the point; N when it is not between them */
	int leading;        /* the first one counts 10^leading */
};

static bool
is_digit(char c)
{
	return (unsigned char)(c - '0') <= 9;
}

static bool
is_word(const char *s, const char *end)
{
	return s < end && word_byte[(unsigned char)*s];
}

static bool
is_sign(char c)
{
	return c == '+' || c == '-';
}

/* --- reading --------------------------------------------------------------------------------- */

static const char *
skip_digits(const char *s, const char *end)
{
	while (s < end && is_digit(*s))
		s++;
	return s;
}

/* N's digits stand somewhere from S to END, the number's point at POINT, or END without one. */
static void
trim_zeros(struct number *n, const char *s, const char *point, const char *end)
{
	while (s < end && (*s == '0' || s == point))
		s++;
	while (end > s && (end[-1] == '0' || end - 1 == point))
		end--;
	n->digits = s;
	n->leading = (int)(s < point ? point - s - 1 : point - s);
	n->n = (size_t)(end - s) - (s < point && point < end);
	n->before = s < point && point < end ? (size_t)(point - s) : n->n;
}

/* The exponent at S: where it ends, or S when there is none. */
static const char *
read_exponent(const char *s, const char *end, int *exponent)
{
	const char *at = s;
	int x = 0;
	bool minus;

	if (at == end || (*at != 'e' && *at != 'E'))
		return s;
	at++;
	minus = at < end && *at == '-';
	if (at < end && is_sign(*at))
		at++;
	if (at == end || !is_digit(*at))
		return s;
	for (; at < end && is_digit(*at); at++)
		if (x < EXPONENT_MAX)
			x = 10 * x + (*at - '0');
	*exponent = minus ? -x : x;
	return at;
}

/* The longest number at S: where it ends, or S when there is none.  N is only filled when it is a token. */
static const char *
read_number(const char *s, const char *end, struct number *n)
{
	const char *point = skip_digits(s, end), *at = point;
	int exponent = 0;
	const char *behind;

	if (at < end && *at == '.')
		at = skip_digits(at + 1, end);
	if (at - s == (point < at)) /* at most a point */
		return s;
	behind = read_exponent(at, end, &exponent);
	if (behind - s <= TOKEN_MAX && !is_word(behind, end)) {
		trim_zeros(n, s, point, at);
		n->leading += exponent;
	}
	return behind;
}

#ifdef __SSE2__
#define BLOCK 32 /* bits of a mask */

/* Which of 16 bytes are digits, and which of these are not 0. */
static inline void
digit_masks(const char *bytes, uint32_t *digits, uint32_t *nonzero)
{
	const __m128i v = _mm_loadu_si128((const __m128i *)(const void *)bytes);
	const __m128i value = _mm_sub_epi8(v, _mm_set1_epi8('0'));
	const __m128i is = _mm_cmpeq_epi8(_mm_min_epu8(value, _mm_set1_epi8(9)), value);

	*digits = (uint32_t)_mm_movemask_epi8(is);
	*nonzero = *digits & ~(uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(value, _mm_setzero_si128()));
}

/* Is the field D+ | D+ '.' D* | '.' D+, perhaps with a sign, and nothing else?  It has fewer than BLOCK
 * bytes, BLOCK may be read. */
static bool
plain_number(const char *field, size_t len, struct number *n)
{
	uint32_t low, high, digits, nonzero, sign, point, end, first, last;
	bool inside;

	digit_masks(field, &digits, &nonzero);
	digit_masks(field + BLOCK / 2, &high, &low);
	digits |= high << BLOCK / 2;
	nonzero = (nonzero | low << BLOCK / 2) & ((UINT32_C(1) << len) - 1);
	digits &= (UINT32_C(1) << len) - 1; /* now bit LEN and above are no digits: __builtin_ctz has an answer */
	sign = is_sign(*field);
	point = sign + (uint32_t)__builtin_ctz(~(digits >> sign));
	end = point;
	if (point < len && field[point] == '.')
		end += 1 + (uint32_t)__builtin_ctz(~(digits >> (point + 1)));
	if (end != len || digits == 0)
		return false;
	if (nonzero == 0) {
		n->n = 0;
		return true;
	}
	first = (uint32_t)__builtin_ctz(nonzero);
	last = BLOCK - 1 - (uint32_t)__builtin_clz(nonzero);
	inside = first < point && point < last;
	n->digits = field + first;
	n->n = last - first + 1 - inside;
	n->before = inside ? point - first : n->n;
	n->leading = (int)point - (int)first - (first < point);
	return true;
}
#endif

/* --- digits and numbers ---------------------------------------------------------------------- */

#define EIGHT UINT64_C(100000000)

/* The last LEN of eight digits of text, 1 to 8 of them, as a number: pairs, then fours, then all. */
static inline uint64_t
eight_to_number(const char *text, size_t len)
{
	uint64_t x;

	memcpy(&x, text, sizeof(x));
	x = (le64toh(x) & UINT64_C(0x0f0f0f0f0f0f0f0f)) << 8 * (8 - len);
	x = (x * (10 * UINT64_C(0x100) + 1)) >> 8 & UINT64_C(0x00ff00ff00ff00ff);
	x = (x * (100 * UINT64_C(0x10000) + 1)) >> 16 & UINT64_C(0x0000ffff0000ffff);
	return (x * (10000 * UINT64_C(0x100000000) + 1)) >> 32;
}

/* And back: the digits of a number below 10^8, the first in the lowest byte. */
static inline uint64_t
number_to_eight(uint64_t number)
{
	uint64_t x = number / 10000 | number % 10000 << 32, tens;

	tens = (x * 10486) >> 20 & UINT64_C(0x0000007f0000007f); /* hundreds: right for all below 10^4 */
	x = tens | (x - 100 * tens) << 16;
	tens = (x * 103) >> 10 & UINT64_C(0x000f000f000f000f);   /* tens: for all below 10^2 */
	return tens | (x - 10 * tens) << 8;
}

/* LEN digits behind those of X, as a number. */
static inline uint64_t
append_digits(uint64_t x, const char *digits, size_t len)
{
	static const uint64_t tens[] = { 1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, EIGHT };

	for (; len > 8; digits += 8, len -= 8)
		x = x * EIGHT + eight_to_number(digits, 8);
	return len == 0 ? x : x * tens[len] + eight_to_number(digits, len);
}

/* N's digits, no more than WHOLE_DIGITS, as a number. */
static uint64_t
whole_number(const struct number *n)
{
	uint64_t x = append_digits(0, n->digits, n->before);

	return append_digits(x, n->digits + n->before + 1, n->n - n->before);
}

/* D into N; its digits are put into TEXT. */
static void
from_decimal(struct number *n, const struct decimal *d, char text[SCRATCH])
{
	const uint64_t zeros = UINT64_C(0x3030303030303030), high = d->digits / EIGHT;
	const uint64_t a = number_to_eight(high % EIGHT), b = number_to_eight(d->digits % EIGHT);
	const unsigned top = (unsigned)(high / EIGHT);
	const uint64_t text_a = htole64(a | zeros), text_b = htole64(b | zeros);
	int first, last;

	text[0] = (char)('0' + top);
	memcpy(text + 1, &text_a, 8);
	memcpy(text + 9, &text_b, 8);
	if (d->digits == 0) {
		n->n = 0;
		return;
	}
	first = top != 0 ? 0 : a != 0 ? 1 + __builtin_ctzll(a) / 8 : 9 + __builtin_ctzll(b) / 8;
	last = b != 0 ? 16 - __builtin_clzll(b) / 8 : a != 0 ? 8 - __builtin_clzll(a) / 8 : 0;
	n->digits = text + first;
	n->before = n->n = (size_t)(last - first + 1);
	n->leading = d->exponent + 16 - first;
}

/* N's value in its fewest digits, which are put into TEXT.  TOKEN is the number's own bytes.  False: it
 * reads as infinity. */
static bool
compute_digits(struct number *n, const char *token, size_t len, int kind, char text[SCRATCH])
{
	struct decimal d;

	if (n->n > WHOLE_DIGITS || !floats_digits_exact((struct decimal){ whole_number(n),
	    n->leading - (int)n->n + 1 }, kind, &d)) {
		memcpy(text, token, len);
		text[len] = '\0';
		if (!floats_digits_libc(text, kind, &d))
			return false;
	}
	from_decimal(n, &d, text);
	return true;
}

/* --- writing --------------------------------------------------------------------------------- */

/* X without a sign at TO; returns its end. */
static inline char *
put_exponent(char *to, unsigned x)
{
	if (x >= 100)
		*to++ = (char)('0' + x / 100);
	if (x >= 10)
		*to++ = (char)('0' + x / 10 % 10);
	*to++ = (char)('0' + x % 10);
	return to;
}

/* The canonical form of N, of FORM_DIGITS at most, at TO; returns its end. */
static inline char *
put_canonical(char *to, const struct number *n)
{
	if (n->n == 0) {
		memcpy(to, "0e0", 3);
		return to + 3;
	}
	to[0] = n->digits[0];
	to[1] = '.';
	memcpy(to + 2, n->digits + 1, FORM_DIGITS - 1);
	memcpy(to + 1 + n->before, n->digits + n->before + 1, FORM_DIGITS - 1);
	to += n->n == 1 ? 1 : n->n + 1;
	*to++ = 'e';
	if (n->leading < 0)
		*to++ = '-';
	return put_exponent(to, (unsigned)abs(n->leading));
}

/* --- fields ---------------------------------------------------------------------------------- */

static bool
has_fewest(const struct number *n, int kind)
{
	return n->n == 0 || floats_digits_are_fewest(n->n, n->leading, kind);
}

/* Does the byte before S belong to the number there? */
static bool
has_sign(const char *field, const char *s)
{
	if (s == field || !is_sign(s[-1]))
		return false;
	return s - 1 == field || !(word_byte[(unsigned char)s[-2]] || is_sign(s[-2]));
}

/* The number N, which stands from TOKEN to BEHIND, in its form at TO; NULL when it stays as it is.  Up to
 * LIMIT bytes can be read. */
static char *
put_number(char *to, struct number *n, const char *token, const char *behind, const char *limit, int kind)
{
	char text[SCRATCH];

	if (n->n > 0 && limit - n->digits < ROOM) {
		memcpy(text, token, (size_t)(behind - token));
		n->digits = text + (n->digits - token);
	}
	if (!has_fewest(n, kind) && !compute_digits(n, token, (size_t)(behind - token), kind, text))
		return NULL;
	return put_canonical(to, n);
}

static char *
put_bytes(char *to, const char *from, const char *end)
{
	memcpy(to, from, (size_t)(end - from));
	return to + (end - from);
}

/* The word from S to END in the form of rule 7; NULL: it is another one. */
static const char *
special_form(const char *s, const char *end)
{
	static const struct { const char *word, *form; } specials[] = {
		{ "nan", "NaN" }, { "inf", "Infinity" }, { "infinity", "Infinity" },
	};

	for (size_t i = 0; i < GPM_ARRAY_LEN(specials); i++)
		if (strlen(specials[i].word) == (size_t)(end - s) && strncasecmp(s, specials[i].word, (size_t)(end - s)) == 0)
			return specials[i].form;
	return NULL;
}

/* The word from S to END at TO, behind what stands from COPIED to there, if it is one of rule 7; else NULL. */
static char *
put_special(char *to, const char *field, const char *copied, const char *s, const char *end)
{
	const char *form = special_form(s, end);
	bool drops_sign;

	if (form == NULL)
		return NULL;
	drops_sign = has_sign(field, s) && (s[-1] == '+' || *form == 'N');
	to = put_bytes(to, copied, s - drops_sign);
	return put_bytes(to, form, form + strlen(form));
}

/* Any field. */
static char *
rewrite(char *to, const char *field, const char *end, const char *limit, int kind)
{
	const char *s = field, *copied = field;

	while (s < end) {
		struct number n = { 0 };
		const char *behind;
		bool sign;

		if (!is_word(s, end)) {
			s++;
			continue;
		}
		behind = read_number(s, end, &n);
		if (behind == s || is_word(behind, end)) {
			char *form;

			for (behind = s; is_word(behind, end); behind++)
				continue;
			if ((form = put_special(to, field, copied, s, behind)) != NULL) {
				to = form;
				copied = behind;
			}
			s = behind;
			continue;
		}
		sign = has_sign(field, s);
		if (behind - s + sign <= TOKEN_MAX) {
			/* A '-' is copied with what stands before it, a '+' is left out. */
			char *form = put_bytes(to, copied, s - (sign && s[-1] == '+'));

			if ((form = put_number(form, &n, s, behind, limit, kind)) != NULL) {
				to = form;
				copied = behind;
			}
		}
		s = behind;
	}
	return put_bytes(to, copied, end);
}

#ifdef __SSE2__
/* A field that is one number, as most are; else NULL. */
static inline char *
rewrite_plain(char *to, const char *field, size_t len, int kind)
{
	struct number n;

	if (!plain_number(field, len, &n))
		return NULL;
	*to = '-';
	to += *field == '-';
	if (has_fewest(&n, kind))
		return put_canonical(to, &n);
	return put_number(to, &n, field + is_sign(*field), field + len, field + BLOCK + ROOM, kind);
}
#endif

char *
floats_canonical(char *to, const char *field, size_t len, size_t room, int kind)
{
#ifdef __SSE2__
	if (len < BLOCK && room >= BLOCK + ROOM) {
		char *end = rewrite_plain(to, field, len, kind);

		if (end != NULL)
			return end;
	}
#endif
	return rewrite(to, field, field + len, field + room, kind);
}
