/* Goal of this test: what a compression makes comes back byte for byte, other tools read it, and
 * nothing that was damaged, cut, extended or inflated comes back as if it were good. */
#include "prelude.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "atomic.h"
#include "err.h"
#include "parse.h"
#include "stage_gzip.h"
#include "tap.h"

#define BIG ((size_t)20 << 20)

static char base[] = "/tmp/gpm-test-stage-XXXXXX";
static char *random_bytes, *text_bytes; /* BIG of each */

static void
make_data(void)
{
	uint64_t x = 88172645463325252u;

	random_bytes = mem_alloc(BIG);
	text_bytes = mem_alloc(BIG);
	for (size_t i = 0; i < BIG; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		random_bytes[i] = (char)x;
		/* Rows of a sort: runs that repeat, with a changing number in them. */
		text_bytes[i] = i % 40 == 39 ? '\n' : i % 40 < 6 ? (char)('0' + x % 10) : (char)('a' + i % 17);
	}
}

/* Push IN through S in pieces of PIECE, 2 * PIECE + 1, 0, PIECE … bytes, and finish. */
static int
run(struct stage *s, const char *in, size_t len, size_t piece, struct err *e)
{
	size_t n = piece;

	for (size_t at = 0; at < len; at += n) {
		n = at % 3 == 0 ? piece : 2 * piece + 1;
		n = n < len - at ? n : len - at;
		if (stage_push(s, in + at, n, e) < 0 || stage_push(s, NULL, 0, e) < 0)
			return -1;
	}
	return stage_finish(s, e);
}

/* OUT is initialised anew. */
static int
pack(const char *how, uint64_t hint, const char *in, size_t len, size_t piece, struct buf *out, struct err *e)
{
	struct compression c;
	struct stage *sink, *s;
	int rc;

	buf_init(out, (size_t)64 << 20);
	if (compression_parse(how, &c, e) < 0)
		return -1;
	sink = stage_to_buf(out);
	if ((s = stage_compress(&c, hint, sink, e)) == NULL) {
		stage_free(sink);
		return -1;
	}
	rc = run(s, in, len, piece, e);
	stage_free(s);
	stage_free(sink);
	return rc;
}

/* The level in HOW does not matter here. */
static int
unpack(const char *how, uint64_t limit, const char *in, size_t len, size_t piece, struct buf *out, struct err *e)
{
	char *name = mem_strn(how, strcspn(how, ":"));
	struct stage *sink, *s;
	int rc = -1;

	buf_init(out, (size_t)64 << 20);
	sink = stage_to_buf(out);
	s = stage_decompress(name, limit, sink, e);
	if (s != NULL)
		rc = run(s, in, len, piece, e);
	stage_free(s);
	stage_free(sink);
	free(name);
	return rc;
}

/* DATA through a file of this name and COMMAND's first line of output. */
static const char *
shell(const char *name, const void *data, size_t len, const char *command)
{
	static char line[256];
	char *path = mem_printf("%s/%s", base, name), *all = mem_printf("cd %s && { %s; } 2>/dev/null", base, command);
	struct err e;
	FILE *f;
	int rc;

	line[0] = '\0';
	rc = atomic_write_file(path, data, len, &e);
	if (rc == 0 && (f = popen(all, "r")) != NULL) {
		if (fgets(line, sizeof(line), f) != NULL)
			line[strcspn(line, "\n")] = '\0';
		if (pclose(f) != 0)
			snprintf(line, sizeof(line), "failed: %s", command);
	}
	free(all);
	free(path);
	return line;
}

static bool
have(const char *tool)
{
	char *command = mem_printf("command -v %s", tool);
	bool found = strncmp(shell("probe", "", 0, command), "/", 1) == 0;

	free(command);
	return found;
}

