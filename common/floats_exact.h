/* floats_exact.h -- integer arithmetic on a decimal and the float that it reads as.  No header for others:
 * floats_digits.c includes it once with 64-bit integers and once with 128-bit ones, which reach further.
 *
 *   EXACT(name)              gives each inclusion names of its own
 *   EXACT_WORD, EXACT_SWORD  the integers, without and with a sign
 *
 * The measure.  A decimal w * 10^x and the float m * 2^e are both whole numbers when one in the decimal's
 * last digit is worth DIGIT and one in the float's last bit is worth BIT:
 *
 *   x <= 0:  DIGIT = 2^shift, BIT = 5^-x * 2^(e - x + shift)   with the smallest shift that will do
 *   x > 0:   DIGIT = 5^x,     BIT = 2^(e - x)                  e > x, because w has more bits than m
 *
 * The bound.  Let UNIT be one in the digit that w is rounded to first, the 15th (float4: the 6th).  w * DIGIT is
 * about m * BIT, w at least 10^14 (10^5) times UNIT, m below 2^53 (2^24); so 2 * UNIT * DIGIT is below
 * 2^9 * BIT, and nothing that is compared below is more.  (w * DIGIT and m * BIT themselves may overflow: only
 * their difference is used, and it is a few BITs, so it is right all the same.) */

struct EXACT(pair) {
	uint64_t m;
	EXACT_WORD digit, bit;
	int shift;        /* DIGIT is 2^shift; -1 when x > 0 */
	EXACT_SWORD more; /* the decimal minus the float */
};

/* Does a decimal that is DISTANCE away from the float read as that?  A tie reads as the even one.  (One
 * comparison and no branch: nobody could predict it.) */
static inline bool
EXACT(reads_back)(const struct EXACT(pair) *p, EXACT_WORD distance)
{
	return 2 * distance + (p->m & 1) <= p->bit;
}

/* The float that w * 10^x reads as: a guess, then corrected by what it is wrong.  False when it is a power
 * of two: floats stand twice as close below one, which is left to others. */
static inline bool
EXACT(read_decimal)(uint64_t w, int x, int bits, struct EXACT(pair) *p)
{
	int e;

	guess(w, x, bits, &p->m, &e);
	if (x <= 0) {
		p->shift = x > e ? x - e : 0;
		p->digit = (EXACT_WORD)1 << p->shift;
		p->bit = EXACT(five_to)(-x) << (e - x + p->shift);
	} else {
		p->shift = -1;
		p->digit = EXACT(five_to)(x);
		p->bit = (EXACT_WORD)1 << (e - x);
	}
	p->more = (EXACT_SWORD)(w * p->digit - p->m * p->bit);
	while (p->more > 0 && !EXACT(reads_back)(p, (EXACT_WORD)p->more)) {
		p->m++;
		p->more -= (EXACT_SWORD)p->bit;
	}
	while (p->more < 0 && !EXACT(reads_back)(p, (EXACT_WORD)-p->more)) {
		p->m--;
		p->more += (EXACT_SWORD)p->bit;
	}
	return p->m > UINT64_C(1) << (bits - 1) && p->m < UINT64_C(1) << bits;
}

/* The float in decimal: WHOLE of the last digit, and FRACTION / ONE of one. */
struct EXACT(expansion) {
	uint64_t whole;
	EXACT_WORD fraction, one;
};

/* The float by w's last digit; then by the one DROP digits further left.
 *
 * It may have a digit more or less than w, when a power of ten is between the two, or is one of them.  All
 * between them reads as the float, so that power does, and the first rounding below finds it: it is much
 * nearer than half a UNIT. */
static inline struct EXACT(expansion)
EXACT(expand)(const struct EXACT(pair) *p, uint64_t w, int drop)
{
	struct EXACT(expansion) v = { .one = p->digit };
	const EXACT_SWORD one = (EXACT_SWORD)v.one, less = -p->more;
	EXACT_SWORD quotient = p->shift >= 0 ? less >> p->shift : less / one;

	quotient -= quotient * one > less;
	v.whole = w + (uint64_t)quotient;
	v.fraction = (EXACT_WORD)(less - quotient * one);
	if (drop > 0) {
		v.fraction += v.whole % ten_to[drop] * v.one;
		v.whole /= ten_to[drop];
		v.one *= ten_to[drop];
	}
	return v;
}

/* The multiple of UNIT that is nearest to V, ties to even; false when it does not read as the float. */
static inline __attribute__((always_inline)) bool
EXACT(round_to)(const struct EXACT(expansion) *v, uint64_t unit, const struct EXACT(pair) *p, uint64_t *digits)
{
	const uint64_t down = v->whole / unit;
	const EXACT_WORD rest = v->whole % unit * v->one + v->fraction, step = unit * v->one;
	const bool up = 2 * rest + (down & 1) > step; /* a tie only when DOWN is odd */

	*digits = down + up;
	return EXACT(reads_back)(p, up ? step - rest : rest);
}

/* Rule 6 for w * 10^x, w of N digits, ENOUGH of them or more. */
static inline __attribute__((always_inline)) bool
EXACT(fewest)(uint64_t w, int x, int n, const struct kind *k, struct decimal *out)
{
	struct EXACT(expansion) v;
	struct EXACT(pair) p;
	int drop = n - k->enough, zeros;

	if (!EXACT(read_decimal)(w, x, k->bits, &p))
		return false;
	v = EXACT(expand)(&p, w, drop);
	if (k->enough - k->few == 3 && EXACT(round_to)(&v, 1000, &p, &out->digits))
		zeros = 3;
	else if (EXACT(round_to)(&v, 100, &p, &out->digits))
		zeros = 2;
	else if (EXACT(round_to)(&v, 10, &p, &out->digits))
		zeros = 1;
	else
		zeros = !EXACT(round_to)(&v, 1, &p, &out->digits); /* 0: that many digits always do */
	out->exponent = x + drop + zeros;
	return true;
}
