/* rows.c -- row ends, counts and digests: against fixed values, and against naive_rows.h on every
 * buffer that random bytes and bad luck bring. */
#include "prelude.h"

#include "err.h"
#include "naive_rows.h"
#include "rows_scan.h"
#include "stage.h"
#include "tap.h"

static uint64_t seed = 20261120;

static unsigned
below(unsigned n)
{
	seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (unsigned)(seed >> 33) % n;
}

/* Bytes in which quotes, newlines and what else matters are frequent. */
static void
fill_nasty(char *data, size_t len, const char *alphabet)
{
	size_t n = strlen(alphabet);

	for (size_t i = 0; i < len; i++)
		data[i] = alphabet[below((unsigned)n)];
}

static bool
same(const struct rows *r, const struct naive_rows *want)
{
	return rows_count(r) == want->count && digest_equal(rows_digest(r), want->digest);
}

/* Push DATA in pieces of at most PIECE bytes, or of random sizes when it is 0; never stop. */
static struct rows *
push_pieces(const struct dialect *d, const unsigned char *kind, size_t ncolumns, const char *data,
    size_t len, size_t piece)
{
	struct rows *r = rows_new(d, kind, ncolumns);
	struct err e;
	size_t used;

	for (size_t at = 0; at < len; at += used) {
		size_t n = piece > 0 ? piece : below(200);

		if (n > len - at)
			n = len - at;
		if (rows_push(r, data + at, n, 0, &used, &e) < 0 || used != n) {
			rows_free(r);
			return NULL;
		}
	}
	return r;
}

static void
is_digest(const struct dialect *d, const char *text, uint64_t count, const char *want,
    const char *name)
{
	struct rows *r = push_pieces(d, NULL, 0, text, strlen(text), SIZE_MAX);
	char hex[DIGEST_HEX_LEN];

	is_u64(rows_count(r), count, name);
	is_str(digest_hex(rows_digest(r), hex), want, name);
	ok(rows_at_end(r), "%s: at a record's end", name);
	is_u64(rows_bytes(r), strlen(text), name);
	rows_free(r);
}

/* The values come from another program, which split the records by hand. */
static void
test_golden(void)
{
	is_digest(&dialect_csv, "", 0, "00000000000000000000000000000000", "nothing");
	is_digest(&dialect_csv, "\n", 1, "99aa06d3014798d86001c324468d497f", "an empty record");
	is_digest(&dialect_csv, "\n\n", 2, "33540da6028f31b0c00386488d1a92fe", "two empty records");
	is_digest(&dialect_csv, "abc\n", 1, "06b05ab6733a618578af5f94892f3950", "abc");
	is_digest(&dialect_csv, "abc\nabc\n", 2, "0d60b56ce674c30af15ebf29125e72a0", "abc twice");
	is_digest(&dialect_csv, "1,\"a\nb\",\n2,\"say \"\"x\n\"\"\",z\n\n3,\r\n", 4,
	    "3961bca55422c26d637e11471dffbbd1", "csv");
	is_digest(&dialect_text, "1\ta\\nb\t\\N\n2\t\"open\tz\n\n", 3,
	    "35c3c08f6e48d2205d3540a02023a679", "text");
}

static void
test_golden_floats(void)
{
	static const unsigned char kind[] = { 0, 8, 4, 0, 0 };
	static const char text[] =
	    "x,1.50,\"{+0.1,NULL,NaN}\",1.10\n,-0,\"{}\",7\n";
	char hex[DIGEST_HEX_LEN];
	struct rows *r = push_pieces(&dialect_csv, kind, 5, text, strlen(text), SIZE_MAX);

	is_str(digest_hex(rows_digest(r), hex), "942a5643b456ffc95ae751c274cd2cae", "floats");
	rows_free(r);
}

