/* Goal of this test: a manifest that was changed by a single byte, cut, reordered or put in another's place
 * is refused; one that was not comes back as it was written. */
#include "prelude.h"

#include <openssl/sha.h>
#include <sys/stat.h>
#include <unistd.h>

#include "atomic.h"
#include "err.h"
#include "manifest.h"
#include "parse.h"
#include "tap.h"

#define FORMAT "gpm-run"
#define RUN "20261120T231816Z-9f3a1c"
#define KEY RUN "/manifest.jsonl"

static char base[] = "/tmp/gpm-test-manifest-XXXXXX";
static struct store *store;

/* A path below the test's folder; one of four buffers in turn. */
static const char *
at(const char *name)
{
	static char paths[4][200];
	static size_t next;
	char *path = paths[next++ % 4];

	snprintf(path, sizeof(paths[0]), "%s/%s", base, name);
	return path;
}

/* --- files made by manifest.h --- */

static int
add_moment(struct manifest_writer *w, uint64_t number, struct err *e)
{
	char scope[] = "run", now[] = "t";
	struct rec_moment rec = { .moment = number, .scope = scope, .time = now };

	return manifest_add(w, REC_MOMENT, &rec, e);
}

/* A manifest of N moments in the local file NAME. */
static bool
write_manifest(const char *name, uint64_t n, struct file_hash *hash)
{
	char now[] = "2026-11-20T23:18:16.042Z";
	struct rec_end end = { .rows = 5, .plain_bytes = 6, .tables = 7, .time = now };
	struct manifest_writer *w;
	struct err e;
	int rc = manifest_begin(at(name), FORMAT, RUN, &w, &e);

	for (uint64_t i = 1; rc == 0 && i <= n; i++)
		rc = add_moment(w, i, &e);
	if (rc == 0)
		rc = manifest_end(w, &end, hash, &e);
	if (rc < 0)
		printf("# %s\n", e.text);
	return rc == 0 && end.lines == n + 1;
}

static char *
slurp(const char *name, size_t *len)
{
	FILE *f = fopen(at(name), "rb");
	char *data = mem_alloc((size_t)1 << 23);

	*len = f == NULL ? 0 : fread(data, 1, (size_t)1 << 23, f);
	if (f != NULL)
		fclose(f);
	return data;
}

static void
put(const void *data, size_t len)
{
	struct store_body body = { data, -1, len };
	struct err e;

	if (store_put(store, KEY, &body, &e) < 0)
		printf("# %s\n", e.text);
}

static struct file_hash
hash_of(const void *data, size_t len)
{
	struct file_hash h = { .size = len };

	SHA256(data, len, h.sha256);
	return h;
}

static int
fetch(const struct file_hash *expect, struct manifest **m, struct err *e)
{
	*m = NULL;
	err_clear(e);
	return manifest_fetch(store, KEY, FORMAT, RUN, expect, m, e);
}

/* Do the records 1 … N come, and then nothing? */
static bool
holds(struct manifest *m, uint64_t n)
{
	struct record r;
	struct err e;
	uint64_t i = 0;
	int rc;

	while ((rc = manifest_next(m, &r, &e)) > 0) {
		i += r.type == REC_MOMENT && r.u.moment.moment == i + 1;
		record_release(&r);
	}
	if (rc < 0)
		printf("# %s\n", e.text);
	return rc == 0 && i == n && manifest_next(m, &r, &e) == 0;
}

static void
test_round_trip(uint64_t n)
{
	struct file_hash hash, whole;
	struct manifest *m;
	struct err e;
	size_t len;
	char *data;

	ok(write_manifest("local", n, &hash), "%llu records written", (unsigned long long)n);
	data = slurp("local", &len);
	whole = hash_of(data, len);
	ok(hash.size == len && memcmp(hash.sha256, whole.sha256, 32) == 0,
	    "the hash is that of the whole file");
	put(data, len);
	free(data);
	ok(fetch(&hash, &m, &e) == 1, "fetched %s", e.text);
	if (m == NULL)
		return;
	ok(holds(m, n), "the records come back in order");
	manifest_rewind(m);
	ok(holds(m, n), "and again after a rewind");
	is_u64(manifest_totals(m)->lines, n + 1, "lines");
	ok(manifest_totals(m)->rows == 5 && manifest_totals(m)->plain_bytes == 6 &&
	    manifest_totals(m)->tables == 7, "totals");
	is_str(manifest_totals(m)->time, "2026-11-20T23:18:16.042Z", "time");
	ok(strcmp(manifest_head(m)->format, FORMAT) == 0 && strcmp(manifest_head(m)->run, RUN) == 0 &&
	    manifest_head(m)->version == 1 && strcmp(manifest_head(m)->gpm, PACKAGE_VERSION) == 0,
	    "its head");
	ok(manifest_hash(m)->size == hash.size && memcmp(manifest_hash(m)->sha256, hash.sha256, 32) == 0,
	    "its hash");
	manifest_close(m);
	ok(fetch(NULL, &m, &e) == 1, "it also proves itself");
	manifest_close(m);
}

