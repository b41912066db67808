/* parse.c -- numbers out of text, whole text or nothing. */
#include "prelude.h"

#include <ctype.h>
#include <inttypes.h>
#include <strings.h>

#include "err.h"
#include "parse.h"

/* Leading digits of TEXT into *OUT; returns what follows them, NULL without digits or past 2^64-1. */
static const char *
leading_digits(const char *text, uint64_t *out)
{
	uint64_t value = 0;
	const char *p = text;

	for (; *p >= '0' && *p <= '9'; p++)
		if (__builtin_mul_overflow(value, (uint64_t)10, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(*p - '0'), &value))
			return NULL;
	*out = value;
	return p == text ? NULL : p;
}

int
parse_u64(const char *text, uint64_t min, uint64_t max, uint64_t *out, struct err *e)
{
	uint64_t value;
	const char *rest = leading_digits(text, &value);

	if (rest == NULL || *rest != '\0')
		return err_set(e, ERR_USAGE, "'%s' is not a whole number", text);
	if (value < min || value > max)
		return err_set(e, ERR_USAGE, "%s is not between %" PRIu64 " and %" PRIu64, text, min, max);
	*out = value;
	return 0;
}

struct unit {
	const char *name;
	uint64_t factor;
};

/* A number and one of UNITS. */
static int
parse_with_unit(const char *text, const struct unit *units, size_t n, const char *what,
    uint64_t *out, struct err *e)
{
	uint64_t value;
	const char *rest = leading_digits(text, &value);

	if (rest != NULL) {
		while (*rest == ' ')
			rest++;
		for (size_t i = 0; i < n; i++) {
			if (strcasecmp(rest, units[i].name) != 0)
				continue;
			if (__builtin_mul_overflow(value, units[i].factor, &value))
				return err_set(e, ERR_USAGE, "'%s' is too large", text);
			*out = value;
			return 0;
		}
	}
	return err_set(e, ERR_USAGE, "'%s' is not %s", text, what);
}

int
parse_size(const char *text, uint64_t *out, struct err *e)
{
	static const struct unit units[] = {
		{ "", 1 }, { "B", 1 },
		{ "K", (uint64_t)1 << 10 }, { "KB", (uint64_t)1 << 10 }, { "KiB", (uint64_t)1 << 10 },
		{ "M", (uint64_t)1 << 20 }, { "MB", (uint64_t)1 << 20 }, { "MiB", (uint64_t)1 << 20 },
		{ "G", (uint64_t)1 << 30 }, { "GB", (uint64_t)1 << 30 }, { "GiB", (uint64_t)1 << 30 },
		{ "T", (uint64_t)1 << 40 }, { "TB", (uint64_t)1 << 40 }, { "TiB", (uint64_t)1 << 40 },
		{ "P", (uint64_t)1 << 50 }, { "PB", (uint64_t)1 << 50 }, { "PiB", (uint64_t)1 << 50 },
	};

	return parse_with_unit(text, units, GPM_ARRAY_LEN(units), "a size such as 64MB or 16GB", out, e);
}

int
parse_duration(const char *text, uint64_t *out, struct err *e)
{
	static const struct unit units[] = {
		{ "", 1 }, { "s", 1 }, { "sec", 1 }, { "m", 60 }, { "min", 60 },
		{ "h", 3600 }, { "d", 86400 },
	};

	return parse_with_unit(text, units, GPM_ARRAY_LEN(units), "a time such as 30s, 15min or 6h",
	    out, e);
}

int
parse_bool(const char *text, bool *out, struct err *e)
{
	static const char *const yes[] = { "true", "on", "yes", "1" };
	static const char *const no[] = { "false", "off", "no", "0" };

	for (size_t i = 0; i < GPM_ARRAY_LEN(yes); i++) {
		if (strcasecmp(text, yes[i]) == 0) {
			*out = true;
			return 0;
		}
		if (strcasecmp(text, no[i]) == 0) {
			*out = false;
			return 0;
		}
	}
	return err_set(e, ERR_USAGE, "'%s' is neither on nor off", text);
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int
parse_hex(const char *text, void *out, size_t n, struct err *e)
{
	unsigned char *bytes = out;

	if (strlen(text) != 2 * n)
		return err_set(e, ERR_FAILED, "'%.100s' is not %zu hex digits", text, 2 * n);
	for (size_t i = 0; i < n; i++) {
		int high = hex_digit(text[2 * i]), low = hex_digit(text[2 * i + 1]);

		if (high < 0 || low < 0)
			return err_set(e, ERR_FAILED, "'%.100s' is not lower-case hex", text);
		bytes[i] = (unsigned char)(high << 4 | low);
	}
	return 0;
}

char *
format_size(uint64_t bytes, char out[FORMAT_SIZE_LEN])
{
	static const char *const units[] = { "B", "KB", "MB", "GB", "TB", "PB" };
	double value = (double)bytes;
	size_t i = 0;

	while (value >= 1024 && i + 1 < GPM_ARRAY_LEN(units)) {
		value /= 1024;
		i++;
	}
	snprintf(out, FORMAT_SIZE_LEN, i == 0 ? "%.0f %s" : "%.1f %s", value, units[i]);
	return out;
}

char *
format_count(uint64_t n, char out[FORMAT_SIZE_LEN])
{
	char digits[24];
	int len = snprintf(digits, sizeof(digits), "%" PRIu64, n);
	char *p = out;

	for (int i = 0; i < len; i++) {
		if (i > 0 && (len - i) % 3 == 0)
			*p++ = ',';
		*p++ = digits[i];
	}
	*p = '\0';
	return out;
}

char *
format_hex(const void *bytes, size_t n, char *out)
{
	static const char hex[] = "0123456789abcdef";
	const unsigned char *b = bytes;

	for (size_t i = 0; i < n; i++) {
		out[2 * i] = hex[b[i] >> 4];
		out[2 * i + 1] = hex[b[i] & 15];
	}
	out[2 * n] = '\0';
	return out;
}
