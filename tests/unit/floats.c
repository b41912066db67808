/* floats.c -- numbers in their one form: the rule of floats.h by example, and against
 * naive_floats.h on random numbers and random text. */
#include "prelude.h"

#include <float.h>

#include "floats.h"
#include "floats_digits.h"
#include "naive_floats.h"
#include "tap.h"

static uint64_t seed = 20261121;

static uint64_t
random64(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed * UINT64_C(2685821657736338717);
}

static double
double_of(uint64_t bits)
{
	double d;

	memcpy(&d, &bits, sizeof(d));
	return d;
}

static float
float_of(uint32_t bits)
{
	float f;

	memcpy(&f, &bits, sizeof(f));
	return f;
}

/* Of a field of LEN bytes with ROOM that may be read: nothing behind those and nothing behind the room at
 * its destination is touched, or a sanitizer sees it.  Digits follow the field: they are not its own. */
static char *
canonical_of(const char *field, size_t len, size_t room, int kind)
{
	char *in = mem_alloc(room), *out = mem_alloc(FLOATS_MAX(len)), *end;

	memset(in, '7', room);
	memcpy(in, field, len);
	end = floats_canonical(out, in, len, room, kind);
	*end = '\0'; /* 3 * LEN + 64 leave room for it */
	free(in);
	return out;
}

/* The canonical form, whatever stands behind the field; valid until the next call but three. */
static const char *
canonical(const char *field, int kind)
{
	static char *out[4];
	static unsigned turn;
	const size_t len = strlen(field);
	char *tight = canonical_of(field, len, len, kind), **at = &out[turn++ % 4];

	free(*at);
	*at = canonical_of(field, len, len + 100, kind);
	if (strcmp(tight, *at) != 0) {
		printf("# %s: %s without room behind it, %s with it\n", field, tight, *at);
		**at = '\0';
	}
	free(tight);
	return *at;
}

static void
becomes(const char *field, const char *want)
{
	is_str(canonical(field, 8), want, field);
	is_str(canonical(want, 8), want, "and again");
}

static void
test_values(void)
{
	becomes("0", "0e0");
	becomes("-0", "-0e0");
	becomes("-0.000e+17", "-0e0");
	becomes("1", "1e0");
	becomes("+1.50", "1.5e0");
	becomes(".5", "5e-1");
	becomes("5.", "5e0");
	becomes("007", "7e0");
	becomes("1234567", "1.234567e6");
	becomes("1E5", "1e5");
	becomes("-12.5e-007", "-1.25e-6");
	becomes("0.1", "1e-1");
	becomes("0.10000000000000001", "1e-1");
	becomes("0.100000000000000006", "1e-1");
	becomes("0.30000000000000004", "3.0000000000000004e-1");
	becomes("1e22", "1e22");
	becomes("1e23", "1e23");
	becomes("9.999999999999999e22", "1e23");
	becomes("123456789012345680", "1.2345678901234568e17");
	becomes("123456789012345678", "1.2345678901234568e17");
	becomes("9007199254740993", "9.007199254740992e15");
	becomes("12345678901234567890123", "1.2345678901234568e22");
	becomes("18446744073709551616", "1.8446744073709552e19"); /* 2^64 and one more */
	becomes("18446744073709551617", "1.8446744073709552e19");
	becomes("184467440737095516160", "1.844674407370955e20");
	becomes("1.50000000000000000000000", "1.5e0");
	becomes("9.99999999999999999", "1e1");
	becomes("99999999999999999.9", "1e17");
	becomes("1.7976931348623157e308", "1.7976931348623157e308");
	becomes("179769313486231570000000000000e279", "1.7976931348623157e308");
	becomes("2.2250738585072014e-308", "2.2250738585072014e-308");
	becomes("4.9406564584124654e-324", "5e-324");
	becomes("9.8813129168249309e-324", "1e-323");
	becomes("1e-400", "0e0");
	becomes("5e-324", "5e-324");
}

