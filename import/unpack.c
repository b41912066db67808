/* unpack.c -- objects back to plain bytes: the mirror of upload/pack.c. */
#include "prelude.h"

#include <openssl/evp.h>

#include "crypt.h"
#include "err.h"
#include "stop.h"
#include "unpack.h"

#define OBJECT_LIMIT ((uint64_t)4 << 30) /* of stored bytes; upload/pack.c makes none larger */
#define CHECK_BYTES ((size_t)128 << 10)
#define ASK_FIRST ((uint64_t)1 << 20)    /* a larger one's size; to ask for a small one's costs as much as to get it */

/* What the plain bytes of an object must turn out to be. */
struct want {
	uint64_t rows, plain_bytes;
	const struct digest *digest; /* NULL: text that holds no rows */
	const unsigned char *plain_xxh3;
};

struct taking {
	struct buf *out;
	uint64_t size;               /* what the manifest says */
	bool over;                   /* there is more */
};

/* Nothing larger than the manifest says is ever held in memory. */
static int
take_piece(void *ctx, const void *data, size_t len, struct err *e)
{
	struct taking *t = ctx;

	if (stop_check(e) < 0)
		return -1;
	t->over = len > t->size - t->out->len;
	return t->over ? err_set(e, ERR_DIFFERS, "is larger than its manifest says") : buf_add(t->out, data, len, e);
}

static int
wrong_size(const char *key, uint64_t has, uint64_t want, struct err *e)
{
	return err_set(e, ERR_DIFFERS, "'%s' has %llu bytes, its manifest says %llu", key, (unsigned long long)has,
	    (unsigned long long)want);
}

/* 1 it has as many bytes, 0 it is absent, -1. */
static int
compare_size(struct store *store, const char *key, uint64_t want, struct err *e)
{
	struct store_object there;
	int rc = store_head(store, key, &there, e);

	return rc > 0 && there.size != want ? wrong_size(key, there.size, want, e) : rc;
}

/* The object into OUT: 1, 0 absent, -1.  The size of a large one is asked for first, and room made for it at once. */
static int
fetch(struct store *store, const char *key, uint64_t size, struct buf *out, struct err *e)
{
	struct taking t = { .out = out, .size = size };
	int rc = size > ASK_FIRST ? compare_size(store, key, size, e) : 1;

	if (rc > 0 && size > ASK_FIRST && buf_reserve(out, size, e) < 0)
		return err_context(e, "'%s'", key);
	if (rc > 0)
		rc = store_get(store, key, 0, 0, take_piece, &t, e);
	if (t.over)
		return compare_size(store, key, size, e) < 0 ? -1 : err_context(e, "'%s'", key);
	return rc > 0 && out->len != size ? wrong_size(key, out->len, size, e) : rc;
}

int
unpack_fetch(struct store *store, const char *key, uint64_t stored_bytes, const unsigned char sha256[32],
    struct buf *out, struct err *e)
{
	unsigned char got[32];
	int rc;

	if (stored_bytes > OBJECT_LIMIT)
		return err_set(e, ERR_DIFFERS, "'%s' is said to have %llu bytes; no object has more than %llu", key,
		    (unsigned long long)stored_bytes, (unsigned long long)OBJECT_LIMIT);
	if (out->limit < stored_bytes)
		out->limit = stored_bytes;
	buf_reset(out);
	rc = fetch(store, key, stored_bytes, out, e);
	if (rc == 0)
		return err_set(e, ERR_DIFFERS, "'%s' is missing", key);
	if (rc < 0)
		return -1;
	if (EVP_Digest(out->data != NULL ? out->data : "", out->len, got, NULL, EVP_sha256(), NULL) != 1)
		return err_set(e, ERR_SYSTEM, "SHA-256 failed");
	if (memcmp(got, sha256, sizeof(got)) != 0)
		return err_set(e, ERR_DIFFERS, "'%s' has another SHA-256 than its manifest says", key);
	return 0;
}

/* OBJECT of the run's NAME, which the manifest says is encrypted by ENCRYPTION (NULL: not), where it lies. */
static int
decrypt(struct run *run, const char *name, const char *encryption, const unsigned char *plain_xxh3, struct buf *object, struct err *e)
{
	struct crypt_object what = { run->master_key, run->id, name, plain_xxh3 };
	int rc = 0;

	if ((encryption != NULL) != (run->push.encryption != NULL))
		rc = err_set(e, ERR_DIFFERS, "%s, unlike its run", encryption != NULL ? "is encrypted" : "is not encrypted");
	else if (encryption != NULL && strcmp(encryption, run->push.encryption) != 0)
		rc = err_set(e, ERR_DIFFERS, "is encrypted by '%.20s', unlike its run", encryption);
	else if (encryption != NULL && (rc = run_need_key(run, e)) == 0)
		rc = crypt_open(&what, object, e);
	return rc < 0 ? err_context(e, "'%s/%s'", run->id, name) : 0;
}

int
unpack_fetch_chunk(struct run *run, const struct rec_chunk *c, struct buf *out, struct err *e)
{
	char *key = run_chunk_key(run, c);
	int rc = unpack_fetch(run->store, key, c->stored_bytes, c->stored_sha256, out, e);

	free(key);
	return rc < 0 ? -1 : decrypt(run, c->key, c->encryption, c->plain_xxh3, out, e);
}

static int
drop(void *ctx, const void *data, size_t len, struct err *e)
{
	(void)ctx; /* a sink for those who only want the checks */
	(void)data;
	(void)len;
	(void)e;
	return 0;
}

