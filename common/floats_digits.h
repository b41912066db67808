/* floats_digits.h -- the arithmetic half of floats.c: the fewest digits of a float.
 *
 * "Fewest digits" is rule 6 of floats.h.  Three ways to the same digits, the quick ones first; each
 * of the two quick ones says when it cannot tell. */
#ifndef GPM_FLOATS_DIGITS_H
#define GPM_FLOATS_DIGITS_H

#include <float.h>

struct decimal { /* digits * 10^exponent */
	uint64_t digits; /* below 10^17 when it comes out of here; may end in zeros */
	int exponent;
};

/* Powers of ten up to this, and down to its negative, are well inside the normal range of float8, float4. */
#define FLOATS_SAFE(kind) ((kind) == 8 ? 290 : 30)

/* floats_digits_are_fewest(n, leading, kind): has a decimal of N significant digits, the first of which
 * counts 10^LEADING and the last is not 0, just the digits that rule 6 finds for what it reads as?
 *
 * Let D be a decimal of at most 15 digits (float4: 6) inside the normal range, and v the float that D reads
 * as.  Floats stand so much closer there than such decimals that v printed with 15 digits is D again: that
 * is what DBL_DIG and FLT_DIG promise.  So no two such decimals read as the same v.
 *
 * Rule 6 asks for the smallest P at which v printed with P digits reads as v.  P <= 15, for D itself is what
 * 15 digits print.  And what P <= 15 digits print is a decimal of at most 15 digits; if it reads as v, as D
 * does, it is D.  So whatever P is, the digits without trailing zeros are D's own. */
static inline bool
floats_digits_are_fewest(size_t n, int leading, int kind)
{
	return n <= (kind == 8 ? DBL_DIG : FLT_DIG) && leading <= FLOATS_SAFE(kind) && leading >= -FLOATS_SAFE(kind);
}

/* floats_digits_exact(in, kind, out): by integer arithmetic, for 16 to 19 digits (float4: 7 to 19) and
 * values from 1e-31 to 1e30 but powers of two; for most others as well.  Never where the compiler has
 * no 128-bit integers. */
bool floats_digits_exact(struct decimal in, int kind, struct decimal *out);

/* floats_digits_libc(number, kind, out): by strtod and printf, any number at all, in a text
 * without a sign.  False when it reads as infinity. */
bool floats_digits_libc(const char *number, int kind, struct decimal *out);

#endif