static void
test_parse(void)
{
	static const char *const bad[] = { "", "lz4", "zstd:", "zstd:0", "zstd:20", "zstd:-1", "gzip:10", "none:1", "zstdx", "zst", "ZSTD", ":3", "zstd:3:4" };
	struct compression c;
	struct stage *s;
	struct err e;

	ok(compression_parse("zstd", &c, &e) == 0 && strcmp(c.name, "zstd") == 0 && c.level == 1, "zstd is level 1");
	is_str(compression_suffix(&c), ".zst", "its suffix");
	ok(compression_parse("zstd:19", &c, &e) == 0 && c.level == 19, "zstd:19");
	ok(compression_parse("gzip", &c, &e) == 0 && strcmp(c.name, "gzip") == 0 && c.level == 1, "gzip is level 1");
	is_str(compression_suffix(&c), ".gz", "its suffix");
	ok(compression_parse("none", &c, &e) == 0 && strcmp(c.name, "none") == 0 && c.level == 0, "none");
	is_str(compression_suffix(&c), "", "its suffix");
	for (size_t i = 0; i < GPM_ARRAY_LEN(bad); i++)
		ok(compression_parse(bad[i], &c, &e) == -1 && e.code == ERR_USAGE, "'%s' is refused", bad[i]);
	s = stage_decompress("lz4", 1, NULL, &e);
	ok(s == NULL && strstr(e.text, "lz4") != NULL, "a compression that a manifest makes up is refused");
	stage_free(NULL);
}

static void
test_round_trips(void)
{
	static const char *const how[] = { "zstd", "zstd:6", "gzip", "gzip:2", "gzip:3", "gzip:4", "none" };
	static const size_t sizes[] = { 0, 1, 100, 131071, 131072, 131073, 262143, 262144, 262145, (size_t)1 << 20, BIG };
	struct buf packed, again, out;
	struct err e;

	for (size_t h = 0; h < GPM_ARRAY_LEN(how); h++) {
		for (size_t i = 0; i < 2 * GPM_ARRAY_LEN(sizes); i++) {
			const char *in = i % 2 == 0 ? text_bytes : random_bytes;
			size_t len = i % 2 == 1 && sizes[i / 2] == BIG ? BIG / 4 : sizes[i / 2];
			size_t piece = len < 1000 ? 1 : len / 7;
			int rc = pack(how[h], 0, in, len, 65536, &packed, &e);

			rc = pack(how[h], 0, in, len, piece, &again, &e) < 0 ? -1 : rc;
			ok(rc == 0 && packed.len == again.len && (len == 0 || memcmp(packed.data, again.data, packed.len) == 0),
			    "%s of %zu %s bytes depends not on the pieces", how[h], len, i % 2 == 0 ? "text" : "random");
			rc = unpack(how[h], len, packed.data, packed.len, packed.len / 5 + 1, &out, &e);
			ok(rc == 0 && out.len == len && (len == 0 || memcmp(out.data, in, len) == 0), "and comes back: %s", rc < 0 ? e.text : "");
			buf_release(&packed);
			buf_release(&again);
			buf_release(&out);
		}
	}
}

/* A higher level makes less of it, whichever library does it. */
static void
test_gzip_levels(void)
{
	char *rows = mem_alloc((size_t)1 << 20), how[24];
	size_t len = 0, before = SIZE_MAX;
	unsigned x = 1;
	struct buf b;
	struct err e;

	while (len + 100 < (size_t)1 << 20) {
		x = x * 1103515245 + 12345;
		len += (size_t)snprintf(rows + len, 100, "%zu,%u.%02u,2024-%02u-%02u,\"%s, %s\"\n", len / 31, x >> 22, x % 100,
		    1 + x / 7 % 12, 1 + x / 11 % 28, x & 4096 ? "sent by mail" : "fetched", x & 65536 ? "paid" : "open");
	}
	for (int level = 1; level <= 9; level++) {
		snprintf(how, sizeof(how), "gzip:%d", level);
		ok(pack(how, 0, rows, len, 65536, &b, &e) == 0, "%s of rows", how);
		ok(b.len > 0 && b.len <= before, "makes %zu bytes of %zu", b.len, len);
		before = b.len;
		buf_release(&b);
	}
	free(rows);
}

