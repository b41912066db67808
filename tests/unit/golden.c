/* Goal of this test: the files in golden/ hold one of everything that FORMAT.md names; they are read
 * and written back byte for byte.  A change that breaks this is a new version of the format. */
#include "prelude.h"

#include <openssl/sha.h>
#include <sys/stat.h>
#include <unistd.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "buf.h"
#include "dialect.h"
#include "err.h"
#include "journal.h"
#include "manifest.h"
#include "parse.h"
#include "tap.h"

#define RUN "20261120T231816Z-9f3a1c"
#define CHECK_LEN 28 /* ,"check":"<16 hex>"} */

static bool seen[REC_COUNT];

static const char *
at(const char *name)
{
	static char path[4096];
	const char *top = getenv("top_srcdir");

	snprintf(path, sizeof(path), "%s/tests/golden/%s", top != NULL ? top : ".", name);
	return path;
}

/* The file's bytes and a NUL; the caller frees. */
static char *
slurp(const char *name, size_t *len)
{
	FILE *f = fopen(at(name), "rb");
	char *data = mem_alloc(1 << 20);

	*len = f == NULL ? 0 : fread(data, 1, (1 << 20) - 1, f);
	if (f != NULL)
		fclose(f);
	return data;
}

/* One line read and written back, OUT without a newline. */
static bool
through(const char *line, size_t len, bool with_check, struct buf *out)
{
	struct record r;
	struct err e;
	char *body = mem_strn(line, len);
	int rc;

	if (with_check) {
		len -= CHECK_LEN - 1;
		body[len - 1] = '}';
	}
	rc = record_read(body, len, &r, &e);
	free(body);
	if (rc == 0) {
		seen[r.type] = true;
		rc = record_write(r.type, &r.u, out, &e);
		record_release(&r);
	}
	if (rc == 0 && with_check) {
		out->len--;
		rc = buf_printf(out, &e, ",\"check\":\"%016llx\"}",
		    (unsigned long long)XXH3_64bits(out->data, out->len));
	}
	if (rc < 0)
		printf("# %s\n", e.text);
	return rc == 0;
}

static void
test_lines(const char *name, bool with_check, size_t want)
{
	size_t len, lines = 0;
	char *data = slurp(name, &len), *end;
	struct buf b;

	buf_init(&b, RECORD_LINE_LIMIT);
	for (char *p = data; (end = strchr(p, '\n')) != NULL; p = end + 1) {
		size_t n = (size_t)(end - p);
		bool same;

		buf_reset(&b);
		same = n > CHECK_LEN && through(p, n, with_check, &b) && b.len == n && memcmp(b.data, p,
		    n) == 0;
		if (!ok(same, "%s line %zu is written as it was read", name, ++lines))
			printf("#   got  %.*s\n#   want %.*s\n", (int)b.len, b.data, (int)n, p);
	}
	is_u64(lines, want, name);
	ok(len > 0 && data[len - 1] == '\n', "%s ends with a newline", name);
	buf_release(&b);
	free(data);
}

struct sums {
	uint64_t records, chunks, rows, plain_bytes, stored_bytes;
	struct digest digest;
	struct rec_end end;
	struct rec_sealed sealed;
};

static int
add_up(void *ctx, struct record *r, struct journal_place place, struct err *e)
{
	struct sums *s = ctx;

	(void)place;
	(void)e;
	s->records++;
	if (r->type == REC_CHUNK) {
		s->chunks++;
		s->rows += r->u.chunk.rows;
		s->plain_bytes += r->u.chunk.plain_bytes;
		s->stored_bytes += r->u.chunk.stored_bytes;
		s->digest = digest_add(s->digest, r->u.chunk.digest);
	}
	if (r->type == REC_SEALED) /* its strings are not looked at */
		s->sealed = r->u.sealed;
	if (r->type == REC_END)
		s->end = r->u.end;
	return 0;
}

