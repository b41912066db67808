/* stage_gzip_zlib.c -- gzip by zlib. */
#include "prelude.h"

#define ZLIB_CONST
#include <zlib.h>

#include "err.h"
#include "stage_gzip.h"

#define OUT_SIZE ((size_t)128 << 10)
#define WINDOW_BITS (15 + 16) /* 32 KB, and gzip's header and trailer */
#define MEM_LEVEL 8
#define IN_MAX ((size_t)1 << 30) /* zlib counts in unsigned int */

struct gzip {
	struct stage stage;
	z_stream z;
	gz_header header;         /* compress: zlib reads it while it writes */
	struct stage_limit limit; /* decompress, and all below */
	size_t seen;
	bool ended;
	unsigned char out[OUT_SIZE];
};

static int
failed(const struct gzip *g, int rc, enum err_code code, const char *what, struct err *e)
{
	if (rc == Z_MEM_ERROR)
		return err_set(e, ERR_SYSTEM, "out of memory for gzip");
	return err_set(e, code, "%s: gzip: %s", what, g->z.msg != NULL ? g->z.msg : zError(rc));
}

/* --- compress --- */

/* Run zlib over what z.next_in holds; with Z_FINISH until the trailer is out. */
static int
compress_some(struct gzip *g, int flush, struct err *e)
{
	do {
		int rc;

		g->z.next_out = g->out;
		g->z.avail_out = sizeof(g->out);
		rc = deflate(&g->z, flush);
		/* Z_BUF_ERROR only says that the last call had left nothing to do. */
		if (rc != Z_OK && rc != Z_STREAM_END && rc != Z_BUF_ERROR)
			return failed(g, rc, ERR_FAILED, "cannot compress", e);
		if (g->z.avail_out < sizeof(g->out) &&
		    stage_push(g->stage.next, g->out, sizeof(g->out) - g->z.avail_out, e) < 0)
			return -1;
	} while (g->z.avail_out == 0);
	return 0;
}

static int
compress_push(struct stage *s, const char *data, size_t len, struct err *e)
{
	struct gzip *g = (struct gzip *)s;

	while (len > 0) {
		size_t n = len < IN_MAX ? len : IN_MAX;

		g->z.next_in = (const unsigned char *)data;
		g->z.avail_in = (unsigned)n;
		if (compress_some(g, Z_NO_FLUSH, e) < 0)
			return -1;
		data += n;
		len -= n;
	}
	return 0;
}

static int
compress_finish(struct stage *s, struct err *e)
{
	return compress_some((struct gzip *)s, Z_FINISH, e);
}

static void
compress_free(struct stage *s)
{
	deflateEnd(&((struct gzip *)s)->z);
	free(s);
}

struct stage *
stage_zlib_compress(int level, struct stage *next, struct err *e)
{
	static const struct stage_ops ops = { compress_push, compress_finish, compress_free };
	struct gzip *g = mem_alloc(sizeof(*g));
	int rc;

	g->stage.ops = &ops;
	g->stage.next = next;
	g->header.os = GZIP_OS;
	rc = deflateInit2(&g->z, level, Z_DEFLATED, WINDOW_BITS, MEM_LEVEL, Z_DEFAULT_STRATEGY);
	if (rc == Z_OK)
		rc = deflateSetHeader(&g->z, &g->header);
	if (rc == Z_OK)
		return &g->stage;
	failed(g, rc, ERR_FAILED, "cannot compress", e);
	compress_free(&g->stage);
	return NULL;
}

/* --- decompress --- */

/* Fill OUT once from what z.next_in holds, up to the member's end. */
static int
decompress_some(struct gzip *g, struct err *e)
{
	int rc;

	g->z.next_out = g->out;
	g->z.avail_out = sizeof(g->out);
	rc = inflate(&g->z, Z_NO_FLUSH);
	if (rc != Z_OK && rc != Z_STREAM_END)
		return failed(g, rc, ERR_DIFFERS, "object is damaged", e);
	g->ended = rc == Z_STREAM_END;
	return stage_push_within(g->stage.next, &g->limit, g->out, sizeof(g->out) - g->z.avail_out, e);
}

/* Output that zlib still holds when all input is used comes out with the next piece: there is one,
 * for the trailer is read last. */
static int
decompress_push(struct stage *s, const char *data, size_t len, struct err *e)
{
	struct gzip *g = (struct gzip *)s;

	if (gzip_check_header(&g->seen, data, len, e) < 0)
		return -1;
	while (len > 0 && !g->ended) {
		size_t n = len < IN_MAX ? len : IN_MAX;

		g->z.next_in = (const unsigned char *)data;
		g->z.avail_in = (unsigned)n;
		if (decompress_some(g, e) < 0)
			return -1;
		n -= g->z.avail_in;
		data += n;
		len -= n;
	}
	return len > 0 ? gzip_trailing_bytes(e) : 0;
}

static int
decompress_finish(struct stage *s, struct err *e)
{
	return ((struct gzip *)s)->ended ? 0 : gzip_truncated(e);
}

static void
decompress_free(struct stage *s)
{
	inflateEnd(&((struct gzip *)s)->z);
	free(s);
}

struct stage *
stage_zlib_decompress(uint64_t limit, struct stage *next, struct err *e)
{
	static const struct stage_ops ops = { decompress_push, decompress_finish, decompress_free };
	struct gzip *g = mem_alloc(sizeof(*g));
	int rc;

	g->stage.ops = &ops;
	g->stage.next = next;
	g->limit.limit = limit;
	if ((rc = inflateInit2(&g->z, WINDOW_BITS)) == Z_OK)
		return &g->stage;
	failed(g, rc, ERR_FAILED, "cannot decompress", e);
	decompress_free(&g->stage);
	return NULL;
}
