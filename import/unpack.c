/* unpack.c -- objects back to plain bytes: the mirror of upload/pack.c. */
#include "prelude.h"

#include <openssl/evp.h>

#include "err.h"
#include "unpack.h"

#define OBJECT_LIMIT ((uint64_t)4 << 30) /* of stored bytes; upload/pack.c makes none larger */

/* What the plain bytes of an object must turn out to be. */
struct want {
	uint64_t rows, plain_bytes;
	const struct digest *digest; /* NULL: text that holds no rows */
	const unsigned char *plain_xxh3;
};

int
unpack_fetch(struct store *store, const char *key, uint64_t stored_bytes, const unsigned char sha256[32],
    struct buf *out, struct err *e)
{
	struct store_object there;
	unsigned char got[32];
	int rc;

	if (stored_bytes > OBJECT_LIMIT)
		return err_set(e, ERR_DIFFERS, "'%s' is said to have %llu bytes; no object has more than %llu", key,
		    (unsigned long long)stored_bytes, (unsigned long long)OBJECT_LIMIT);
	/* its size first: nothing larger than the manifest says is ever held in memory */
	rc = store_head(store, key, &there, e);
	if (rc > 0 && there.size != stored_bytes)
		return err_set(e, ERR_DIFFERS, "'%s' has %llu bytes, its manifest says %llu", key,
		    (unsigned long long)there.size, (unsigned long long)stored_bytes);
	if (out->limit < stored_bytes)
		out->limit = stored_bytes;
	buf_reset(out);
	if (rc > 0)
		rc = store_get_buf(store, key, out, e);
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

int
unpack_file(struct store *store, const char *key, const struct rec_file *f, struct buf *out, struct err *e)
{
	struct want want = { 0, f->plain_bytes, NULL, f->plain_xxh3 };
	struct stage *sink = stage_to_buf(out);
	struct buf object;
	int rc;

	buf_init(&object, 0);
	rc = unpack_fetch(store, key, f->stored_bytes, f->stored_sha256, &object, e);
	if (rc == 0 && (rc = unpack(&object, f->compression, NULL, &want, sink, e)) < 0)
		err_context(e, "'%s'", key);
	buf_release(&object);
	stage_free(sink);
	return rc;
}