static void
test_digest(void)
{
	struct digest a = { 1, UINT64_MAX }, b = { UINT64_MAX, 1 }, sum = digest_add(a, b), c;
	char hex[DIGEST_HEX_LEN];
	struct err e;

	is_str(digest_hex(sum, hex), "00000000000000010000000000000000", "the sum carries and wraps");
	ok(digest_equal(digest_sub(sum, b), a), "a + b - b = a");
	ok(digest_equal(digest_sub(sum, a), b), "a + b - a = b");
	ok(!digest_equal(a, b), "unequal");
	ok(!digest_equal(a, (struct digest){ 1, 0 }), "unequal below");
	ok(!digest_equal(a, (struct digest){ 0, UINT64_MAX }), "unequal above");
	ok(digest_parse("0123456789abcdeffedcba9876543210", &c, &e) == 0, "parse");
	ok(c.high == UINT64_C(0x0123456789abcdef) && c.low == UINT64_C(0xfedcba9876543210), "its value");
	is_str(digest_hex(c, hex), "0123456789abcdeffedcba9876543210", "and back");
	ok(digest_parse("0123456789abcdeffedcba987654321", &c, &e) < 0, "too short");
	ok(digest_parse("0123456789abcdeffedcba98765432100", &c, &e) < 0, "too long");
	ok(digest_parse("0123456789ABCDEFfedcba9876543210", &c, &e) < 0, "upper case");
}

static const char nasty[] =
    "1,\"a\nb\",x\n\n\"\"\"\"\n\"\n\n\"\n2,\"say \"\"so\"\"\n\",\r\n\r\n"
    "long enough to fill a block of sixty-four bytes and some more of the next,\"\n\",\"\"\n"
    "\"in quotes over more than a block: ................................................\n"
    "\n,\n,\"\"\n,,\",,,\nlast one without its end,\"\n";

/* Every split into two pushes, and pushes of every size. */
static void
test_splits(void)
{
	const size_t len = strlen(nasty);
	struct naive_rows want = naive_rows(&dialect_csv, NULL, 0, nasty, len, 0);
	size_t good = 0, used;
	struct err e;

	ok(!want.at_end && want.count == 8, "the example holds 8 records and a piece of one");
	for (size_t split = 0; split <= len; split++) {
		struct rows *r = rows_new(&dialect_csv, NULL, 0);

		good += rows_push(r, nasty, split, 0, &used, &e) == 0 && used == split &&
		    rows_push(r, nasty + split, len - split, 0, &used, &e) == 0 &&
		    used == len - split && same(r, &want) && !rows_at_end(r) && rows_bytes(r) == len;
		rows_free(r);
	}
	is_u64(good, len + 1, "every split in two");
	good = 0;
	for (size_t piece = 1; piece <= len; piece++) {
		struct rows *r = push_pieces(&dialect_csv, NULL, 0, nasty, len, piece);

		good += r != NULL && same(r, &want);
		rows_free(r);
	}
	is_u64(good, len, "every size of piece");
}

/* At each STOP_AT: where it stops, what it counted, and that it goes on well from there. */
static void
test_stop(const struct dialect *d, const char *text, size_t len, const char *name)
{
	struct naive_rows all = naive_rows(d, NULL, 0, text, len, 0);
	size_t good = 0;
	struct err e;

	for (uint64_t stop_at = 0; stop_at <= len + 1; stop_at++) {
		struct naive_rows want = naive_rows(d, NULL, 0, text, len, stop_at), rest;
		struct rows *r = rows_new(d, NULL, 0);
		struct digest first;
		size_t used, more, first_push = below((unsigned)len);
		bool fine;

		fine = rows_push(r, text, first_push, stop_at, &used, &e) == 0;
		if (stop_at == 0 || !rows_at_end(r) || rows_bytes(r) < stop_at) {
			fine &= used == first_push;
			fine &= rows_push(r, text + used, len - used, stop_at, &more, &e) == 0;
			used += more;
		}
		fine &= used == want.stop && same(r, &want) && rows_at_end(r) == want.at_end &&
		    rows_bytes(r) == used;
		if (want.at_end) {
			first = rows_digest(r);
			rows_reset(r);
			rest = naive_rows(d, NULL, 0, text + used, len - used, 0);
			fine &= rows_push(r, text + used, len - used, 0, &more, &e) == 0 && same(r, &rest) &&
			    rows_bytes(r) == len - used &&
			    digest_equal(digest_add(first, rows_digest(r)), all.digest);
		}
		good += fine;
		rows_free(r);
	}
	is_u64(good, len + 2, name);
}