static struct sums
test_journal(const char *name, const char *format, size_t lines)
{
	struct sums sums = { 0 };
	struct stat st = { 0 };
	struct err e = { ERR_OK, "", "" };
	uint64_t offset = 0;

	ok(journal_read(at(name), format, RUN, &offset, add_up, &sums, &e) == 1, "%s is a journal %s", name,
	    e.text);
	is_u64(sums.records, lines - 1, "every line but the head is handed on");
	ok(stat(at(name), &st) == 0 && offset == (uint64_t)st.st_size, "to its end");
	return sums;
}

static struct store *
open_golden(void)
{
	char *folder = realpath(at(""), NULL), *url;
	struct store *s = NULL;
	struct err e;

	url = mem_printf("file://%s", folder != NULL ? folder : "");
	if (store_open(url, false, NULL, &s, &e) < 0)
		printf("# %s\n", e.text);
	free(url);
	free(folder);
	return s;
}

static struct sums
test_manifest(struct store *s, const char *name, const char *format, const struct file_hash *expect)
{
	struct journal_place nowhere = { 0, 0 };
	struct manifest *m = NULL;
	struct sums sums = { 0 };
	struct record r;
	struct err e = { ERR_OK, "", "" };
	int rc = manifest_fetch(s, name, format, RUN, expect, &m, &e);

	if (!ok(rc == 1, "%s is a manifest %s", name, e.text))
		return sums;
	while ((rc = manifest_next(m, &r, &e)) > 0) {
		add_up(&sums, &r, nowhere, &e);
		record_release(&r);
	}
	ok(rc == 0, "%s: every line is a record", name);
	sums.end = *manifest_totals(m);
	is_u64(sums.records + 1, sums.end.lines, "as many as its last line says");
	manifest_close(m);
	return sums;
}

/* What another file says of NAME. */
static struct file_hash
hash_of(const char *name)
{
	struct file_hash h;
	size_t len;
	char *data = slurp(name, &len);

	h.size = len;
	SHA256((unsigned char *)data, len, h.sha256);
	free(data);
	return h;
}

/* The manifest line of the root manifest that names the table manifest. */
static struct rec_manifest
manifest_line(struct store *s)
{
	struct rec_manifest out = { 0 };
	struct manifest *m;
	struct record r;
	struct err e;

	if (manifest_fetch(s, "run.jsonl", "gpm-run", RUN, NULL, &m, &e) != 1)
		return out;
	while (manifest_next(m, &r, &e) > 0) {
		if (r.type == REC_MANIFEST && r.u.manifest.table == 1)
			out = r.u.manifest; /* its strings are not looked at */
		record_release(&r);
	}
	manifest_close(m);
	return out;
}

static void
test_files(void)
{
	struct sums export = test_journal("export.jsonl", "gpm-export-journal", 28);
	struct sums push = test_journal("push.jsonl", "gpm-push-journal", 12);
	struct store *s = open_golden();
	struct rec_manifest line = manifest_line(s);
	struct file_hash table = { .size = line.stored_bytes }, root = { .size = push.sealed.stored_bytes };
	struct sums sums;

	is_u64(export.end.lines, 27, "the export journal counts its lines");
	memcpy(table.sha256, line.stored_sha256, 32);
	sums = test_manifest(s, "table.jsonl", "gpm-table", &table);
	ok(sums.rows == sums.end.rows && sums.rows == line.rows && sums.chunks == sums.end.chunks &&
	    sums.plain_bytes == sums.end.plain_bytes && sums.stored_bytes == sums.end.stored_bytes &&
	    sums.plain_bytes == line.plain_bytes && sums.stored_bytes == line.data_bytes,
	    "a table is the sum of its chunks");
	ok(digest_equal(sums.digest, line.digest), "its digest too");
	memcpy(root.sha256, push.sealed.stored_sha256, 32);
	sums = test_manifest(s, "run.jsonl", "gpm-run", &root);
	ok(sums.end.rows == line.rows && sums.end.stored_bytes == line.data_bytes,
	    "the run is the sum of its tables");
	sums = test_manifest(s, "part.jsonl", "gpm-part", NULL);
	ok(digest_equal(sums.digest, line.digest) && sums.rows == line.rows,
	    "a part holds chunk lines of any table");
	sums = test_manifest(s, "export-part.jsonl", "gpm-part", NULL);
	ok(sums.chunks == 0, "a part of the export holds its journal");
	sums = test_manifest(s, "host-part.jsonl", "gpm-part", NULL);
	ok(sums.rows == 12 && sums.rows == sums.end.rows, "a host's part the rows that it brings");
	sums = test_manifest(s, "volume.jsonl", "gpm-volume", NULL);
	is_u64(sums.end.stored_bytes, 1006, "a volume's list");
	test_journal("volume-journal.jsonl", "gpm-volume-journal", 6);
	test_journal("relay-journal.jsonl", "gpm-relay-journal", 4);
	root = hash_of("run.jsonl");
	ok(root.size == push.sealed.stored_bytes && memcmp(root.sha256, push.sealed.stored_sha256, 32) == 0,
	    "the push journal knows the root manifest that it sealed");
	store_close(s);
}