static void
test_write(void)
{
	char bad[] = "\xff", text[] = "x";
	struct rec_moment rec = { 1, bad, NULL, text };
	struct rec_end end = { .rows = 0 };
	struct manifest_writer *w;
	struct file_hash hash;
	struct stat st;
	struct err e;

	ok(manifest_begin(at("local2"), FORMAT, RUN, &w, &e) == 0 && stat(at("local2"), &st) != 0,
	    "nothing is there before the end");
	ok(manifest_add(w, REC_MOMENT, &rec, &e) == -1, "a record that cannot be written");
	manifest_abort(w);
	manifest_abort(NULL);
	manifest_close(NULL);
	ok(stat(at("local2"), &st) != 0 && stat(at("local2.part"), &st) != 0,
	    "nothing is left of what was given up");
	ok(manifest_begin(at("no/where"), FORMAT, RUN, &w, &e) == -1, "no folder to write in");
	ok(manifest_begin(at("local2"), FORMAT, RUN, &w, &e) == 0 && add_moment(w, 1, &e) == 0, "another");
	ok(mkdir(at("local2"), 0700) == 0 && manifest_end(w, &end, &hash, &e) == -1,
	    "its name is taken by a folder");
	ok(rmdir(at("local2")) == 0 && stat(at("local2.part"), &st) != 0, "nothing is left of it");
}

/* --- files made by hand --- */

/* What is to be refused: DATA is put and fetched. */
static bool
refused(const char *data, size_t len, const struct file_hash *expect, enum err_code code, const char *reason)
{
	struct manifest *m;
	struct err e;
	int rc;

	put(data, len);
	rc = fetch(expect, &m, &e);
	manifest_close(m);
	if (rc == -1 && e.code == code && strstr(e.text, reason) != NULL && strstr(e.text,
	    "'" KEY "'") != NULL)
		return true;
	printf("# %s: %d %s: %s\n", reason, rc, err_name(e.code), e.text);
	return false;
}

static void
test_bytes(const char *data, size_t len, const struct file_hash *hash)
{
	static const unsigned char values[] = { 0, '\n', ' ', '"', '0', '7', 'e', '}', 0x80, 0xff };
	size_t version = (size_t)(strstr(data, "\"version\":") - data) + strlen("\"version\":");
	size_t missed = 0, trusted = 0;
	char *copy = mem_alloc(len);

	for (size_t i = 0; i < len; i++) {
		for (size_t v = 0; v <= GPM_ARRAY_LEN(values); v++) {
			char c = v < GPM_ARRAY_LEN(values) ? (char)values[v] : (char)(data[i] ^ 1);

			if (c == data[i])
				continue;
			memcpy(copy, data, len);
			copy[i] = c;
			if (!refused(copy, len, hash, ERR_DIFFERS,
			    "has another SHA-256 than its manifest says"))
				printf("# byte %zu is %d\n", i, c), missed++;
			/* another version is refused as such */
			if (i != version && !refused(copy, len, NULL, ERR_DIFFERS, ""))
				printf("# byte %zu is %d, without a hash to expect\n", i, c), trusted++;
		}
	}
	is_u64(missed, 0, "every change of a byte is seen when the hash is known");
	is_u64(trusted, 0, "also when it is not, in the last line too");
	missed = trusted = 0;
	for (size_t i = 0; i < len; i++) {
		missed += !refused(data, i, hash, ERR_DIFFERS, "bytes, its manifest says");
		trusted += !refused(data, i, NULL, ERR_DIFFERS, "");
	}
	is_u64(missed, 0, "cut at any byte, it is refused by its size");
	is_u64(trusted, 0, "and without it");
	free(copy);
}

struct lines {
	const char *at[20];
	size_t len[20];
	size_t n;
};