static void
test_size_hint(void)
{
	struct buf b;
	struct err e;

	ok(pack("zstd", 1000, text_bytes, 1000, 77, &b, &e) == 0, "the announced size");
	buf_release(&b);
	ok(pack("zstd", 1001, text_bytes, 1000, 77, &b, &e) == -1, "fewer bytes than announced fail");
	has_str(e.text, "not as many as announced", "and the message says so");
	buf_release(&b);
	ok(pack("zstd", 999, text_bytes, 1000, 77, &b, &e) == -1, "more bytes than announced fail");
	buf_release(&b);
}

/* The checks that the streams are what the world's own tools expect. */
static void
test_tools(void)
{
	struct buf b;
	struct err e;
	char name[24];

	if (!have("zstd")) {
		ok(1, "zstd reads ours # SKIP no zstd here");
	} else {
		ok(pack("zstd", 300000, text_bytes, 300000, 70000, &b, &e) == 0, "zstd");
		is_str(shell("x.zst", b.data, b.len, "zstd -qt x.zst && zstd -qdc x.zst | wc -c"), "300000", "zstd reads ours");
		has_str(shell("x.zst", b.data, b.len, "zstd -lv x.zst | grep Check"), "Check: XXH64", "the frame has a checksum");
		has_str(shell("x.zst", b.data, b.len, "zstd -lv x.zst | grep Decompressed"), "(300000 B)", "and its announced size");
		buf_release(&b);
	}
	if (!have("gzip")) {
		ok(1, "gzip reads ours # SKIP no gzip here");
		return;
	}
	for (int level = 1; level <= 9; level += 2) {
		snprintf(name, sizeof(name), "gzip:%d", level);
		ok(pack(name, 0, text_bytes, 300000, 70000, &b, &e) == 0, "%s", name);
		is_str(shell("x.gz", b.data, b.len, "gzip -t x.gz && gzip -dc x.gz | wc -c"), "300000", "gzip reads ours");
		is_str(shell("x.gz", b.data, b.len, "gzip -l x.gz | awk 'NR == 2 { print $2 }'"), "300000", "one member: its trailer has the whole size");
		if (have("python3"))
			is_str(shell("x.gz", b.data, b.len, "python3 -c 'import gzip; print(len(gzip.open(\"x.gz\").read()))'"), "300000", "Python reads ours");
		ok(memcmp(b.data, "\037\213\010\0\0\0\0\0", 8) == 0 && b.data[9] == 3, "no name, no time, system 3");
		buf_release(&b);
	}
}

static void
test_sha256(void)
{
	static const size_t sizes[] = { 0, 1, 63, 64, 1 << 20 };
	char hex[65];
	struct buf out;
	struct err e;

	for (size_t i = 0; i < GPM_ARRAY_LEN(sizes); i++) {
		struct stage *sink, *s;

		buf_init(&out, BIG);
		sink = stage_to_buf(&out);
		s = stage_sha256(sink);
		ok(run(s, random_bytes, sizes[i], 1009, &e) == 0, "hash of %zu bytes", sizes[i]);
		ok(out.len == sizes[i] && (out.len == 0 || memcmp(out.data, random_bytes, out.len) == 0), "the bytes pass");
		is_u64(stage_sha256_size(s), sizes[i], "their number");
		format_hex(stage_sha256_hash(s), 32, hex);
		is_str(hex, shell("x", random_bytes, sizes[i], "sha256sum < x | cut -d' ' -f1"), "as sha256sum has it");
		stage_free(s);
		stage_free(sink);
		buf_release(&out);
	}
}

/* A stream of NAME that is not LEN bytes of IN must not come back as something else. */
static bool
never_wrong(const char *name, const struct buf *stream, const char *in, size_t len, struct err *e)
{
	struct buf out;
	bool fine;

	err_clear(e);
	if (unpack(name, len, stream->data, stream->len, stream->len / 50 + 1, &out, e) < 0)
		fine = e->code == ERR_DIFFERS && strncmp(e->text, "object ", 7) == 0;
	else
		fine = out.len == len && (len == 0 || memcmp(out.data, in, len) == 0);
	buf_release(&out);
	return fine;
}