static int
compare(const struct stage *rows, const struct want *want, struct err *e)
{
	if (stage_rows_size(rows) != want->plain_bytes)
		return err_set(e, ERR_DIFFERS, "unpacks to %llu bytes, its manifest says %llu",
		    (unsigned long long)stage_rows_size(rows), (unsigned long long)want->plain_bytes);
	if (memcmp(stage_rows_xxh3(rows), want->plain_xxh3, 16) != 0)
		return err_set(e, ERR_DIFFERS, "unpacks to bytes of another hash than its manifest says");
	if (want->digest == NULL)
		return 0;
	if (stage_rows_count(rows) != want->rows)
		return err_set(e, ERR_DIFFERS, "holds %llu rows, its manifest says %llu",
		    (unsigned long long)stage_rows_count(rows), (unsigned long long)want->rows);
	if (!digest_equal(stage_rows_digest(rows), *want->digest))
		return err_set(e, ERR_DIFFERS, "holds rows of another digest than its manifest says");
	return 0;
}

static int
unpack(const struct buf *object, const char *compression, const struct columns *columns,
    const struct want *want, struct stage *sink, struct err *e)
{
	unsigned char *kinds = columns == NULL ? NULL : columns_float_kinds(columns);
	struct stage *rows = stage_rows(columns == NULL ? &dialect_text : &dialect_csv, kinds,
	    columns == NULL ? 0 : columns->len, sink);
	struct stage *first = stage_decompress(compression != NULL ? compression : "none",
	    want->plain_bytes, rows, e);
	int rc = -1;

	if (first != NULL && stage_push(first, object->data, object->len, e) == 0 &&
	    stage_finish(first, e) == 0)
		rc = compare(rows, want, e);
	stage_free(first);
	stage_free(rows);
	free(kinds);
	return rc;
}

int
unpack_chunk(const struct buf *object, const struct rec_chunk *c, const struct columns *columns,
    stage_sink_fn *fn, void *ctx, struct err *e)
{
	struct want want = { c->rows, c->plain_bytes, &c->digest, c->plain_xxh3 };
	struct stage *sink = stage_to_fn(fn != NULL ? fn : drop, ctx);
	int rc = unpack(object, c->compression, columns, &want, sink, e);

	stage_free(sink);
	return rc;
}

static int
keep(void *ctx, const void *data, size_t len, struct err *e)
{
	return stop_check(e) < 0 ? -1 : buf_add(ctx, data, len, e);
}

/* What decompression makes of OBJECT into OUT, which has room for it. */
static int
inflate(const struct buf *object, const struct rec_chunk *c, struct buf *out, struct err *e)
{
	const char *compression = c->compression != NULL ? c->compression : "none";
	struct stage *sink, *first;
	int rc = -1;

	if (strcmp(compression, "zstd") == 0 && stage_zstd_at_once(object->data, object->len, out->data, c->plain_bytes)) {
		out->len = c->plain_bytes;
		return 0;
	}
	sink = stage_to_fn(keep, out);
	first = stage_decompress(compression, c->plain_bytes, sink, e);
	if (first != NULL && stage_push(first, object->data, object->len, e) == 0)
		rc = stage_finish(first, e);
	stage_free(first);
	stage_free(sink);
	return rc;
}

/* All that is known of the rows of chunk C, piece by piece, because the processor's caches are small. */
static int
check_rows(const struct buf *bytes, const struct rec_chunk *c, const struct columns *columns, struct err *e)
{
	const struct want want = { c->rows, c->plain_bytes, &c->digest, c->plain_xxh3 };
	unsigned char *kinds = columns_float_kinds(columns);
	struct stage *sink = stage_to_fn(drop, NULL), *rows = stage_rows(&dialect_csv, kinds, columns->len, sink);
	int rc = 0;

	for (size_t at = 0; rc == 0 && at < bytes->len; at += CHECK_BYTES) {
		size_t n = bytes->len - at < CHECK_BYTES ? bytes->len - at : CHECK_BYTES;

		rc = stop_check(e) < 0 ? -1 : stage_push(rows, bytes->data + at, n, e);
	}
	if (rc == 0)
		rc = stage_finish(rows, e);
	if (rc == 0)
		rc = compare(rows, &want, e);
	stage_free(rows);
	stage_free(sink);
	free(kinds);
	return rc;
}

int
unpack_chunk_rows(const struct buf *object, const struct rec_chunk *c, const struct columns *columns, struct buf *out,
    struct err *e)
{
	buf_reset(out);
	if (buf_reserve(out, c->plain_bytes, e) == 0 && inflate(object, c, out, e) == 0 && check_rows(out, c, columns, e) == 0)
		return 0;
	buf_reset(out);
	return -1;
}

int
unpack_file(struct run *run, const struct rec_file *f, struct buf *out, struct err *e)
{
	struct want want = { 0, f->plain_bytes, NULL, f->plain_xxh3 };
	struct stage *sink = stage_to_buf(out);
	char *key = run_key(run, f->key);
	struct buf object;
	int rc;

	buf_init(&object, 0);
	rc = unpack_fetch(run->store, key, f->stored_bytes, f->stored_sha256, &object, e);
	if (rc == 0)
		rc = decrypt(run, f->key, f->encryption, f->plain_xxh3, &object, e);
	if (rc == 0 && (rc = unpack(&object, f->compression, NULL, &want, sink, e)) < 0)
		err_context(e, "'%s'", key);
	buf_release(&object);
	stage_free(sink);
	free(key);
	return rc;
}