static struct lines
split(const char *data, size_t len)
{
	struct lines l = { .n = 0 };

	for (size_t from = 0, i = 0; i < len; i++) {
		if (data[i] == '\n') {
			l.at[l.n] = data + from;
			l.len[l.n++] = i + 1 - from;
			from = i + 1;
		}
	}
	return l;
}

/* The lines of L whose numbers are in ORDER, a digit each. */
static bool
order_is_refused(const struct lines *l, const char *order, const char *reason)
{
	struct buf b;
	bool good;

	text_init(&b);
	for (; *order != '\0'; order++)
		text_add(&b, l->at[*order - '0'], l->len[*order - '0']);
	good = refused(b.data, b.len, NULL, ERR_DIFFERS, reason);
	buf_release(&b);
	return good;
}

static void
test_lines(const char *data, size_t len)
{
	struct lines l = split(data, len);
	struct buf b;

	is_u64(l.n, 5, "head, three moments, end");
	ok(order_is_refused(&l, "02134", "was edited"), "two lines changed places");
	ok(order_is_refused(&l, "0134", "was edited"), "a line was dropped");
	ok(order_is_refused(&l, "012234", "was edited"), "a line is there twice");
	ok(order_is_refused(&l, "1234", "does not begin with a head"), "the head is missing");
	ok(order_is_refused(&l, "0123", "has no end line"), "the end is missing");
	ok(order_is_refused(&l, "01243", "has no end line"), "a line behind the end");
	ok(order_is_refused(&l, "012344", "was edited"), "two ends");
	ok(order_is_refused(&l, "4", "does not begin with a head"), "nothing but the end");
	ok(order_is_refused(&l, "0", "has no end line"), "nothing but the head");
	text_init(&b);
	text_add(&b, data, len);
	text_puts(&b, "\n");
	ok(refused(b.data, b.len, NULL, ERR_DIFFERS, "has no end line"), "an empty line behind the end");
	buf_reset(&b);
	text_add(&b, data, len);
	text_puts(&b, "x");
	ok(refused(b.data, b.len, NULL, ERR_DIFFERS, "last line is not whole"), "a byte behind the end");
	ok(refused("", 0, NULL, ERR_DIFFERS, "has no end line"), "an empty file");
	ok(refused("\n", 1, NULL, ERR_DIFFERS, "not a JSON object"), "an empty line");
	buf_release(&b);
}

static void
test_expect(const char *data, size_t len, const struct file_hash *hash)
{
	struct file_hash other = *hash;
	struct manifest *m;
	struct err e;

	put(data, len);
	ok(fetch(hash, &m, &e) == 1, "as expected");
	manifest_close(m);
	other.size++;
	ok(refused(data, len, &other, ERR_DIFFERS, "bytes, its manifest says"), "another size was expected");
	other.size--;
	other.sha256[31] ^= 1;
	ok(refused(data, len, &other, ERR_DIFFERS, "has another SHA-256 than its manifest says"),
	    "another hash was expected");
	put(data, len);
	ok(manifest_fetch(store, KEY, "gpm-table", RUN, hash, &m, &e) == -1 && e.code == ERR_DIFFERS,
	    "another format");
	has_str(e.text, "is a 'gpm-run', not a 'gpm-table'", "the message names both");
	ok(manifest_fetch(store, KEY, FORMAT, "20261120T231816Z-000000", hash, &m, &e) == -1 &&
	    e.code == ERR_DIFFERS, "another run");
	has_str(e.text, "belongs to run " RUN ", not to 20261120T231816Z-000000", "the message names both");
	ok(manifest_fetch(store, "absent", FORMAT, RUN, hash, &m, &e) == 0, "absent is no error");
	ok(manifest_fetch(store, "../x", FORMAT, RUN, hash, &m, &e) == -1 && e.code == ERR_DIFFERS,
	    "a key that is none");
}

/* LINES and an end with their true hash; END_MORE goes into the end, LINE_COUNT is what it says. */
static char *
seal(const char *lines, uint64_t line_count, const char *end_more)
{
	unsigned char sha[32];
	char hex[65], *open_end = mem_printf("%s{\"rec\":\"end\",\"lines\":%llu,\"rows\":0,\"plain_bytes\":0%s",
	    lines, (unsigned long long)line_count, end_more), *sealed;

	SHA256((const unsigned char *)open_end, strlen(open_end), sha);
	sealed = mem_printf("%s,\"sha256\":\"%s\"}\n", open_end, format_hex(sha, 32, hex));
	free(open_end);
	return sealed;
}