static void
test_flips(const char *name, const char *in, size_t len, size_t step)
{
	size_t refused = 0, tried = 0, wrong = 0;
	struct buf b;
	struct err e;

	ok(pack(name, len, in, len, 4096, &b, &e) == 0, "%s of %zu bytes", name, len);
	for (size_t bit = 0; bit < 8 * b.len; bit += bit < 256 ? 1 : step) {
		b.data[bit / 8] = (char)(b.data[bit / 8] ^ 1 << bit % 8);
		if (!never_wrong(name, &b, in, len, &e) && wrong++ < 5)
			printf("# bit %zu: %s\n", bit, e.text);
		refused += e.code == ERR_DIFFERS;
		tried++;
		b.data[bit / 8] = (char)(b.data[bit / 8] ^ 1 << bit % 8);
	}
	is_u64(wrong, 0, "a flipped bit never gives other bytes");
	/* A gzip header has 50 bits that mean nothing, a zstd header one. */
	ok(tried - refused <= 64 && refused > 0, "and is refused at %zu of %zu places", refused, tried);
	buf_release(&b);
}

static void
test_cuts(const char *name, const char *in, size_t len)
{
	size_t accepted = 0, other = 0, whole;
	struct buf b, out;
	struct err e;

	ok(pack(name, 0, in, len, 4096, &b, &e) == 0, "%s of %zu bytes", name, len);
	whole = b.len;
	for (size_t n = 0; n < whole; n++) {
		accepted += unpack(name, len, b.data, n, 5, &out, &e) == 0;
		other += e.code != ERR_DIFFERS || strstr(e.text, "object is truncated") == NULL;
		buf_release(&out);
	}
	is_u64(accepted, 0, "no cut one is accepted");
	is_u64(other, 0, "and each is called truncated");
	buf_release(&b);
}

static void
test_extended(const char *name, size_t len)
{
	struct buf b, out;
	struct err e;
	size_t whole;

	ok(pack(name, 0, text_bytes, len, 4096, &b, &e) == 0, "%s of %zu bytes", name, len);
	whole = b.len;
	for (size_t piece = 1; piece <= 2 * whole; piece += whole) {
		ok(buf_addc(&b, '\0', &e) == 0 && unpack(name, 2 * len, b.data, b.len, piece, &out, &e) == -1 &&
		    e.code == ERR_DIFFERS, "a byte after it is refused");
		has_str(e.text, "bytes after its", "and the message says so");
		buf_release(&out);
		b.len = whole;
		ok(buf_reserve(&b, whole, &e) == 0 && buf_add(&b, b.data, whole, &e) == 0 &&
		    unpack(name, 2 * len, b.data, b.len, piece, &out, &e) == -1 && e.code == ERR_DIFFERS, "a second one after it is refused");
		buf_release(&out);
		b.len = whole;
	}
	buf_release(&b);
}

#ifdef HAVE_ISAL
typedef struct stage *gzip_decompress_fn(uint64_t limit, struct stage *next, struct err *);

/* What a library makes of a stream: 0 and all that is in it, or the error's code. */
static int
unpack_by(gzip_decompress_fn *fn, uint64_t limit, const struct buf *stream, size_t piece, struct buf *out)
{
	struct stage *sink, *s;
	struct err e;
	int rc;

	buf_init(out, (size_t)64 << 20);
	sink = stage_to_buf(out);
	s = fn(limit, sink, &e);
	rc = run(s, stream->data, stream->len, piece, &e) < 0 ? (int)e.code : 0;
	stage_free(s);
	stage_free(sink);
	return rc;
}

