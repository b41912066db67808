/* stage_zstd.c -- zstd: exactly one frame with a checksum, made and unmade. */
#include "prelude.h"

#include <zstd.h>
#include <zstd_errors.h>

#include "err.h"
#include "stage.h"

/* 128 MB: what the zstd tool unpacks without being asked for more.  Level 19 needs 8 MB. */
#define WINDOW_LOG_MAX 27
#define ZSTD_FRAME_MIN 9 /* bytes: magic, header, an empty block */

static int
out_of_memory(struct err *e)
{
	return err_set(e, ERR_SYSTEM, "out of memory for zstd");
}

/* --- compress --- */

struct compressor {
	struct stage stage;
	ZSTD_CCtx *ctx;
	size_t cap;
	char out[];
};

/* What zstd said, as one of our errors. */
static int
compress_failed(size_t rc, struct err *e)
{
	if (ZSTD_getErrorCode(rc) == ZSTD_error_memory_allocation)
		return out_of_memory(e);
	if (ZSTD_getErrorCode(rc) == ZSTD_error_srcSize_wrong)
		return err_set(e, ERR_FAILED, "cannot compress: the bytes are not as many as announced");
	return err_set(e, ERR_FAILED, "cannot compress: %s", ZSTD_getErrorName(rc));
}

/* Run zstd until IN is used, or with ZSTD_e_end until the frame is closed. */
static int
compress(struct compressor *c, ZSTD_inBuffer *in, ZSTD_EndDirective how, struct err *e)
{
	bool done;

	do {
		ZSTD_outBuffer out = { c->out, c->cap, 0 };
		size_t left = ZSTD_compressStream2(c->ctx, &out, in, how);

		if (ZSTD_isError(left))
			return compress_failed(left, e);
		if (out.pos > 0 && stage_push(c->stage.next, c->out, out.pos, e) < 0)
			return -1;
		done = how == ZSTD_e_end ? left == 0 : in->pos == in->size;
	} while (!done);
	return 0;
}

static int
compress_push(struct stage *s, const char *data, size_t len, struct err *e)
{
	ZSTD_inBuffer in = { data, len, 0 };

	/* A first call without bytes would already fix the frame's header. */
	if (len == 0)
		return 0;
	return compress((struct compressor *)s, &in, ZSTD_e_continue, e);
}

static int
compress_finish(struct stage *s, struct err *e)
{
	ZSTD_inBuffer in = { NULL, 0, 0 };

	return compress((struct compressor *)s, &in, ZSTD_e_end, e);
}

static void
compress_free(struct stage *s)
{
	ZSTD_freeCCtx(((struct compressor *)s)->ctx);
	free(s);
}

struct stage *
stage_zstd_compress(int level, uint64_t size_hint, struct stage *next, struct err *e)
{
	static const struct stage_ops ops = { compress_push, compress_finish, compress_free };
	size_t cap = ZSTD_CStreamOutSize(), rc;
	struct compressor *c = mem_alloc(sizeof(*c) + cap);

	c->stage.ops = &ops;
	c->stage.next = next;
	c->cap = cap;
	if ((c->ctx = ZSTD_createCCtx()) == NULL) {
		out_of_memory(e);
		goto err0;
	}
	rc = ZSTD_CCtx_setParameter(c->ctx, ZSTD_c_compressionLevel, level);
	if (!ZSTD_isError(rc))
		rc = ZSTD_CCtx_setParameter(c->ctx, ZSTD_c_checksumFlag, 1);
	if (!ZSTD_isError(rc) && size_hint != 0)
		rc = ZSTD_CCtx_setPledgedSrcSize(c->ctx, size_hint);
	if (ZSTD_isError(rc)) {
		compress_failed(rc, e);
		goto err0;
	}
	return &c->stage;
err0:
	compress_free(&c->stage);
	return NULL;
}

/* --- decompress --- */

