/* floats_digits.c -- the arithmetic half of floats.c: the fewest digits of a float.
 *
 * No P below 15 (float4: 6) need be tried for a normal value: that is a part of what is shown at
 * floats_digits_are_fewest. */
#include "prelude.h"

#include <float.h>
#include <math.h>

#include "floats_digits.h"

static const struct kind {
	int bits;         /* of the significand, the hidden one counted */
	int few;          /* digits that survive decimal -> float -> decimal */
	int enough;       /* digits that survive float -> decimal -> float */
} kinds[2] = {
	{ .bits = FLT_MANT_DIG, .few = FLT_DIG, .enough = FLT_DECIMAL_DIG },
	{ .bits = DBL_MANT_DIG, .few = DBL_DIG, .enough = DBL_DECIMAL_DIG },
};

static const struct kind *
kind_of(int kind)
{
	return &kinds[kind == 8];
}

static const uint64_t ten_to[] = {
	1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000, 1000000000,
	UINT64_C(10000000000), UINT64_C(100000000000), UINT64_C(1000000000000),
	UINT64_C(10000000000000), UINT64_C(100000000000000), UINT64_C(1000000000000000),
	UINT64_C(10000000000000000), UINT64_C(100000000000000000),
	UINT64_C(1000000000000000000), UINT64_C(10000000000000000000),
};

static int
count_digits(uint64_t n)
{
	/* 1233 / 4096 is close to log10(2): a guess that is right or one too low. */
	int guess = ((64 - __builtin_clzll(n)) * 1233) >> 12;

	return guess + (n >= ten_to[guess]);
}

/* A float within a few of its last bits of w * 10^x: m * 2^e with M of BITS bits. */
static inline void
guess(uint64_t w, int x, int bits, uint64_t *m, int *e)
{
	static const double tens[] = {
		1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
		1e17, 1e18, 1e19, 1e20, 1e21, 1e22, 1e23, 1e24, 1e25, 1e26, 1e27, 1e28, 1e29, 1e30, 1e31,
		1e32, 1e33, 1e34, 1e35, 1e36, 1e37, 1e38, 1e39, 1e40, 1e41, 1e42, 1e43, 1e44, 1e45, 1e46,
		1e47, 1e48, 1e49, 1e50,
	};
	const uint64_t hidden = UINT64_C(1) << (DBL_MANT_DIG - 1);
	double near = x < 0 ? (double)w / tens[-x] : (double)w * tens[x];
	uint64_t raw;

	memcpy(&raw, &near, sizeof(raw));
	*e = (int)(raw >> (DBL_MANT_DIG - 1)) + DBL_MIN_EXP - bits - 1;
	*m = ((raw & (hidden - 1)) | hidden) >> (DBL_MANT_DIG - bits);
}

#define MOST_FIVES 27
static inline uint64_t
five_to_64(int n)
{
	static const uint64_t five[MOST_FIVES + 1] = {
		1, 5, 25, 125, 625, 3125, 15625, 78125, 390625, 1953125, 9765625, 48828125, 244140625,
		1220703125, UINT64_C(6103515625), UINT64_C(30517578125), UINT64_C(152587890625),
		UINT64_C(762939453125), UINT64_C(3814697265625), UINT64_C(19073486328125),
		UINT64_C(95367431640625), UINT64_C(476837158203125), UINT64_C(2384185791015625),
		UINT64_C(11920928955078125), UINT64_C(59604644775390625), UINT64_C(298023223876953125),
		UINT64_C(1490116119384765625), UINT64_C(7450580596923828125),
	};

	return five[n];
}

/* floats_exact.h has the bound that these keep.  With 64 bits: 2^9 * 5^23 < 2^63, and BIT is below 2^55 for any
 * other x, because w is below 10^19 and m has 24 bits or more; likewise with 128. */
#define LEAST_64 (-23)
#define MOST_64 6
#define LEAST_128 (-50)
#define MOST_128 30

#define EXACT(name) name##_64
#define EXACT_WORD uint64_t
#define EXACT_SWORD int64_t
#include "floats_exact.h"

#ifdef __SIZEOF_INT128__
typedef unsigned __int128 u128;
typedef __int128 i128;

static inline u128
five_to_128(int n)
{
	return n <= MOST_FIVES ? five_to_64(n) : (u128)five_to_64(MOST_FIVES) * five_to_64(n - MOST_FIVES);
}

#undef EXACT
#undef EXACT_WORD
#undef EXACT_SWORD
#define EXACT(name) name##_128
#define EXACT_WORD u128
#define EXACT_SWORD i128
#include "floats_exact.h"
#endif

bool
floats_digits_exact(struct decimal in, int kind, struct decimal *out)
{
	const struct kind *k = kind_of(kind);
	int n, x = in.exponent;

	if (in.digits == 0)
		return false;
	n = count_digits(in.digits);
	if (abs(x + n - 1) > FLOATS_SAFE(kind))
		return false;
	if (n < k->enough) {
		in.digits *= ten_to[k->enough - n];
		x -= k->enough - n;
		n = k->enough;
	}
	/* Each kind has calls of its own, in which it is a constant. */
	if (x >= LEAST_64 && x <= MOST_64)
		return kind == 8 ? fewest_64(in.digits, x, n, &kinds[1], out) :
		    fewest_64(in.digits, x, n, &kinds[0], out);
#ifdef __SIZEOF_INT128__
	if (x >= LEAST_128 && x <= MOST_128)
		return kind == 8 ? fewest_128(in.digits, x, n, &kinds[1], out) :
		    fewest_128(in.digits, x, n, &kinds[0], out);
#endif
	return false;
}

/* "d.ddde-xx" as printf("%.*e") writes it. */
static struct decimal
parse_printed(const char *text)
{
	struct decimal d = { 0, 0 };
	bool point = false;

	for (; *text != 'e'; text++) {
		if (*text == '.') {
			point = true;
			continue;
		}
		d.digits = 10 * d.digits + (unsigned)(*text - '0');
		d.exponent -= point;
	}
	d.exponent += (int)strtol(text + 1, NULL, 10);
	return d;
}

/* The value as a double, which holds every float4. */
static double
read_number(const char *number, int kind)
{
	return kind == 8 ? strtod(number, NULL) : (double)strtof(number, NULL);
}

bool
floats_digits_libc(const char *number, int kind, struct decimal *out)
{
	const struct kind *k = kind_of(kind);
	const double value = read_number(number, kind);
	const bool normal = value >= (kind == 8 ? DBL_MIN : (double)FLT_MIN);
	char text[32];

	if (isinf(value))
		return false;
	/* Subnormal values may need fewer. */
	for (int p = normal ? k->few : 1; p <= k->enough; p++) {
		snprintf(text, sizeof(text), "%.*e", p - 1, value);
		if (read_number(text, kind) == value)
			break;
	}
	*out = parse_printed(text);
	return true;
}
