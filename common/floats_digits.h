/* floats_digits.h -- the arithmetic half of floats.c: the fewest digits of a float.
 *
 * Three ways to the same digits.  Each of the two quick ones says when it cannot tell. */
#ifndef GPM_FLOATS_DIGITS_H
#define GPM_FLOATS_DIGITS_H

struct decimal { /* digits * 10^exponent */
	uint64_t digits; /* no trailing zeros; 0 has exponent 0 */
	int exponent;
};

/* floats_digits_text(in, kind, out): by looking at the digits: so few that they must be it. */
bool floats_digits_text(struct decimal in, int kind, struct decimal *out);

/* floats_digits_exact(in, kind, out): by integer arithmetic, for values from 1e-11 to 1e17.
 * Never where the compiler has no 128-bit integers. */
bool floats_digits_exact(struct decimal in, int kind, struct decimal *out);

/* floats_digits_libc(number, kind, out): by strtod and printf, any number at all, in a text
 * without a sign.  False when it reads as infinity. */
bool floats_digits_libc(const char *number, int kind, struct decimal *out);

#endif