static bool
same_verdict(const struct buf *stream, size_t limit, size_t piece)
{
	struct buf a, b;
	int by_isal = unpack_by(stage_isal_decompress, limit, stream, piece, &a);
	int by_zlib = unpack_by(stage_zlib_decompress, limit, stream, piece, &b);
	bool same = by_isal == by_zlib && (by_isal != 0 || (a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0)));

	buf_release(&a);
	buf_release(&b);
	return same;
}

/* Either library reads what the other writes, and both refuse the same streams. */
static void
test_libraries(void)
{
	static const char *const how[] = { "gzip:1", "gzip:2", "gzip:3", "gzip:4", "gzip:9" };
	uint64_t x = 1;
	struct buf b;
	struct err e;

	for (size_t h = 0; h < GPM_ARRAY_LEN(how); h++) {
		size_t differ = 0;

		ok(pack(how[h], 0, text_bytes, 1 << 20, 65536, &b, &e) == 0 && same_verdict(&b, 1 << 20, 4096) &&
		    same_verdict(&b, (1 << 20) - 1, 4096), "%s: both libraries read it, both keep the limit", how[h]);
		buf_release(&b);
		ok(pack(how[h], 0, h % 2 == 0 ? text_bytes : random_bytes, 40000, 65536, &b, &e) == 0, "a shorter one");
		for (int t = 0; t < 300; t++) { /* some bytes others, some of it cut off, some of it twice */
			struct buf bad;

			buf_init(&bad, 2 * b.len);
			if (buf_add(&bad, b.data, b.len, &e) < 0)
				differ++;
			x = x * 6364136223846793005u + 1442695040888963407u;
			if (t % 3 == 0)
				bad.len = (size_t)(x >> 33) % bad.len;
			for (int i = 0; i < t % 4 && bad.len > 0; i++, x = x * 6364136223846793005u + 1442695040888963407u)
				bad.data[(x >> 33) % (t % 2 == 0 ? bad.len : bad.len < 300 ? bad.len : 300)] ^= (char)(1 << (x >> 60) % 8);
			if (t % 7 == 0 && buf_add(&bad, b.data, (size_t)t, &e) < 0)
				differ++;
			differ += !same_verdict(&bad, 40000, (size_t)1 + (x >> 40) % 5000);
			buf_release(&bad);
		}
		is_u64(differ, 0, "both say the same of damaged ones");
		buf_release(&b);
	}
}
#endif

static void
test_foreign(void)
{
	/* A skippable frame, which libzstd unpacks to nothing, and one whose window is 2 GB. */
	static const char skippable[] = "\x50\x2a\x4d\x18\x01\0\0\0x", window[] = "\x28\xb5\x2f\xfd\x04\xa8\x01\0\0";
	/* 1,hello as gzip has it in a file x. */
	static const char named[] = "\037\213\010\010\000\000\000\000\000\003\170\000\063\324\311\110\315\311\311\347\002\000\341\116\240\243\010\000\000\000";
	/* 100 bytes 'a' and 128 KB 'b', without a checksum: the last input leaves output behind. */
	static const char unaligned[] = "\x28\xb5\x2f\xfd\0\x38\x22\x03\0a\x03\0\x10" "b";
	struct buf out;
	struct err e;

	ok(unpack("zstd", BIG, unaligned, sizeof(unaligned) - 1, 99, &out, &e) == 0 && out.len == 131172 && out.data[131171] == 'b', "a frame of another's making comes out whole");
	buf_release(&out);
	ok(unpack("zstd", 100, skippable, sizeof(skippable) - 1, 2, &out, &e) == -1 && e.code == ERR_DIFFERS, "a skippable zstd frame is refused");
	buf_release(&out);
	ok(unpack("zstd", 100, window, sizeof(window) - 1, 3, &out, &e) == -1 && e.code == ERR_DIFFERS, "a zstd window of 2 GB is refused");
	has_str(e.text, "too much memory", "because of its memory");
	buf_release(&out);
	ok(unpack("gzip", 100, named, sizeof(named) - 1, 5, &out, &e) == -1 && e.code == ERR_DIFFERS, "a gzip member with a name is refused");
	has_str(e.text, "as gpm-push writes it", "because it is not ours");
	buf_release(&out);
	for (int i = 0; i < 2; i++) {
		ok(unpack(i ? "gzip" : "zstd", 100, "1,hello\n", 8, 8, &out, &e) == -1 && e.code == ERR_DIFFERS, "plain text is refused");
		buf_release(&out);
		ok(unpack(i ? "gzip" : "zstd", 100, "", 0, 1, &out, &e) == -1 && strstr(e.text, "truncated") != NULL, "nothing is a truncated object");
		buf_release(&out);
	}
}

