/* naive_floats.h -- the rule of common/floats.h once more, slow and written from its text alone:
 * what the tests and fuzzers compare floats.c with. */
#ifndef GPM_NAIVE_FLOATS_H
#define GPM_NAIVE_FLOATS_H

#include <math.h>

static bool
naive_digit(const char *s, size_t i, size_t len)
{
	return i < len && s[i] >= '0' && s[i] <= '9';
}

static bool
naive_word(const char *s, size_t i, size_t len)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.";

	return i < len && ((s[i] & 0x80) || (s[i] != '\0' && strchr(letters, s[i]) != NULL));
}

/* Where the longest number at S[i] ends; I when there is none. */
static size_t
naive_number_end(const char *s, size_t i, size_t len)
{
	size_t at = i, digits = 0, x;

	for (; naive_digit(s, at, len); at++)
		digits++;
	if (at < len && s[at] == '.' && (digits > 0 || naive_digit(s, at + 1, len)))
		for (at++; naive_digit(s, at, len); at++)
			digits++;
	if (digits == 0)
		return i;
	x = at;
	if (x < len && (s[x] == 'e' || s[x] == 'E')) {
		x++;
		if (x < len && (s[x] == '+' || s[x] == '-'))
			x++;
		if (naive_digit(s, x, len)) {
			for (at = x; naive_digit(s, at, len); at++)
				;
		}
	}
	return at;
}

/* Rule 6, by trying every P from 1.  TEXT has no sign; false when it reads as infinity. */
static bool
naive_shortest(const char *text, int kind, char out[64])
{
	double value = kind == 4 ? (double)strtof(text, NULL) : strtod(text, NULL);
	char printed[64], *e;
	size_t n;

	if (isinf(value))
		return false;
	for (int p = 1; p <= 17; p++) {
		double back;

		snprintf(printed, sizeof(printed), "%.*e", p - 1, value);
		back = kind == 4 ? (double)strtof(printed, NULL) : strtod(printed, NULL);
		if (memcmp(&back, &value, sizeof(back)) == 0)
			break;
	}
	e = strchr(printed, 'e');
	n = (size_t)(e - printed);
	while (n > 1 && (printed[n - 1] == '0' || printed[n - 1] == '.'))
		if (printed[--n] == '.')
			break;
	snprintf(out, 64, "%.*se%ld", (int)n, printed, strtol(e + 1, NULL, 10));
	return true;
}

/* Does the sign before S[i] belong to what stands there? */
static bool
naive_has_sign(const char *s, size_t i, size_t len)
{
	if (i == 0 || (s[i - 1] != '-' && s[i - 1] != '+'))
		return false;
	return i == 1 || !(naive_word(s, i - 2, len) || s[i - 2] == '-' || s[i - 2] == '+');
}

/* Rule 7: the form of the word S[i] … S[end - 1], NULL when it is another one. */
static const char *
naive_special(const char *s, size_t i, size_t end)
{
	char word[10] = "";

	for (size_t n = 0; i + n < end && n < sizeof(word) - 1; n++)
		word[n] = s[i + n] >= 'A' && s[i + n] <= 'Z' ? (char)(s[i + n] - 'A' + 'a') : s[i + n];
	return strcmp(word, "nan") == 0 ? "NaN" : strcmp(word, "inf") == 0 || strcmp(word, "infinity") == 0 ? "Infinity" : NULL;
}

/* The whole rule: FIELD rewritten into OUT, which has room for 3 * LEN + 64 bytes.  Returns the
 * length. */
static size_t
naive_canonical(const char *field, size_t len, int kind, char *out)
{
	size_t n = 0, i = 0;

	while (i < len) {
		size_t end, start = i;
		char token[80], shortest[64];

		if (!naive_word(field, i, len)) {
			out[n++] = field[i++];
			continue;
		}
		end = naive_number_end(field, i, len);
		if (end == i || naive_word(field, end, len)) {
			const char *form;

			for (end = i; naive_word(field, end, len); end++)
				;
			if ((form = naive_special(field, i, end)) == NULL) {
				memcpy(out + n, field + i, end - i);
				n += end - i;
			} else {
				n -= naive_has_sign(field, i, len) && (field[i - 1] == '+' || *form == 'N');
				memcpy(out + n, form, strlen(form));
				n += strlen(form);
			}
			i = end;
			continue;
		}
		if (naive_has_sign(field, i, len))
			start--;
		snprintf(token, sizeof(token), "%.*s", (int)(end - i < 70 ? end - i : 70), field + i);
		if (end - start <= 64 && naive_shortest(token, kind, shortest)) {
			n -= start < i && field[start] == '+';
			memcpy(out + n, shortest, strlen(shortest));
			n += strlen(shortest);
		} else {
			memcpy(out + n, field + i, end - i);
			n += end - i;
		}
		i = end;
	}
	return n;
}

#endif
