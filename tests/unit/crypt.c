/* Goal of this test: objects are encrypted as FORMAT.md says (golden/rows.csv.crypt was made by crypt_rules.py, which is programmed
 * by itself), nothing that was damaged or moved is opened, each kind of trouble has a text of its own, and no key is in it. */
#include "prelude.h"

#include "crypt.h"
#include "parse.h"
#include "stage.h"
#include "tmpdir.h"

#define RUN "20261120T231816Z-9f3a1c"
#define NAME "data/000001-sales.orders/a2/b0001/000001.csv"
#define DIGITS "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

static unsigned char xxh3[16];
static struct master_key *key, *other_key;

static void
write_key(const char *name, const char *text, mode_t mode)
{
	FILE *f = fopen(at(name), "w");

	if (f == NULL || fputs(text, f) < 0 || fclose(f) != 0 || chmod(at(name), mode) != 0)
		printf("# cannot write %s\n", name);
}

static void
read_golden(const char *name, struct buf *out)
{
	const char *top = getenv("top_srcdir");
	char *path = mem_printf("%s/tests/golden/%s", top != NULL ? top : ".", name), room[4096];
	FILE *f = fopen(path, "rb");
	struct err e;

	buf_init(out, 1 << 20);
	if (f == NULL || buf_add(out, room, fread(room, 1, sizeof(room), f), &e) < 0)
		printf("# cannot read %s\n", path);
	if (f != NULL)
		fclose(f);
	free(path);
}

static bool
same(const struct buf *a, const struct buf *b)
{
	return a->len == b->len && (a->len == 0 || memcmp(a->data, b->data, a->len) == 0);
}

/* BYTES encrypted, pushed PIECE by PIECE. */
static int
seal(const struct crypt_object *what, const struct buf *bytes, size_t piece, struct buf *out)
{
	struct stage *sink, *s;
	struct err e;
	int rc = 0;

	buf_init(out, 1 << 20);
	sink = stage_to_buf(out);
	s = stage_encrypt(what, 1 << 20, sink);
	for (size_t i = 0; rc == 0 && i < bytes->len; i += piece)
		rc = stage_push(s, bytes->data + i, piece < bytes->len - i ? piece : bytes->len - i, &e);
	if (rc == 0)
		rc = stage_finish(s, &e);
	stage_free(s);
	stage_free(sink);
	return rc;
}

static struct crypt_object
golden_object(void)
{
	return (struct crypt_object){ key, RUN, NAME, xxh3 };
}

static void
copy(const struct buf *from, size_t len, struct buf *to)
{
	struct err e;

	buf_init(to, 1 << 20);
	if (buf_add(to, from->data, len, &e) < 0)
		printf("# %s\n", e.text);
}

static void
test_golden(const struct buf *rows, const struct buf *object)
{
	struct crypt_object what = golden_object();
	struct buf got;
	struct err e;

	is_str(master_key_id(key), "f01d1b9cfb1b2ded", "the key's id");
	ok(seal(&what, rows, rows->len, &got) == 0 && same(&got, object), "the object is as it should be");
	ok(crypt_open(&what, &got, &e) == 0 && same(&got, rows), "it opens");
	buf_release(&got);
	ok(seal(&what, rows, 7, &got) == 0 && same(&got, object), "in pieces it is the same");
	buf_release(&got);
}

static void
test_sizes(void)
{
	static const size_t sizes[] = { 0, 1, 15, 16, 17, 65535, 65536, 65537, 200000 };
	struct crypt_object what = golden_object();

	for (size_t i = 0; i < GPM_ARRAY_LEN(sizes); i++) {
		struct buf bytes, object;
		struct err e;

		buf_init(&bytes, 1 << 20);
		while (bytes.len < sizes[i])
			if (buf_addc(&bytes, (char)(bytes.len * 31 + 7), &e) < 0)
				return;
		ok(seal(&what, &bytes, 1000, &object) == 0 && crypt_open(&what, &object, &e) == 0 && same(&object, &bytes),
		    "%zu bytes there and back", sizes[i]);
		buf_release(&bytes);
		buf_release(&object);
	}
}

/* The same rows, compressed otherwise: no key may serve for both. */
static void
test_no_key_twice(const struct buf *rows)
{
	struct crypt_object what = golden_object();
	struct buf a, b, changed;
	size_t head, alike = 0;

	copy(rows, rows->len, &changed);
	changed.data[rows->len - 1] ^= 1;
	if (seal(&what, rows, rows->len, &a) < 0 || seal(&what, &changed, rows->len, &b) < 0)
		return;
	head = (size_t)((char *)memchr(a.data, '\n', a.len) + 1 - a.data);
	ok(memcmp(a.data + head, b.data + head, CRYPT_SALT_LEN) != 0, "other bytes have another salt");
	for (size_t i = head + CRYPT_SALT_LEN; i < a.len; i++)
		alike += a.data[i] == b.data[i];
	ok(alike < 16, "and nothing else in common");
	buf_release(&a);
	buf_release(&b);
	buf_release(&changed);
}

/* OBJECT opened as WHAT fails, and says TEXT. */
static void
refuses(const struct crypt_object *what, const struct buf *object, const char *text, const char *name)
{
	struct buf b;
	struct err e = { ERR_OK, "", "" };

	copy(object, object->len, &b);
	ok(crypt_open(what, &b, &e) < 0 && e.code == ERR_DIFFERS && b.len == 0, "%s: nothing comes out", name);
	has_str(e.text, text, name);
	ok(strstr(e.text, "0a0b0c0d") == NULL && strstr(e.hint, "0a0b0c0d") == NULL, "%s: no key in it", name);
	buf_release(&b);
}

