/* store_body.c -- what is put, piece by piece. */
#include "prelude.h"

#include "atomic.h"
#include "err.h"
#include "store.h"
#include "throttle.h"

#define PIECE ((size_t)1 << 20)

int
store_body_each(const struct store_body *body, struct throttle *throttle, store_sink_fn *fn, void *ctx, struct err *e)
{
	char *piece = body->data == NULL ? mem_alloc(body->len < PIECE ? (size_t)body->len + 1 : PIECE) : NULL;
	size_t n;
	int rc = 0;

	for (uint64_t at = 0; rc == 0 && at < body->len; at += n) {
		n = body->len - at < PIECE ? (size_t)(body->len - at) : PIECE;
		if ((rc = throttle_take(throttle, n, &n, e)) < 0)
			break;
		if (piece != NULL)
			rc = file_read_at(body->fd, piece, n, at, "the file to store", e);
		if (rc == 0)
			rc = fn(ctx, piece != NULL ? piece : (const char *)body->data + at, n, e);
	}
	free(piece);
	return rc;
}