/* A little above and below the powers of ten, nearer to them than any other float. */
static void
test_powers_of_ten(void)
{
	for (int x = -13; x <= 19; x++) {
		char above[64], below[64], want[64];

		snprintf(above, sizeof(above), "1000000000000000001e%d", x - 18);
		snprintf(below, sizeof(below), "9999999999999999999e%d", x - 19);
		snprintf(want, sizeof(want), "1e%d", x);
		is_str(canonical(above, 8), want, above);
		is_str(canonical(below, 8), want, below);
		is_str(canonical(above, 4), want, above);
		is_str(canonical(below, 4), want, below);
	}
}

static void
test_single(void)
{
	is_str(canonical("0.100000001", 4), "1e-1", "float4: nine digits and the shortest");
	is_str(canonical("16777217", 4), "1.6777216e7", "float4: rounded to 24 bits");
	is_str(canonical("3.40282347e+38", 4), "3.4028235e38", "float4: the largest");
	is_str(canonical("3.5e38", 4), "3.5e38", "float4: too large stays");
	is_str(canonical("1.40129846e-45", 4), "1e-45", "float4: the smallest");
	is_str(canonical("1.17549435e-38", 4), "1.1754944e-38", "float4: the smallest normal one");
	is_str(canonical("1.00000017881393432617187499", 4), "1.0000001e0", "float4: rounded once");
	is_str(canonical("1.23456794e+09", 4), "1.234568e9", "float4: a tie that reads back");
	is_str(canonical("1.23456806e+09", 4), "1.2345681e9", "float4: the next one");
	is_str(canonical("1.23456794e+09", 8), "1.23456794e9", "float8 keeps what float4 does not");
}

static void
test_no_tokens(void)
{
	static const char *const fields[] = { "", "NaN", "Infinity", "-Infinity", "\\N", "x1", "1x", "_1",
		"1.2.3", "1e5x", "1e-5x", "\303\2511", "1\303\251", "1\200", ".", "-", "..5", "1e", "1e+",
		"1e999", "-1e999", "1e99999999999999999999999999999", "550e8400-x29b" };

	for (size_t i = 0; i < GPM_ARRAY_LEN(fields); i++)
		becomes(fields[i], fields[i]);
}

static void
test_tokens(void)
{
	becomes("x1e-5", "x1e-5e0");
	becomes("1e-5-6", "1e-5-6e0");
	becomes("1e-0.5", "1e-5e-1");
	becomes("2024-01-02", "2.024e3-1e0-2e0");
	becomes("3-4", "3e0-4e0");
	becomes("a-4", "a-4e0");
	becomes("(-4)", "(-4e0)");
	becomes("(+4)", "(4e0)");
	becomes("++4", "++4e0");
	becomes("-+4 --4", "-+4e0 --4e0");
	becomes("x+4", "x+4e0");
	becomes("1e99999 7", "1e99999 7e0");
	becomes("1/2-", "1e0/2e0-");
}

static void
test_compounds(void)
{
	becomes("{1.5,NULL,NaN}", "{1.5e0,NULL,NaN}");
	becomes("\"(nan,-nan)\"", "\"(NaN,NaN)\"");
	becomes("\"(-inf,1.50)\"", "\"(-Infinity,1.5e0)\"");
	becomes("+inf", "Infinity");
	becomes("[(INF,+Nan),(-infinity,-0)]", "[(Infinity,NaN),(-Infinity,-0e0)]");
	becomes("1--nan", "1e0--NaN");
	becomes("nano inf_ xnan nan1 info 1nan", "nano inf_ xnan nan1 info 1nan");
	becomes("in", "in");
	becomes("\"{1.50,-2,+3,Infinity}\"", "\"{1.5e0,-2e0,3e0,Infinity}\"");
	becomes("{{1,2},{3,4}}", "{{1e0,2e0},{3e0,4e0}}");
	becomes("\"(1.5,-0.25)\"", "\"(1.5e0,-2.5e-1)\"");
	becomes("\"(1,2),(3,4)\"", "\"(1e0,2e0),(3e0,4e0)\"");
	becomes("\"(7,\"\"a b\"\",2.50,t,)\"", "\"(7e0,\"\"a b\"\",2.5e0,t,)\"");
	becomes("<(1,2),3>", "<(1e0,2e0),3e0>");
	becomes("[1.5,2.5)", "[1.5e0,2.5e0)");
}

