/* fuzz-decompress.c -- streams made by somebody else.
 *
 * The first byte chooses zstd or gzip and how the rest is cut into pieces.  Whatever comes, no more
 * than the limit comes out, and only a stream that was whole ends well. */
#include "prelude.h"

#include "err.h"
#include "stage.h"

#define LIMIT ((uint64_t)1 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int
count(void *ctx, const void *data, size_t len, struct err *e)
{
	uint64_t *total = ctx;

	(void)data;
	(void)e;
	if ((*total += len) > LIMIT)
		abort();
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint64_t total = 0;
	struct stage *sink, *s;
	struct err e = { ERR_OK, "", "" };
	size_t piece;
	int rc = 0;

	if (size == 0)
		return 0;
	sink = stage_to_fn(count, &total);
	s = stage_decompress((data[0] & 1) == 0 ? "zstd" : "gzip", LIMIT, sink, &e);
	if (s == NULL)
		abort();
	piece = (data[0] & 2) == 0 ? size : 1 + (size_t)(data[0] >> 2);
	for (size_t at = 1; rc == 0 && at < size; at += piece)
		rc = stage_push(s, data + at, piece < size - at ? piece : size - at, &e);
	if (rc == 0)
		rc = stage_finish(s, &e);
	if (rc < 0 && e.code != ERR_DIFFERS)
		abort();
	stage_free(s);
	stage_free(sink);
	return 0;
}