struct decompressor {
	struct stage stage;
	ZSTD_DCtx *ctx;
	struct stage_limit limit;
	size_t magic_seen; /* bytes of the frame's magic number compared so far */
	bool ended;
	size_t cap;
	char out[];
};

/* libzstd also unpacks skippable frames (to nothing) and, as some build it, frames of old
 * formats: neither is what we wrote. */
static int
check_magic(struct decompressor *d, const char *data, size_t len, struct err *e)
{
	static const unsigned char magic[] = { 0x28, 0xb5, 0x2f, 0xfd };

	for (; d->magic_seen < sizeof(magic) && len > 0; d->magic_seen++, data++, len--)
		if ((unsigned char)*data != magic[d->magic_seen])
			return err_set(e, ERR_DIFFERS, "object is damaged: it is not a zstd frame");
	return 0;
}

static int
decompress_failed(size_t rc, struct err *e)
{
	if (ZSTD_getErrorCode(rc) == ZSTD_error_memory_allocation)
		return out_of_memory(e);
	return err_set(e, ERR_DIFFERS, "object is damaged: zstd: %s", ZSTD_getErrorName(rc));
}

static int
decompress_push(struct stage *s, const char *data, size_t len, struct err *e)
{
	struct decompressor *d = (struct decompressor *)s;
	ZSTD_inBuffer in = { data, len, 0 };
	bool full = false;

	if (check_magic(d, data, len, e) < 0)
		return -1;
	/* A full OUT may have left some behind, says zstd.h. */
	while (!d->ended && (in.pos < in.size || full)) {
		ZSTD_outBuffer out = { d->out, d->cap, 0 };
		size_t rc = ZSTD_decompressStream(d->ctx, &out, &in);

		if (ZSTD_isError(rc))
			return decompress_failed(rc, e);
		if (stage_push_within(s->next, &d->limit, d->out, out.pos, e) < 0)
			return -1;
		d->ended = rc == 0;
		full = out.pos == out.size;
	}
	if (in.pos < in.size)
		return err_set(e, ERR_DIFFERS, "object is damaged: there are bytes after its zstd frame");
	return 0;
}

static int
decompress_finish(struct stage *s, struct err *e)
{
	if (!((struct decompressor *)s)->ended)
		return err_set(e, ERR_DIFFERS, "object is truncated: the zstd frame does not end");
	return 0;
}

static void
decompress_free(struct stage *s)
{
	ZSTD_freeDCtx(((struct decompressor *)s)->ctx);
	free(s);
}

struct stage *
stage_zstd_decompress(uint64_t limit, struct stage *next, struct err *e)
{
	static const struct stage_ops ops = { decompress_push, decompress_finish, decompress_free };
	size_t cap = ZSTD_DStreamOutSize(), rc;
	struct decompressor *d = mem_alloc(sizeof(*d) + cap);

	d->stage.ops = &ops;
	d->stage.next = next;
	d->limit.limit = limit;
	d->cap = cap;
	if ((d->ctx = ZSTD_createDCtx()) == NULL) {
		out_of_memory(e);
		goto err0;
	}
	rc = ZSTD_DCtx_setParameter(d->ctx, ZSTD_d_windowLogMax, WINDOW_LOG_MAX);
	if (ZSTD_isError(rc)) {
		decompress_failed(rc, e);
		goto err0;
	}
	return &d->stage;
err0:
	decompress_free(&d->stage);
	return NULL;
}

/* --- at once --- */

bool
stage_zstd_at_once(const char *data, size_t len, char *out, size_t size)
{
	struct err ignored;
	struct decompressor magic = { .magic_seen = 0 };

	return len >= ZSTD_FRAME_MIN && check_magic(&magic, data, len, &ignored) == 0 && ZSTD_getFrameContentSize(data, len) == size &&
	    ZSTD_findFrameCompressedSize(data, len) == len && ZSTD_decompress(out, size, data, len) == size;
}
