/* digest.c -- a row digest is a number modulo 2^128 (rows.h). */
#include "prelude.h"

#include "parse.h"
#include "rows.h"

char *
digest_hex(struct digest d, char out[DIGEST_HEX_LEN])
{
	unsigned char bytes[16];

	for (unsigned i = 0; i < 8; i++) {
		bytes[i] = (unsigned char)(d.high >> (56 - 8 * i));
		bytes[8 + i] = (unsigned char)(d.low >> (56 - 8 * i));
	}
	return format_hex(bytes, sizeof(bytes), out);
}

int
digest_parse(const char *hex, struct digest *out, struct err *e)
{
	unsigned char bytes[16];

	if (parse_hex(hex, bytes, sizeof(bytes), e) < 0)
		return -1;
	out->high = out->low = 0;
	for (unsigned i = 0; i < 8; i++) {
		out->high = out->high << 8 | bytes[i];
		out->low = out->low << 8 | bytes[8 + i];
	}
	return 0;
}

struct digest
digest_add(struct digest a, struct digest b)
{
	struct digest sum;

	sum.low = a.low + b.low;
	sum.high = a.high + b.high + (sum.low < b.low);
	return sum;
}

struct digest
digest_sub(struct digest a, struct digest b)
{
	struct digest left;

	left.low = a.low - b.low;
	left.high = a.high - b.high - (a.low < b.low);
	return left;
}

bool
digest_equal(struct digest a, struct digest b)
{
	return a.high == b.high && a.low == b.low;
}