static void
test_stop_again(void)
{
	struct rows *r = rows_new(&dialect_csv, NULL, 0);
	struct err e;
	size_t used;

	ok(rows_push(r, "ab\ncd\nef\n", 9, 1, &used, &e) == 0 && used == 3, "stops at the first end");
	ok(rows_push(r, "cd\nef\n", 6, 1, &used, &e) == 0 && used == 3, "without a reset: the next end");
	ok(rows_push(r, "ef", 2, 1, &used, &e) == 0 && used == 2, "no end, no stop");
	ok(rows_push(r, "\n", 1, UINT64_MAX, &used, &e) == 0 && used == 1, "far away");
	ok(rows_push(r, NULL, 0, 1, &used, &e) == 0 && used == 0, "nothing to take");
	ok(rows_at_end(r) && rows_count(r) == 3 && rows_bytes(r) == 9, "three records");
	rows_free(r);
}

/* The scanner, both ways, on spans of every length, quotes on every border of a block. */
static void
test_scan(void)
{
	static char data[ROWS_SPAN];
	static uint16_t a[ROWS_SPAN], b[ROWS_SPAN];
	size_t good = 0, tries = 4000, full;

	for (size_t t = 0; t < tries; t++) {
		size_t len = t <= 200 ? t : below((unsigned)ROWS_SPAN + 1), na, nb, n = 0;
		struct rows_scan x = { .quoted = t % 3 != 0, .quote = "\" "[t % 2],
			.inside = t % 3 != 0 && t % 5 == 0 ? UINT64_MAX : 0 };
		struct rows_scan y = x;
		bool inside = x.inside != 0, equal = true;

		fill_nasty(data, len, t % 7 == 0 ? "\n\"" : "ab\n\"\x80\n\x8a\x0b \"");
		na = rows_scan_span(&x, data, len, a);
		nb = rows_scan_span_portable(&y, data, len, b);
		for (size_t i = 0; i < len; i++) {
			inside ^= x.quoted && data[i] == x.quote;
			if (data[i] == '\n' && !inside && (n >= na || a[n++] != i))
				equal = false;
		}
		good += equal && n == na && na == nb && memcmp(a, b, na * sizeof(a[0])) == 0 &&
		    x.inside == y.inside && x.inside == (inside ? UINT64_MAX : 0);
	}
	is_u64(good, tries, "vector, portable and naive scans agree");
	memset(data, '\n', sizeof(data));
	full = rows_scan_span(&(struct rows_scan){ .quoted = true, .quote = '"' }, data, ROWS_SPAN, a);
	ok(full == ROWS_SPAN && a[ROWS_SPAN - 1] == ROWS_SPAN - 1, "a span of nothing but ends");
}

/* The same for fields: spans of every length that matters, delimiters and what hides them on every border. */
static void
test_scan_fields(void)
{
	static const struct dialect odd = { .format = DIALECT_CSV, .delimiter = ' ', .quote = '.' };
	static const struct dialect *const dialects[] = { &dialect_csv, &dialect_text, &odd };
	static char data[400];
	size_t good = 0, tries = 6000;

	for (size_t t = 0; t < tries; t++) {
		const struct dialect *d = dialects[t % 3];
		size_t len = t / 3 <= 200 ? t / 3 : below(sizeof(data)), max = below(4) == 0 ? below(20) : sizeof(data), n = 0;
		size_t a[sizeof(data)], b[sizeof(data)], na, nb;
		bool inside = false, escaped = false, equal = true;

		fill_nasty(data, len, t % 5 == 0 ? "\\" : t % 2 == 0 ? "ab\t\\\\,\"" : ",,,\t\t\t .\"\\;");
		na = rows_scan_fields(d, data, len, a, max);
		nb = rows_scan_fields_portable(d, data, len, b, max);
		for (size_t i = 0; i < len && n < max; i++) {
			bool hidden = inside || escaped;

			escaped = d->format == DIALECT_TEXT && !escaped && data[i] == '\\';
			inside ^= d->format == DIALECT_CSV && data[i] == d->quote;
			if (data[i] == d->delimiter && !hidden && (n >= na || a[n++] != i))
				equal = false;
		}
		good += equal && n == na && na == nb && memcmp(a, b, na * sizeof(a[0])) == 0;
	}
	is_u64(good, tries, "vector, portable and naive field scans agree");
}

