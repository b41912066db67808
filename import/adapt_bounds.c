/* adapt_bounds.c -- START … EXCLUSIVE and END … INCLUSIVE as bounds that are inclusive below and exclusive above. */
#include "prelude.h"

#include <math.h>

#include "adapt_partitions.h"
#include "err.h"
#include "parse.h"

enum order { NO_ORDER, WHOLE, DAYS, TIMES, NUMERIC, FLOAT8, FLOAT4, TEXT };

static const struct {
	const char *pattern;   /* of a type's first words */
	enum order order;
} types[] = {
	{ "smallint|integer|bigint|int2|int4|int8|int", WHOLE },
	{ "date", DAYS },
	{ "timestamp|timestamptz", TIMES },
	{ "numeric|decimal", NUMERIC },
	{ "double precision", FLOAT8 },
	{ "float8", FLOAT8 },
	{ "real|float4", FLOAT4 },
	{ "text|varchar|character|char|bpchar", TEXT },
};

/* Names of types may stand in double quotes. */
static enum order
order_of(const struct work *w, size_t type)
{
	static const char *const quoted[] = { "date", "text", "numeric", "int2", "int4", "int8", "float8", "float4", "timestamptz" };
	static const enum order theirs[] = { DAYS, TEXT, NUMERIC, WHOLE, WHOLE, WHOLE, FLOAT8, FLOAT4, TIMES };

	for (size_t i = 0; i < GPM_ARRAY_LEN(types); i++)
		if (work_match(w, type, types[i].pattern) > 0)
			return types[i].order;
	for (size_t i = 0; i < GPM_ARRAY_LEN(quoted); i++)
		if (work_keyword(w, type, quoted[i]))
			return theirs[i];
	return NO_ORDER;
}

/* What stands in the parentheses at OPEN, for the functions of C. */
static char *
text_in(const struct work *w, size_t from, size_t open)
{
	struct buf b;

	text_init(&b);
	work_add_text(w, from, work_after(w, open) - 1, &b);
	return text_take(&b);
}

/* s of (p) or (p,s); -1 when it is none. */
static int
scale_at(const struct work *w, size_t open)
{
	char *text = text_in(w, open + 1, open), *comma = strchr(text, ',');
	uint64_t digits = 0;
	struct err e;
	int scale = 0;

	if (comma != NULL)
		scale = parse_u64(comma + 1, 0, 1000, &digits, &e) == 0 ? (int)digits : -1;
	free(text);
	return scale;
}

/* The order of column KEY, and the digits behind the point of numeric(p,s), -1 when they are not limited. */
static enum order
order_of_key(const struct work *w, const char *key, int *scale)
{
	size_t type, end;
	enum order order;

	*scale = -1;
	if (!columns_find(w, key, &type, &end))
		return NO_ORDER;
	order = order_of(w, type);
	for (size_t i = type; i < end; i++)
		if (work_char(w, i, '['))
			return NO_ORDER; /* of arrays */
	if (order == NUMERIC && work_char(w, type + 1, '('))
		*scale = scale_at(w, type + 1);
	return order;
}

/* The number in '…' at the beginning of the expression at OPEN, or that is all of it. */
static bool
number_at(const struct work *w, size_t open, double *out)
{
	struct sql_token t = work_token(w, open + 1);
	bool quoted = t.kind == SQL_STRING && t.text[0] == '\'';
	char *text = quoted ? mem_strn(t.text + 1, t.len - 2) : text_in(w, open + 1, open), *rest;
	bool good;

	*out = strtod(text, &rest);
	good = rest != text && *rest == '\0' && isfinite(*out);
	free(text);
	return good;
}

static void
add_step(int scale, struct buf *out)
{
	text_puts(out, " + ");
	if (scale == 0) {
		text_puts(out, "1");
		return;
	}
	text_puts(out, "0.");
	for (int i = 1; i < scale; i++)
		text_puts(out, "0");
	text_puts(out, "1");
}

#define SMALL_STEP 100 /* digits of a numeric without a limit; a value between is refused when it is loaded */

bool
bound_next(const struct work *w, const char *key, size_t open, struct buf *out)
{
	int scale;
	enum order order = order_of_key(w, key, &scale);
	double number;

	if (order == FLOAT8 || order == FLOAT4) {
		if (!number_at(w, open, &number))
			return false;
		number = order == FLOAT8 ? nextafter(number, INFINITY) : (double)nextafterf((float)number, INFINITY);
		text_printf(out, "'%.17g'::%s", number, order == FLOAT8 ? "double precision" : "real");
		return isfinite(number);
	}
	if (order == NO_ORDER)
		return false;
	text_puts(out, "(");
	work_add_text(w, open + 1, work_after(w, open) - 1, out);
	text_puts(out, ")");
	if (order == WHOLE || order == DAYS)
		text_puts(out, " + 1");
	else if (order == TIMES)
		text_puts(out, " + '00:00:00.000001'::interval");
	else if (order == NUMERIC)
		add_step(scale >= 0 ? scale : SMALL_STEP, out);
	else
		text_puts(out, " || E'\\001'"); /* no string stands between, where characters are ordered by their codes */
	return true;
}

bool
bound_needs_rewrite(const struct work *w, const char *key)
{
	int scale;
	enum order order = order_of_key(w, key, &scale);

	return order == NUMERIC || order == FLOAT8 || order == FLOAT4 || order == TEXT;
}