/* The value of KEY in rows.expected. */
static const char *
expected(const char *key)
{
	static char text[1000];
	size_t len;
	char *data = slurp("rows.expected", &len), *p = data;

	text[0] = '\0';
	for (char *end; (end = strchr(p, '\n')) != NULL; p = end + 1)
		if (strncmp(p, key, strlen(key)) == 0 && p[strlen(key)] == ' ')
			snprintf(text, sizeof(text), "%.*s", (int)(end - p - (long)strlen(key) - 1),
			    p + strlen(key) + 1);
	free(data);
	return text;
}

static void
test_rows(void)
{
	static const unsigned char kinds[] = { 0, 0, 8, 4 };
	char hex[65], number[24];
	unsigned char xxh3[16];
	XXH128_canonical_t canonical;
	struct file_hash hash = hash_of("rows.csv");
	struct rows *r = rows_new(&dialect_csv, kinds, GPM_ARRAY_LEN(kinds));
	struct err e;
	size_t len, used;
	char *data = slurp("rows.csv", &len);

	is_str(expected("columns"), "4", "columns");
	is_str(expected("float"), "0 0 8 4", "which hold floats");
	ok(rows_push(r, data, len, 0, &used, &e) == 0 && used == len && rows_at_end(r), "a chunk of rows");
	snprintf(number, sizeof(number), "%llu", (unsigned long long)rows_count(r));
	is_str(number, expected("rows"), "rows");
	is_str(digest_hex(rows_digest(r), hex), expected("digest"), "row digest");
	snprintf(number, sizeof(number), "%zu", len);
	is_str(number, expected("plain_bytes"), "plain_bytes");
	XXH128_canonicalFromHash(&canonical, XXH3_128bits(data, len));
	memcpy(xxh3, canonical.digest, sizeof(xxh3));
	is_str(format_hex(xxh3, 16, hex), expected("plain_xxh3"), "plain_xxh3");
	is_str(format_hex(hash.sha256, 32, hex), expected("sha256"),
	    "stored_sha256 of an object that is not compressed");
	rows_free(r);
	free(data);
}

int
main(void)
{
	test_lines("export.jsonl", true, 28);
	test_lines("push.jsonl", true, 12);
	test_lines("table.jsonl", false, 7);
	test_lines("part.jsonl", false, 5);
	test_lines("export-part.jsonl", false, 13);
	test_lines("host-part.jsonl", false, 6);
	test_lines("run.jsonl", false, 18);
	test_lines("volume.jsonl", false, 7);
	test_lines("volume-journal.jsonl", true, 6);
	test_lines("relay-journal.jsonl", true, 4);
	for (int i = 0; i < REC_COUNT; i++)
		ok(seen[i], "there is a %s record", record_type_name((enum record_type)i));
	test_files();
	test_rows();
	return tap_done();
}
