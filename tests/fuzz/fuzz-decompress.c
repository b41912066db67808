/* fuzz-decompress.c -- streams made by somebody else.
 *
 * The first byte chooses zstd or gzip and how the rest is cut into pieces.  Whatever comes, no more
 * than the limit comes out, and only a stream that was whole ends well; both gzip libraries think so. */
#include "prelude.h"

#include "err.h"
#include "stage_gzip.h"

#define LIMIT ((uint64_t)1 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct outcome {
	int rc;
	uint64_t total;
	uint32_t sum; /* whatever pieces it comes in */
};

static int
count(void *ctx, const void *data, size_t len, struct err *e)
{
	struct outcome *o = ctx;
	const unsigned char *bytes = data;

	(void)e;
	for (size_t i = 0; i < len; i++)
		o->sum = o->sum * 16777619 ^ bytes[i];
	if ((o->total += len) > LIMIT)
		abort();
	return 0;
}

static struct stage *
by_name(uint64_t limit, struct stage *next, const char *name, struct err *e)
{
	if (strcmp(name, "zlib") == 0)
		return stage_zlib_decompress(limit, next, e);
	return stage_decompress(name, limit, next, e);
}

static struct outcome
unpack(const char *name, const uint8_t *data, size_t size, size_t piece)
{
	struct outcome o = { 0, 0, 0 };
	struct err e = { ERR_OK, "", "" };
	struct stage *sink = stage_to_fn(count, &o), *s = by_name(LIMIT, sink, name, &e);

	if (s == NULL)
		abort();
	for (size_t at = 0; o.rc == 0 && at < size; at += piece)
		o.rc = stage_push(s, data + at, piece < size - at ? piece : size - at, &e);
	if (o.rc == 0)
		o.rc = stage_finish(s, &e);
	if (o.rc < 0 && e.code != ERR_DIFFERS)
		abort();
	stage_free(s);
	stage_free(sink);
	return o;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t piece;

	if (size == 0)
		return 0;
	piece = (data[0] & 2) == 0 ? size : 1 + (size_t)(data[0] >> 2);
	if ((data[0] & 1) == 0) {
		unpack("zstd", data + 1, size - 1, piece);
	} else {
		struct outcome a = unpack("gzip", data + 1, size - 1, piece), b = unpack("zlib", data + 1, size - 1, piece);

		if (a.rc != b.rc || (a.rc == 0 && (a.total != b.total || a.sum != b.sum)))
			abort();
	}
	return 0;
}