static void
test_moved(const struct buf *object)
{
	struct crypt_object good = golden_object(), what = good;
	unsigned char other[16] = { 1 };
	struct buf b;

	what.key = other_key;
	refuses(&what, object, "is encrypted by master key f01d1b9cfb1b2ded, not by", "another key");
	what = good;
	what.run = "20261120T231816Z-9f3a1d";
	refuses(&what, object, "is an object of another run put in its place: '" RUN "/data/", "a replayed object");
	what = good;
	what.name = "data/000001-sales.orders/a2/b0001/000002.csv";
	refuses(&what, object, "is another object of the run put in its place: '" NAME "'", "a swapped object");
	what = good;
	what.plain_xxh3 = other;
	refuses(&what, object, "its tag does not fit", "other rows");
	copy(object, object->len - 1, &b);
	refuses(&good, &b, "is cut or grown: it was encrypted with 212 bytes", "a cut object");
	buf_release(&b);
	copy(object, object->len, &b);
	b.data[b.len - 40] ^= 1;
	refuses(&good, &b, "was changed since it was encrypted", "a flipped bit");
	buf_release(&b);
	copy(object, object->len, &b);
	memcpy(strstr(b.data, "gcm"), "ccm", 3);
	refuses(&good, &b, "is encrypted by 'aes-256-ccm'", "another cipher");
	buf_release(&b);
	buf_init(&b, 10);
	refuses(&good, &b, "is not encrypted", "an empty object");
	read_golden("rows.csv", &b);
	refuses(&good, &b, "is not encrypted", "plain rows");
	buf_release(&b);
}

/* Every bit of it, and every length. */
static void
test_damaged(const struct buf *object)
{
	struct crypt_object what = golden_object();
	size_t opened = 0;
	struct err e;
	struct buf b;

	for (size_t i = 0; i < object->len * 8; i++) {
		copy(object, object->len, &b);
		b.data[i / 8] = (char)(b.data[i / 8] ^ 1 << i % 8);
		opened += crypt_open(&what, &b, &e) == 0 || e.code != ERR_DIFFERS || b.len > 0;
		buf_release(&b);
	}
	is_u64(opened, 0, "no bit can be turned");
	for (size_t len = 0; len < object->len; len++) {
		copy(object, len, &b);
		opened += crypt_open(&what, &b, &e) == 0 || e.code != ERR_DIFFERS || b.len > 0;
		buf_release(&b);
	}
	is_u64(opened, 0, "no cut passes");
	copy(object, object->len, &b);
	ok(buf_addc(&b, 'x', &e) == 0 && crypt_open(&what, &b, &e) < 0, "nor a byte more");
	buf_release(&b);
}

static void
test_key_files(void)
{
	static const struct { const char *text; mode_t mode; const char *name; } bad[] = {
		{ "", 0600, "an empty file" },
		{ DIGITS "00", 0600, "a digit pair too many" },
		{ "0" DIGITS "\n", 0600, "an odd number of digits" },
		{ "0001", 0600, "too few" },
		{ DIGITS " x", 0600, "something behind it" },
		{ "000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F", 0600, "upper case" },
		{ "00010203040506070809zz0b0c0d0e0f101112131415161718191a1b1c1d1e1f", 0600, "no digits" },
		{ DIGITS, 0644, "a file that others can read" },
		{ DIGITS, 0620, "a file that others can write" },
	};
	char id[CRYPT_KEY_ID_LEN], second[CRYPT_KEY_ID_LEN];
	struct master_key *k = NULL;
	struct stat st;
	struct err e;

	for (size_t i = 0; i < GPM_ARRAY_LEN(bad); i++) {
		write_key("bad", bad[i].text, bad[i].mode);
		e.hint[0] = '\0';
		ok(master_key_load(at("bad"), &k, &e) < 0 && e.code == ERR_CREDENTIALS, "%s is no key", bad[i].name);
		ok(strstr(e.text, "0405") == NULL && strstr(e.hint, "0405") == NULL, "nor is it shown");
	}
	ok(master_keygen(at("made"), id, &e) == 0 && stat(at("made"), &st) == 0 && (st.st_mode & 07777) == 0600, "one is made");
	ok(master_key_load(at("made"), &k, &e) == 0 && strcmp(master_key_id(k), id) == 0, "and read");
	master_key_free(k);
	ok(master_keygen(at("made"), second, &e) < 0 && e.code == ERR_FAILED, "and never overwritten");
	ok(master_keygen(at("made2"), second, &e) == 0 && strcmp(id, second) != 0, "the next one is another");
}

int
main(void)
{
	struct buf rows, object;
	struct err e;

	tmpdir_make();
	write_key("key", DIGITS "\n", 0600);
	write_key("other", "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff", 0600);
	if (!ok(master_key_load(at("key"), &key, &e) == 0 && master_key_load(at("other"), &other_key, &e) == 0 &&
	    parse_hex("53ced2b1ebde3a9b6f5b301991aa3f23", xxh3, 16, &e) == 0, "keys"))
		return tap_done();
	read_golden("rows.csv", &rows);
	read_golden("rows.csv.crypt", &object);
	test_golden(&rows, &object);
	test_sizes();
	test_no_key_twice(&rows);
	test_moved(&object);
	test_damaged(&object);
	test_key_files();
	buf_release(&rows);
	buf_release(&object);
	master_key_free(key);
	master_key_free(other_key);
	tmpdir_remove();
	return tap_done();
}