static void
test_random(const struct dialect *d, const unsigned char *kind, size_t ncolumns,
    const char *alphabet, const char *name)
{
	static char data[20000];
	size_t good = 0, tries = 400, missing = 0;

	for (size_t t = 0; t < tries; t++) {
		size_t len = below(t % 10 == 0 ? sizeof(data) : 600);
		struct naive_rows want;
		struct rows *r;

		fill_nasty(data, len, alphabet);
		want = naive_rows(d, kind, ncolumns, data, len, 0);
		r = push_pieces(d, kind, ncolumns, data, len, t % 3 == 0 ? SIZE_MAX : 0);
		missing += want.missing;
		good += want.missing ? r == NULL : r != NULL && same(r, &want) &&
		    rows_at_end(r) == want.at_end && rows_bytes(r) == len;
		rows_free(r);
	}
	is_u64(good, tries, name);
	ok(ncolumns < 2 || (missing > 0 && missing < tries), "%s: %zu lack a column", name, missing);
}

/* The sum over the parts is the sum over the whole, in any order; a duplicate is not nothing. */
static void
test_sum(void)
{
	static const char a[] = "1,x\n2,\"y\n\"\n", b[] = "\n3,z\n", ba[] = "\n3,z\n1,x\n2,\"y\n\"\n";
	struct digest da = naive_rows(&dialect_csv, NULL, 0, a, strlen(a), 0).digest;
	struct rows *rb = push_pieces(&dialect_csv, NULL, 0, b, strlen(b), 0);
	struct rows *rba = push_pieces(&dialect_csv, NULL, 0, ba, strlen(ba), 0);
	struct rows *twice = push_pieces(&dialect_csv, NULL, 0, "1\n1\n", 4, 0);
	struct rows *once = push_pieces(&dialect_csv, NULL, 0, "1\n", 2, 0);

	ok(digest_equal(digest_add(da, rows_digest(rb)), rows_digest(rba)), "a + b = ba");
	ok(!digest_equal(rows_digest(twice), (struct digest){ 0, 0 }), "duplicates do not cancel");
	ok(!digest_equal(rows_digest(twice), rows_digest(once)), "nor count once");
	rows_free(rb);
	rows_free(rba);
	rows_free(twice);
	rows_free(once);
}

/* One record in a thousand pushes, longer than a few spans; then one that follows at once. */
static void
test_carry(void)
{
	size_t len = 3 * ROWS_SPAN + 17;
	char *data = malloc(len);
	struct naive_rows want;
	struct rows *r;

	fill_nasty(data, len, "ab,\r");
	data[5] = data[len - 9] = '"';
	data[ROWS_SPAN] = data[ROWS_SPAN + 1] = '\n';
	data[len - 4] = data[len - 1] = '\n';
	want = naive_rows(&dialect_csv, NULL, 0, data, len, 0);
	is_u64(want.count, 2, "two records");
	r = push_pieces(&dialect_csv, NULL, 0, data, len, 13);
	ok(same(r, &want) && rows_at_end(r), "a long record in many pushes");
	rows_free(r);
	free(data);
}