/* 64 bytes are a token, 65 are not, the sign counted. */
static void
test_long_tokens(void)
{
	char text[80];

	memset(text, '0', sizeof(text));
	text[64] = '\0';
	text[63] = '7';
	becomes(text, "7e0");
	text[0] = '-';
	becomes(text, "-7e0");
	text[0] = '0';
	text[64] = '7';
	text[65] = '\0';
	becomes(text, text);
	text[0] = '-';
	becomes(text, text);
	text[0] = '+';
	becomes(text, text);
	text[0] = '.';
	becomes(text, text);
}

/* What servers print for D: 18 digits, 17, the shortest, and 15 when they are enough. */
static bool
spellings_agree(double d, int kind)
{
	char text[64], shortest[64], want[80], reread[64];
	int most = kind == 8 ? 18 : 9, few = kind == 8 ? 15 : 6;

	snprintf(text, sizeof(text), "%.*g", most, d);
	if (!naive_shortest(text[0] == '-' ? text + 1 : text, kind, shortest))
		return false;
	snprintf(want, sizeof(want), "%s%s", text[0] == '-' ? "-" : "", shortest);
	if (strcmp(canonical(text, kind), want) != 0 || strcmp(canonical(want, kind), want) != 0)
		return false;
	for (int p = few; p <= most; p++) {
		double back;

		snprintf(reread, sizeof(reread), "%.*g", p, d);
		back = kind == 8 ? strtod(reread, NULL) : (double)strtof(reread, NULL);
		if (memcmp(&back, &d, sizeof(d)) == 0 && strcmp(canonical(reread, kind), want) != 0)
			return false;
		snprintf(reread, sizeof(reread), "%.*e", p, d);
		back = kind == 8 ? strtod(reread, NULL) : (double)strtof(reread, NULL);
		if (memcmp(&back, &d, sizeof(d)) == 0 && strcmp(canonical(reread, kind), want) != 0)
			return false;
	}
	return true;
}

/* A float8 anywhere, or where the integer arithmetic works, or a sum of a few decimals. */
static double
random_double(unsigned how)
{
	uint64_t bits = random64();

	switch (how % 4) {
	case 0:
		return double_of(bits);
	case 1: /* 2^-40 to 2^60 */
		return double_of((bits & UINT64_C(0x800fffffffffffff)) | (983 + (bits >> 52) % 100) << 52);
	case 2:
		return (double)(bits % 100000) * 0.01 + (double)(random64() % 1000) * 0.001;
	default: /* powers of two and their neighbours */
		return double_of((bits & UINT64_C(0x7ff0000000000000)) + random64() % 5 - 2);
	}
}

static void
test_random_doubles(void)
{
	unsigned good = 0, tries = 20000;

	for (unsigned t = 0; t < tries; t++) {
		double d = random_double(t);

		if (isfinite(d) && !spellings_agree(d, 8)) {
			printf("# %.17g\n", d);
			break;
		}
		good++;
	}
	is_u64(good, tries, "float8: every spelling of a value has one form, the naive one");
}

static void
test_random_floats(void)
{
	unsigned good = 0, tries = 20000;

	for (unsigned t = 0; t < tries; t++) {
		float f = t % 2 ? (float)random_double(t / 2) : float_of((uint32_t)random64());

		if (isfinite(f) && !spellings_agree((double)f, 4)) {
			printf("# %.9g\n", (double)f);
			break;
		}
		good++;
	}
	is_u64(good, tries, "float4: every spelling of a value has one form, the naive one");
}