#define HEAD(version, more) "{\"rec\":\"head\",\"format\":\"" FORMAT "\",\"version\":" version "," \
    "\"run\":\"" RUN "\",\"gpm\":\"0\"" more "}\n"
#define MOMENT "{\"rec\":\"moment\",\"moment\":1,\"scope\":\"run\",\"time\":\"t\"}\n"

static void
sealed_is_refused(const char *lines, uint64_t n, const char *more, enum err_code code, const char *reason,
    const char *name)
{
	char *data = seal(lines, n, more);

	ok(refused(data, strlen(data), NULL, code, reason), "%s", name);
	free(data);
}

/* Well sealed, and wrong all the same. */
static void
test_sealed(void)
{
	struct manifest *m;
	struct record r;
	struct err e;
	char *data = seal(HEAD("1", "") MOMENT, 2, "");

	put(data, strlen(data));
	free(data);
	ok(fetch(NULL, &m, &e) == 1 && holds(m, 1), "sealed by hand");
	manifest_close(m);
	sealed_is_refused(HEAD("1", "") MOMENT, 1, "", ERR_DIFFERS, "was edited", "a line too many");
	sealed_is_refused(HEAD("1", "") MOMENT, 3, "", ERR_DIFFERS, "was edited", "a line too few");
	sealed_is_refused("", 0, "", ERR_DIFFERS, "does not begin with a head", "no head");
	sealed_is_refused(MOMENT HEAD("1", ""), 2, "", ERR_DIFFERS, "does not begin with a head",
	    "a head too late");
	sealed_is_refused("\n", 1, "", ERR_DIFFERS, "not a JSON object", "an empty line for a head");
	sealed_is_refused(HEAD("2", ""), 1, "", ERR_FAILED, "has version 2; this program reads version 1",
	    "a newer version");
	sealed_is_refused(HEAD("0", ""), 1, "", ERR_FAILED, "has version 0", "an older version");
	sealed_is_refused(HEAD("1", ",\"more\":1"), 1, "", ERR_DIFFERS, "unknown field \"more\"",
	    "an unknown field in the head");
	sealed_is_refused(HEAD("1", ""), 1, ",\"more\":1", ERR_DIFFERS, "has no end line",
	    "an unknown field in the end");
	sealed_is_refused(HEAD("1", ""), 1, ",\"check\":\"0123456789abcdef\"", ERR_DIFFERS, "has no end line",
	    "a journal's check");

	data = seal(HEAD("1", "") MOMENT "{\"rec\":\"moment\"}\n" MOMENT, 4, "");
	put(data, strlen(data));
	free(data);
	ok(fetch(NULL, &m, &e) == 1 && manifest_next(m, &r, &e) == 1,
	    "a bad record is met when it is reached");
	record_release(&r);
	ok(manifest_next(m, &r, &e) == -1 && e.code == ERR_DIFFERS, "and refused");
	has_str(e.text, "'" KEY "', line 3: moment record", "the message says where it is");
	manifest_close(m);
	data = seal(HEAD("1", "") "\n", 2, "");
	put(data, strlen(data));
	free(data);
	ok(fetch(NULL, &m, &e) == 1 && manifest_next(m, &r, &e) == -1 && e.code == ERR_DIFFERS,
	    "an empty line is no record");
	manifest_close(m);
}

static void
test_long_line(void)
{
	size_t n = RECORD_LINE_LIMIT + 100;
	char *line = mem_alloc(n);

	memset(line, 'x', n);
	line[n - 1] = '\n';
	ok(refused(line, n, NULL, ERR_DIFFERS, "has a line of 16777316 bytes"), "a line of more than 16 MiB");
	free(line);
}

int
main(void)
{
	struct file_hash hash;
	struct err e;
	size_t len;
	char *url, *data;

	if (mkdtemp(base) == NULL)
		return 1;
	url = mem_printf("file://%s/bucket", base);
	ok(store_open(url, true, NULL, &store, &e) == 0, "a bucket");
	free(url);
	test_round_trip(0);
	test_round_trip(1);
	test_round_trip(60000); /* more than is written at once */
	test_write();
	ok(write_manifest("small", 3, &hash), "a small manifest");
	data = slurp("small", &len);
	test_bytes(data, len, &hash);
	test_lines(data, len);
	test_expect(data, len, &hash);
	free(data);
	test_sealed();
	test_long_line();
	store_close(store);
	if (file_remove_tree(base, &e) < 0)
		printf("# %s\n", e.text);
	return tap_done();
}