static void
test_missing_column(void)
{
	static const unsigned char kind[] = { 0, 0, 4, 0 };
	struct rows *r = rows_new(&dialect_csv, kind, 4);
	struct err e;
	size_t used;

	ok(rows_push(r, "a,b,1\na,\"b,c\",\n", 15, 0, &used, &e) == 0, "three fields are enough");
	ok(rows_push(r, "a,\"b,c\"\n", 8, 0, &used, &e) < 0, "two are not");
	is_str(e.text, "record 3 has 2 columns, at least 3 were expected", "it says so");
	rows_free(r);
	rows_free(NULL);
}

static void
test_no_floats(void)
{
	static const unsigned char kind[3] = { 0, 0, 0 };
	static const char text[] = "1.50\n";
	struct naive_rows want = naive_rows(&dialect_csv, NULL, 0, text, 5, 0);
	struct rows *r = push_pieces(&dialect_csv, kind, 3, text, 5, 0);

	ok(r != NULL && same(r, &want), "no flag set: hashed as it stands, whatever its columns");
	rows_free(r);
}

static void
test_stage(void)
{
	static const char text[] = "1,\"a\nb\",\n2,x\n", hash[] = "ac727e3043eebcc589ea13eae0609966";
	static const char sum[] = "9b3a78ffb6d7a9d68b1f21910ff7f0d1";
	struct buf out;
	struct stage *sink, *s;
	char hex[DIGEST_HEX_LEN];
	struct err e;
	int rc = 0;

	buf_init(&out, 1000);
	sink = stage_to_buf(&out);
	s = stage_rows(&dialect_csv, NULL, 0, sink);
	for (const char *p = text; *p != '\0'; p++)
		rc |= stage_push(s, p, 1, &e);
	ok(rc == 0 && stage_finish(s, &e) == 0, "rows pass");
	ok(out.len == strlen(text) && memcmp(out.data, text, out.len) == 0, "unchanged");
	ok(stage_rows_count(s) == 2 && stage_rows_size(s) == strlen(text), "counted");
	is_str(digest_hex(stage_rows_digest(s), hex), sum, "their digest");
	for (unsigned i = 0; i < 16; i++)
		snprintf(hex + (size_t)2 * i, 3, "%02x", (unsigned)stage_rows_xxh3(s)[i]);
	is_str(hex, hash, "the hash of all bytes, the most significant first");
	stage_free(s);

	s = stage_rows(&dialect_csv, NULL, 0, sink);
	ok(stage_push(s, "a\nb", 3, &e) == 0 && stage_finish(s, &e) < 0, "an incomplete record");
	ok(e.code == ERR_DIFFERS, "is damage");
	stage_free(s);
	s = stage_rows(&dialect_csv, (const unsigned char[]){ 0, 8 }, 2, sink);
	ok(stage_push(s, "a\n", 2, &e) < 0, "the scanner's errors come through");
	stage_free(s);
	stage_free(sink);
	buf_release(&out);
}

int
main(void)
{
	static const unsigned char kind[] = { 8, 0, 4 };
	static const char text[] = "1\t2\n\n\"3\n\\\t\n4\n";

	test_golden();
	test_golden_floats();
	test_digest();
	test_splits();
	test_stop(&dialect_csv, nasty, strlen(nasty), "csv: stop_at at every value");
	test_stop(&dialect_text, text, strlen(text), "text: stop_at at every value");
	test_stop_again();
	test_scan();
	test_scan_fields();
	test_random(&dialect_csv, NULL, 0, "a,\"\n", "random csv");
	test_random(&dialect_csv, NULL, 0, "abcdefghijklmnopqrstuvwxyz,,,,\"\"\n", "random long csv");
	test_random(&dialect_text, NULL, 0, "a\t\\\"\n", "random text");
	test_random(&dialect_csv, kind, 3, "1.5e-,,,,,,,,,,\"\"0+\n", "random csv with floats");
	test_random(&dialect_text, kind, 3, "1.5e-\t\t\t\t\t\t\t\t\\0+\n", "random text with floats");
	test_random(&dialect_csv, kind, 1, "1.5e-,\"0+\n", "random csv of one column");
	test_sum();
	test_carry();
	test_missing_column();
	test_no_floats();
	test_stage();
	return tap_done();
}