static void
test_neighbours(void)
{
	unsigned good = 0, tries = 20000;
	char a[64], b[64];

	for (unsigned t = 0; t < tries; t++) {
		double d = random_double(t), next = nextafter(d, INFINITY);
		float f = (float)random_double(t), after = nextafterf(f, INFINITY);

		snprintf(a, sizeof(a), "%.17g", d);
		snprintf(b, sizeof(b), "%.17g", next);
		good += !isfinite(d) || strcmp(canonical(a, 8), canonical(b, 8)) != 0;
		snprintf(a, sizeof(a), "%.9g", (double)f);
		snprintf(b, sizeof(b), "%.9g", (double)after);
		good += !isfinite(f) || strcmp(canonical(a, 4), canonical(b, 4)) != 0;
	}
	is_u64(good, 2 * tries, "different values have different forms");
}

static int
count_digits(uint64_t n)
{
	int count = 0;

	for (; n != 0; n /= 10)
		count++;
	return count;
}

static void
drop_zeros(struct decimal *d)
{
	for (; d->digits != 0 && d->digits % 10 == 0; d->exponent++)
		d->digits /= 10;
}

static bool
same_digits(struct decimal a, struct decimal b)
{
	drop_zeros(&a);
	drop_zeros(&b);
	return a.digits == b.digits && (a.exponent == b.exponent || a.digits == 0);
}

/* Something that is hard to read: the middle between two floats, one more or less, or a digit away; a power
 * of two and its like; a power of ten and its like; or any number. */
static struct decimal
random_decimal(unsigned how, int kind)
{
	const int bits = kind == 8 ? 53 : 24;
	const uint64_t m = (UINT64_C(1) << (bits - 1)) + (random64() >> (65 - bits)) * (random64() % 4 != 0);
	struct decimal d = { random64() >> (1 + random64() % 62), (int)(random64() % 110) - 70 };

	if (how % 8 == 0) /* (m + 1/2) * 2^a as digits * 10^-b */
		d = (struct decimal){ 2 * m + 1, 0 };
	else if (how % 8 == 1)
		d = (struct decimal){ m, 0 };
	else if (how % 8 == 2)
		for (d.digits = 1; random64() % 20 != 0 && d.digits < UINT64_C(1000000000000000000);)
			d.digits *= 10;
	if (how % 8 < 3) {
		unsigned steps = (unsigned)(random64() % 40);

		for (; steps > 0 && d.digits < UINT64_C(1) << 60; steps--)
			d.digits *= 2;
		for (steps = (unsigned)(random64() % 8); steps > 0 && d.digits < UINT64_C(1) << 60; steps--, d.exponent--)
			d.digits *= 5;
		d.digits += random64() % 5 - 2;
	}
	return d;
}

/* Decimals of up to 19 digits: the quick ways, where they answer, say what libc says. */
static void
test_quick_ways(int kind)
{
#ifdef __SIZEOF_INT128__
	const unsigned least_far = 1000;
#else
	const unsigned least_far = 0;
#endif
	unsigned wrong = 0, few = 0, exact = 0, far = 0;

	for (unsigned t = 0; t < 60000; t++) {
		struct decimal in = random_decimal(t, kind), stripped = in, a = { 0, 0 }, b = { 0, 0 };
		char text[64];
		int n;

		drop_zeros(&stripped);
		n = count_digits(stripped.digits);
		snprintf(text, sizeof(text), "%llue%d", (unsigned long long)in.digits, in.exponent);
		if (in.digits == 0 || !floats_digits_libc(text, kind, &a))
			continue;
		if (floats_digits_are_fewest((size_t)n, stripped.exponent + n - 1, kind)) {
			few++;
			wrong += !same_digits(a, stripped);
		}
		if (floats_digits_exact(in, kind, &b)) {
			exact++;
			far += abs(in.exponent) > 23;
			wrong += !same_digits(a, b) || b.digits >= UINT64_C(100000000000000000);
		}
		if (wrong > 0) {
			printf("# %s: %llue%d, want %llue%d\n", text, (unsigned long long)b.digits, b.exponent,
			    (unsigned long long)a.digits, a.exponent);
			break;
		}
	}
	ok(wrong == 0, "kind %d: the quick ways agree with libc", kind);
	ok(few > 1000, "kind %d: %u by looking", kind, few);
	ok(exact > 10000, "kind %d: %u by integer arithmetic", kind, exact);
	ok(far >= least_far, "kind %d: %u far from 1", kind, far);
}

