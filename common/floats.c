/* floats.c -- numbers rewritten in one form: finds them and writes them; what their digits are is
 * the work of floats_digits.c. */
#include "prelude.h"

#include "err.h"
#include "floats.h"
#include "floats_digits.h"

#define TOKEN_MAX 64      /* longer ones stay as they are */
#define WHOLE_DIGITS 19   /* so many fit 64 bits, whatever they are */
#define EXPONENT_MAX 9999 /* far outside every type, far from overflow */

static const bool word_byte[256] = {
	['0' ... '9'] = true, ['A' ... 'Z'] = true, ['a' ... 'z'] = true,
	['_'] = true, ['.'] = true, [0x80 ... 0xff] = true,
};

struct number {
	struct decimal value; /* nothing when there are more than WHOLE_DIGITS */
	size_t ndigits;       /* significant digits: leading zeros not counted */
};

static bool
is_digit(const char *s, size_t i, size_t len)
{
	return i < len && s[i] >= '0' && s[i] <= '9';
}

static bool
is_word(const char *s, size_t i, size_t len)
{
	return i < len && word_byte[(unsigned char)s[i]];
}

static bool
is_sign(char c)
{
	return c == '+' || c == '-';
}

/* The digits at S[i]; N takes them as the next ones behind those it has. */
static size_t
read_digits(const char *s, size_t i, size_t len, struct number *n)
{
	uint64_t digits = n->value.digits; /* wraps around behind WHOLE_DIGITS */
	size_t ndigits = n->ndigits;

	for (; is_digit(s, i, len); i++) {
		digits = 10 * digits + (unsigned)(s[i] - '0');
		ndigits += (digits | ndigits) != 0;
	}
	n->value.digits = digits;
	n->ndigits = ndigits;
	return i;
}

/* The exponent at S[i], or I when there is none. */
static size_t
read_exponent(const char *s, size_t i, size_t len, struct number *n)
{
	size_t at = i;
	int x = 0;
	bool minus;

	if (at == len || (s[at] != 'e' && s[at] != 'E'))
		return i;
	at++;
	minus = at < len && s[at] == '-';
	if (at < len && is_sign(s[at]))
		at++;
	if (!is_digit(s, at, len))
		return i;
	for (; is_digit(s, at, len); at++)
		if (x < EXPONENT_MAX)
			x = 10 * x + (s[at] - '0');
	n->value.exponent += minus ? -x : x;
	return at;
}

/* The longest number at S[i]: where it ends, or I when there is none. */
static size_t
read_number(const char *s, size_t i, size_t len, struct number *n)
{
	size_t at, point;

	*n = (struct number){ { 0, 0 }, 0 };
	if (s[i] == '.' && !is_digit(s, i + 1, len))
		return i;
	at = read_digits(s, i, len, n);
	if (at < len && s[at] == '.') {
		point = at;
		at = read_digits(s, at + 1, len, n);
		if (at - point <= TOKEN_MAX) /* else nobody asks for the value */
			n->value.exponent = -(int)(at - point - 1);
	}
	return at == i ? i : read_exponent(s, at, len, n);
}

/* The value's fewest digits; TEXT is the number's own bytes.  False: it reads as infinity. */
static bool
fewest_digits(const struct number *n, const char *text, size_t len, int kind, struct decimal *out)
{
	char copy[TOKEN_MAX + 1];

	if (n->ndigits <= WHOLE_DIGITS && (floats_digits_text(n->value, kind, out) ||
	    floats_digits_exact(n->value, kind, out)))
		return true;
	memcpy(copy, text, len);
	copy[len] = '\0';
	return floats_digits_libc(copy, kind, out);
}

/* N in decimal, ending before END; returns where it starts.  Two digits a division. */
static char *
put_backwards(char *end, uint64_t n)
{
	char *s = end;

	for (; n >= 10; n /= 100) {
		unsigned pair = (unsigned)(n % 100);

		*--s = (char)('0' + pair % 10);
		*--s = (char)('0' + pair / 10);
	}
	if (n > 0 || s == end)
		*--s = (char)('0' + n);
	return s;
}

static int
put_canonical(const struct decimal *d, struct buf *out, struct err *e)
{
	char text[64], *end = text + sizeof(text), *s = end;
	char digits[24], *first = put_backwards(digits + sizeof(digits), d->digits);
	size_t more = (size_t)(digits + sizeof(digits) - first) - 1;
	int x = d->exponent + (int)more;

	s = put_backwards(s, (uint64_t)(x < 0 ? -x : x));
	if (x < 0)
		*--s = '-';
	*--s = 'e';
	s -= more;
	memcpy(s, first + 1, more);
	if (more > 0)
		*--s = '.';
	*--s = *first;
	return buf_add(out, s, (size_t)(end - s), e);
}

/* Does the byte before S[i] belong to the number there? */
static bool
has_sign(const char *s, size_t i)
{
	if (i == 0 || !is_sign(s[i - 1]))
		return false;
	return i == 1 || !(word_byte[(unsigned char)s[i - 2]] || is_sign(s[i - 2]));
}

/* What was not copied yet goes to OUT, then the number that stands at S[i].  A '-' that belongs to it
 * is copied with what stands before it, a '+' is left out. */
static int
put_token(const char *s, size_t copied, size_t i, const struct decimal *d, struct buf *out,
    struct err *e)
{
	size_t before = i - (has_sign(s, i) && s[i - 1] == '+');

	if (buf_add(out, s + copied, before - copied, e) < 0)
		return -1;
	return put_canonical(d, out, e);
}

int
floats_canonical(const char *field, size_t len, int kind, struct buf *out, struct err *e)
{
	size_t copied = 0;

	for (size_t i = 0; i < len;) {
		struct number n;
		struct decimal d;
		size_t end;

		if (!is_word(field, i, len)) {
			i++;
			continue;
		}
		end = read_number(field, i, len, &n);
		if (end == i || is_word(field, end, len)) {
			while (is_word(field, i, len))
				i++;
			continue;
		}
		if (end - i + has_sign(field, i) <= TOKEN_MAX &&
		    fewest_digits(&n, field + i, end - i, kind, &d)) {
			if (put_token(field, copied, i, &d, out, e) < 0)
				return -1;
			copied = end;
		}
		i = end;
	}
	return buf_add(out, field + copied, len - copied, e);
}