static void
test_bombs(void)
{
	static const char *const how[] = { "zstd:19", "gzip:1", "gzip:9", "none" };
	char *zeros = mem_alloc(BIG);
	struct buf b, out;
	struct err e;

	for (size_t i = 0; i < GPM_ARRAY_LEN(how); i++) {
		ok(pack(how[i], 0, zeros, BIG, BIG, &b, &e) == 0, "%zu bytes of %s hold 20 MB", b.len, how[i]);
		ok(unpack(how[i], BIG, b.data, b.len, b.len, &out, &e) == 0 && out.len == BIG, "the limit itself is in");
		buf_release(&out);
		ok(unpack(how[i], BIG - 1, b.data, b.len, b.len, &out, &e) == -1 && e.code == ERR_DIFFERS, "a byte less is passed and refused");
		buf_release(&out);
		ok(unpack(how[i], 1000, b.data, b.len, b.len, &out, &e) == -1 && out.len <= 1000, "the limit holds while it unpacks");
		has_str(e.text, "more than the 1000 bytes", "and the message says so");
		buf_release(&out);
		buf_release(&b);
	}
	free(zeros);
}

static int
refuse_after(void *ctx, const void *data, size_t len, struct err *e)
{
	size_t *left = ctx;

	(void)data;
	if (len > *left)
		return err_set(e, ERR_LIMIT, "the sink is full");
	*left -= len;
	return 0;
}

static void
test_failing_sink(void)
{
	static const char *const how[] = { "zstd", "gzip", "gzip:4", "none" };
	struct err e;

	for (size_t i = 0; i < GPM_ARRAY_LEN(how); i++) {
		size_t left = 1000;
		struct compression c;
		struct stage *sink = stage_to_fn(refuse_after, &left), *hash = stage_sha256(sink), *s = NULL;

		ok(compression_parse(how[i], &c, &e) == 0 && (s = stage_compress(&c, 0, hash, &e)) != NULL &&
		    run(s, random_bytes, 1 << 20, 9999, &e) == -1 && e.code == ERR_LIMIT, "%s: the sink's error comes up the chain", how[i]);
		stage_free(s);
		stage_free(hash);
		stage_free(sink);
	}
}

int
main(void)
{
	static const char *const names[] = { "zstd", "gzip", "gzip:4" };
	struct err e;

	if (mkdtemp(base) == NULL)
		return 99;
	make_data();
	test_parse();
	test_round_trips();
	test_gzip_levels();
	test_size_hint();
	test_tools();
	test_sha256();
	for (size_t i = 0; i < GPM_ARRAY_LEN(names); i++) {
		test_flips(names[i], text_bytes, 0, 1);
		test_flips(names[i], text_bytes, 3000, 1);
		test_flips(names[i], random_bytes, 200000, 1511);
		test_flips(names[i], text_bytes, 1 << 20, 1511);
		test_cuts(names[i], text_bytes, 0);
		test_cuts(names[i], text_bytes, 3000);
		test_extended(names[i], 0);
		test_extended(names[i], 3000);
	}
#ifdef HAVE_ISAL
	test_libraries();
#else
	ok(1, "ISA-L and zlib agree # SKIP built without ISA-L");
#endif
	test_foreign();
	test_bombs();
	test_failing_sink();
	free(random_bytes);
	free(text_bytes);
	ok(file_remove_tree(base, &e) == 0, "cleaned up");
	return tap_done();
}