static void
test_random_text(void)
{
	static const char alphabet[] = "0123456789..eeE+-+-,(x_ \xc3\"";
	unsigned good = 0, tries = 100000;

	for (unsigned t = 0; t < tries; t++) {
		char text[41], want[256];
		size_t len = random64() % 40;
		int kind = t % 2 ? 4 : 8;

		for (size_t i = 0; i < len; i++)
			text[i] = alphabet[random64() % (sizeof(alphabet) - 1)];
		text[len] = '\0';
		want[naive_canonical(text, len, kind, want)] = '\0';
		if (strcmp(canonical(text, kind), want) != 0 || strcmp(canonical(want, kind), want) != 0) {
			printf("# %s: %s, want %s\n", text, canonical(text, kind), want);
			break;
		}
		good++;
	}
	is_u64(good, tries, "random text agrees with the naive form, which is a fixed point");
}

static void
test_nul(void)
{
	char *out = canonical_of("1\0" "2", 3, 3, 8);

	ok(memcmp(out, "1e0\0" "2e0", 8) == 0, "a NUL is a byte like others");
	free(out);
}

/* As long as the answer can get: each byte a number. */
static void
test_longest(void)
{
	char text[402], want[1202];

	for (size_t i = 0; i < 400; i += 2) {
		memcpy(text + i, i % 20 == 0 ? "1 " : "7,", 2);
		memcpy(want + 2 * i, i % 20 == 0 ? "1e0 " : "7e0,", 4);
	}
	text[400] = '3';
	text[401] = want[803] = '\0';
	memcpy(want + 800, "3e0", 3);
	becomes(text, want);
}

/* Lengths and places around the borders of the vectors, each with each sign and something behind it. */
static void
test_borders(void)
{
	static const char zeros[] = "0000000000000000000000000000000000";
	static const char *const signs[] = { "", "-", "+" }, *const ends[] = { "", "e5", "x", ",1", ".", "-" };
	unsigned good = 0, tries = 0;
	char text[80], want[256];

	for (unsigned before = 0; before < 34; before++) {
		for (unsigned behind = 0; behind < 34; behind++, tries++) {
			int n = snprintf(text, sizeof(text), "%s%.*s%s%.*s%s", signs[tries % GPM_ARRAY_LEN(signs)],
			    (int)before, zeros, behind % 7 == 0 ? "" : ".",
			    (int)behind, zeros, ends[tries % GPM_ARRAY_LEN(ends)]);

			for (int i = 0; i < n; i++)
				if (text[i] == '0' && random64() % 3 != 0)
					text[i] = (char)('0' + random64() % 10);
			want[naive_canonical(text, (size_t)n, 8, want)] = '\0';
			if (strcmp(canonical(text, 8), want) == 0)
				good++;
			else
				printf("# %s: %s, want %s\n", text, canonical(text, 8), want);
		}
	}
	is_u64(good, tries, "numbers of every length");
}

int
main(void)
{
	test_values();
	test_powers_of_ten();
	test_single();
	test_no_tokens();
	test_tokens();
	test_compounds();
	test_long_tokens();
	test_random_doubles();
	test_random_floats();
	test_neighbours();
	test_quick_ways(4);
	test_quick_ways(8);
	test_random_text();
	test_nul();
	test_longest();
	test_borders();
	return tap_done();
}
