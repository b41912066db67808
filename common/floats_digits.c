/* floats_digits.c -- the arithmetic half of floats.c: the fewest digits of a float.
 *
 * "Fewest digits" is rule 6 of floats.h.  All three ways below use one theorem: inside the normal
 * range two different decimals of at most 15 significant digits (float4: 6) never read as the same
 * float, and the float gives the decimal back when it is printed with that many digits.  Hence a
 * decimal that short is the answer as soon as it reads as the value, and when the value printed
 * with 15 (6) digits does not read back, no shorter one does. */
#include "prelude.h"

#include <float.h>
#include <math.h>

#include "floats_digits.h"

static const struct kind {
	int bits;         /* of the significand, the hidden one counted */
	int few;          /* digits that survive decimal -> float -> decimal */
	int enough;       /* digits that survive float -> decimal -> float */
	int safe;         /* powers of ten up to this, and down to its negative, are well inside */
} kinds[2] = {
	{ .bits = FLT_MANT_DIG, .few = FLT_DIG, .enough = FLT_DECIMAL_DIG, .safe = 30 },
	{ .bits = DBL_MANT_DIG, .few = DBL_DIG, .enough = DBL_DECIMAL_DIG, .safe = 290 },
};

static const uint64_t ten_to[] = {
	1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000, 1000000000,
	UINT64_C(10000000000), UINT64_C(100000000000), UINT64_C(1000000000000),
	UINT64_C(10000000000000), UINT64_C(100000000000000), UINT64_C(1000000000000000),
	UINT64_C(10000000000000000), UINT64_C(100000000000000000),
	UINT64_C(1000000000000000000), UINT64_C(10000000000000000000),
};

static const struct kind *
kind_of(int kind)
{
	return &kinds[kind == 8];
}

static int
count_digits(uint64_t n)
{
	/* 1233 / 4096 is close to log10(2): a guess that is right or one too low. */
	int guess = n == 0 ? 0 : ((64 - __builtin_clzll(n)) * 1233) >> 12;

	return guess + (n >= ten_to[guess]);
}

static void
drop_zeros(struct decimal *d)
{
	if (d->digits == 0)
		d->exponent = 0;
	while (d->digits != 0 && d->digits % 10 == 0) {
		d->digits /= 10;
		d->exponent++;
	}
}

bool
floats_digits_text(struct decimal in, int kind, struct decimal *out)
{
	const struct kind *k = kind_of(kind);
	int n, leading;

	drop_zeros(&in);
	n = count_digits(in.digits);
	leading = in.exponent + n - 1;
	*out = in;
	return n <= k->few && leading <= k->safe && leading >= -k->safe;
}

#ifdef __SIZEOF_INT128__
typedef unsigned __int128 u128;

#define MOST_FIVES 27 /* the last power of five below 2^64 */

static const uint64_t five_to[MOST_FIVES + 1] = {
	1, 5, 25, 125, 625, 3125, 15625, 78125, 390625, 1953125, 9765625, 48828125, 244140625,
	1220703125, UINT64_C(6103515625), UINT64_C(30517578125), UINT64_C(152587890625),
	UINT64_C(762939453125), UINT64_C(3814697265625), UINT64_C(19073486328125),
	UINT64_C(95367431640625), UINT64_C(476837158203125), UINT64_C(2384185791015625),
	UINT64_C(11920928955078125), UINT64_C(59604644775390625), UINT64_C(298023223876953125),
	UINT64_C(1490116119384765625), UINT64_C(7450580596923828125),
};

struct binary { /* m * 2^e, the top bit of M always the same */
	uint64_t m;
	int e;
};

static int
bit_length(uint64_t n)
{
	return 64 - __builtin_clzll(n);
}

/* The float nearest to digits / 10^scale: one division with at least two bits more than needed,
 * and the remainder to tell a tie from almost a tie. */
