/* fuzz-rows.c -- any bytes: rows.c and naive_rows.h agree, however the bytes are cut.
 *
 * Input: flags (1 TEXT, 2 float columns, 4 every byte its own push), stop_at, cut; then the rows. */
#include "prelude.h"

#include "err.h"
#include "naive_rows.h"

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size);

static void
must(bool holds)
{
	if (!holds)
		abort();
}

static bool
push_all(struct rows *r, const char *data, size_t len, size_t piece)
{
	struct err e;
	size_t used;

	for (size_t at = 0; at < len; at += used) {
		size_t n = len - at < piece ? len - at : piece;

		if (rows_push(r, data + at, n, 0, &used, &e) < 0)
			return false;
		must(used == n);
	}
	return true;
}

int
LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
	static const unsigned char kinds[] = { 8, 0, 4 };
	const struct dialect *d;
	const unsigned char *kind;
	const char *data;
	struct naive_rows whole, part, rest;
	struct rows *r;
	struct err e;
	size_t len, cut, used;

	if (size < 3)
		return 0;
	d = input[0] & 1 ? &dialect_text : &dialect_csv;
	kind = input[0] & 2 ? kinds : NULL;
	data = (const char *)input + 3;
	len = size - 3;
	cut = input[0] & 4 ? 1 : (size_t)input[2] + 1;

	whole = naive_rows(d, kind, 3, data, len, 0);
	r = rows_new(d, kind, 3);
	must(push_all(r, data, len, cut) == !whole.missing);
	if (!whole.missing) {
		must(rows_count(r) == whole.count && digest_equal(rows_digest(r), whole.digest));
		must(rows_at_end(r) == whole.at_end && rows_bytes(r) == len);
	}
	rows_free(r);
	if (whole.missing)
		return 0;

	/* Stopped somewhere and begun anew, the two parts are the whole. */
	part = naive_rows(d, kind, 3, data, len, input[1]);
	r = rows_new(d, kind, 3);
	must(rows_push(r, data, len, input[1], &used, &e) == 0 && used == part.stop);
	must(rows_count(r) == part.count && digest_equal(rows_digest(r), part.digest));
	must(rows_at_end(r) == part.at_end);
	if (part.at_end) {
		rows_reset(r);
		must(push_all(r, data + used, len - used, cut));
		rest = naive_rows(d, kind, 3, data + used, len - used, 0);
		must(rows_count(r) == rest.count && part.count + rest.count == whole.count);
		must(digest_equal(digest_add(part.digest, rows_digest(r)), whole.digest));
	}
	rows_free(r);
	return 0;
}