static struct binary
read_decimal(uint64_t digits, int scale, int bits)
{
	const uint64_t five = five_to[scale];
	int up = bit_length(five) + DBL_MANT_DIG + 2 - bit_length(digits), drop;
	uint64_t quotient, rest, half;
	bool more;
	struct binary b;
	u128 n;

	if (up < 0)
		up = 0;
	n = (u128)digits << up;
	quotient = (uint64_t)(n / five);
	more = (u128)quotient * five != n;
	drop = bit_length(quotient) - bits;
	half = UINT64_C(1) << (drop - 1);
	rest = quotient & (2 * half - 1);
	b.m = quotient >> drop;
	b.m += rest > half || (rest == half && (more || (b.m & 1)));
	b.e = drop - up - scale;
	if (b.m >> bits != 0) {
		b.m >>= 1;
		b.e++;
	}
	return b;
}

/* Does a decimal read as B, when it differs from it by DIFF where B's last bit is worth BIT?  Under
 * a power of two the floats stand twice as close.  A tie reads as the even one. */
static bool
reads_back(struct binary b, int bits, u128 diff, u128 bit, bool above)
{
	if (!above && b.m == UINT64_C(1) << (bits - 1))
		return 4 * diff <= bit;
	return 2 * diff < bit || (2 * diff == bit && (b.m & 1) == 0);
}

/* Rule 6 for B: SCALED is B * 10^(16 - LEADING) * 2^SHIFT and has 17 digits before its SHIFT
 * fraction bits; BIT is B's last bit in the same measure.
 *
 * It has 16 or 18 when reading rounded over a power of ten.  Then B is the float nearest to that
 * power, and the first P finds the power, counting one digit more or less. */
static struct decimal
fewest(struct binary b, const struct kind *k, u128 scaled, u128 bit, int shift, int leading)
{
	const uint64_t whole = (uint64_t)(scaled >> shift);
	const u128 fraction = scaled & (((u128)1 << shift) - 1);
	struct decimal d;

	for (int p = k->few;; p++) {
		uint64_t unit = ten_to[17 - p];
		u128 step = (u128)unit << shift;
		u128 rest = ((u128)(whole % unit) << shift) + fraction;
		bool above;

		d.digits = whole / unit;
		d.exponent = leading - p + 1;
		above = 2 * rest > step || (2 * rest == step && (d.digits & 1));
		d.digits += above;
		if (p == k->enough || reads_back(b, k->bits, above ? step - rest : rest, bit, above))
			break;
	}
	drop_zeros(&d);
	return d;
}

bool
floats_digits_exact(struct decimal in, int kind, struct decimal *out)
{
	const struct kind *k = kind_of(kind);
	int leading = in.exponent + count_digits(in.digits) - 1, power, shift, left;
	struct binary b;
	u128 bit;

	if (in.digits == 0 || leading < -11 || leading > 16 || in.exponent < -MOST_FIVES)
		return false;
	if (in.exponent > 0) {
		in.digits *= ten_to[in.exponent]; /* below 10^17, by LEADING */
		in.exponent = 0;
	}
	b = read_decimal(in.digits, -in.exponent, k->bits);
	power = 16 - leading;
	shift = -(b.e + power);
	left = shift < 0 ? -shift : 0;
	bit = (u128)five_to[power] << left;
	*out = fewest(b, k, bit * b.m, bit, shift + left, leading);
	return true;
}
#else
bool
floats_digits_exact(struct decimal in, int kind, struct decimal *out)
{
	(void)in, (void)kind, (void)out;
	return false;
}
#endif

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
	drop_zeros(&d);
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
	/* The theorem holds for normal values only; subnormal ones may need fewer digits. */
	for (int p = normal ? k->few : 1; p <= k->enough; p++) {
		snprintf(text, sizeof(text), "%.*e", p - 1, value);
		if (read_number(text, kind) == value)
			break;
	}
	*out = parse_printed(text);
	return true;
}
