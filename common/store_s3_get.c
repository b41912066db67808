/* store_s3_get.c -- a get hands every byte to its sink once and in order.
 *
 * When the connection breaks, the next try asks for the bytes that are still missing, of the same
 * object: If-Match with the ETag of the first answer.  Bytes reach the sink only after the answer's
 * headers were found to be about just those bytes. */
#include "prelude.h"

#include <inttypes.h>

#include "crc64.h"
#include "err.h"
#include "store_s3.h"

struct get {
	struct s3_store *s;
	const struct s3_call *call;
	store_sink_fn *fn;
	void *ctx;
	uint64_t offset, len;  /* as asked for; LEN 0: to the end */
	uint64_t next;         /* the byte that the sink gets next */
	uint64_t end;          /* one after the last; known once CHECKED */
	char etag[sizeof(((struct s3_http_response *)0)->etag)];
	bool checked;          /* an answer has told END and the tag */
	bool answer_checked;   /* the one that is coming in */
	bool has_crc64;        /* all is wanted, and the server (OSS) told what the next one has to become */
	uint64_t crc64_there, crc64;
};

/* What the server has at KEY ends before what was asked for. */
static int
too_short(const struct get *g, const struct s3_http_response *r, uint64_t size, struct err *e)
{
	return s3_wrong(g->s, g->call, r, ERR_DIFFERS, e,
	    "it has %" PRIu64 " bytes, %" PRIu64 " from byte %" PRIu64 " on were expected", size, g->len, g->offset);
}

/* The bytes [*FIRST, *END) that an answer has. */
static int
extent(const struct get *g, const struct s3_http_response *r, uint64_t *first, uint64_t *end, struct err *e)
{
	if (!r->has_length)
		return s3_wrong(g->s, g->call, r, ERR_FAILED, e, "the answer has no Content-Length");
	if (r->status == 200) {
		*first = 0;
		*end = r->length;
		return 0;
	}
	if (!r->has_range || r->last - r->first + 1 != r->length)
		return s3_wrong(g->s, g->call, r, ERR_FAILED, e,
		    "Content-Range and Content-Length of the answer do not belong together");
	*first = r->first;
	*end = r->last + 1;
	return 0;
}

/* The first answer: does it hold what was asked for? */
static int
check_first(struct get *g, const struct s3_http_response *r, uint64_t first, uint64_t end, struct err *e)
{
	if (first != g->offset)
		return s3_wrong(g->s, g->call, r, ERR_FAILED, e,
		    "bytes from %" PRIu64 " on were asked for, the answer begins at %" PRIu64, g->offset, first);
	if (g->len > 0 && end - first < g->len)
		return too_short(g, r, end, e);
	if (g->len > 0 ? end - first > g->len : r->status == 206 && r->total != UINT64_MAX && end != r->total)
		return s3_wrong(g->s, g->call, r, ERR_FAILED, e, "the answer has other bytes than those asked for");
	g->end = end;
	snprintf(g->etag, sizeof(g->etag), "%s", r->etag);
	g->checked = true;
	g->has_crc64 = r->has_crc64 && r->status == 200;
	g->crc64_there = r->crc64;
	return 0;
}

static int
check_answer(struct get *g, const struct s3_http_response *r, struct err *e)
{
	uint64_t first = 0, end = 0;

	g->answer_checked = true;
	if (extent(g, r, &first, &end, e) < 0)
		return -1;
	if (!g->checked)
		return check_first(g, r, first, end, e);
	if (first != g->next || end != g->end || strcmp(r->etag, g->etag) != 0)
		return s3_wrong(g->s, g->call, r, ERR_DIFFERS, e, "it was changed while it was read");
	return 0;
}

static int
take(void *ctx, const struct s3_http_response *r, const void *data, size_t len, struct err *e)
{
	struct get *g = ctx;

	if (!g->answer_checked && check_answer(g, r, e) < 0)
		return -1;
	if (len > g->end - g->next)
		return s3_wrong(g->s, g->call, r, ERR_FAILED, e, "more bytes came than were announced");
	g->next += len;
	if (g->has_crc64)
		g->crc64 = crc64(g->crc64, data, len);
	return g->fn(g->ctx, data, len, e);
}

/* The header range of the next try; "" when all is wanted. */
static void
make_range(const struct get *g, char *out, size_t size)
{
	if (g->checked)
		snprintf(out, size, "bytes=%" PRIu64 "-%" PRIu64, g->next, g->end - 1);
	else if (g->len > 0)
		snprintf(out, size, "bytes=%" PRIu64 "-%" PRIu64, g->offset, g->offset + g->len - 1);
	else if (g->offset > 0)
		snprintf(out, size, "bytes=%" PRIu64 "-", g->offset);
	else
		*out = '\0';
}

/* Nothing is at OFFSET.  Its end is a place to read from all the same, when no length was asked for. */
static int
outside(struct get *g, const struct s3_http_response *r, struct err *e)
{
	struct store_object object;
	int rc;

	if ((rc = store_s3_head(&g->s->store, g->call->key, &object, e)) <= 0)
		return rc;
	if (g->checked || object.size < g->offset || g->len > object.size - g->offset)
		return too_short(g, r, object.size, e);
	return 1;
}

/* One try.  1 done, 0 absent, -1: E and *AGAIN, whether the rest may be asked for. */
static int
try_get(struct get *g, struct s3_http_response *r, bool *again, struct err *e)
{
	struct s3_call call = *g->call;
	char range[64];
	int rc;

	make_range(g, range, sizeof(range));
	if (range[0] != '\0')
		call.headers[call.n_headers++] = (struct s3_pair){ "range", range };
	if (g->checked)
		call.headers[call.n_headers++] = (struct s3_pair){ "if-match", g->etag };
	g->answer_checked = false;
	*again = false;
	rc = s3_call_once(g->s, &call, r, e);
	if (rc < 0 && r->status == 416)
		return outside(g, r, e);
	if (rc < 0 && r->status == 412)
		return s3_wrong(g->s, &call, r, ERR_DIFFERS, e, "it was changed while it was read");
	if (rc > 0 && !g->answer_checked)
		rc = check_answer(g, r, e) < 0 ? -1 : 1;
	else if (rc < 0)
		*again = !r->sink_failed;
	if (rc == 0 && g->checked)
		return s3_wrong(g->s, &call, r, ERR_DIFFERS, e, "it was removed while it was read");
	return rc;
}

/* As many tries as it takes; whatever brings bytes begins their count anew. */
static int
get_all(struct get *g, struct s3_http_response *r, struct err *e)
{
	struct s3_tries tries;
	bool again;
	int rc;

	s3_tries_begin(&tries);
	for (uint64_t before = g->next; (rc = try_get(g, r, &again, e)) < 0 && again; before = g->next) {
		if (g->checked && g->next == g->end)
			return 1;
		/* Without a tag nobody knows whether the rest would be of the same object. */
		if (g->next > g->offset && g->etag[0] == '\0')
			return -1;
		if (g->next > before)
			s3_tries_begin(&tries);
		if (s3_tries_wait(&tries, g->s, r, e) < 0)
			return -1;
		s3_http_release(r);
	}
	return rc;
}

int
store_s3_get(struct store *store, const char *key, uint64_t offset, uint64_t len, store_sink_fn *fn,
    void *ctx, struct err *e)
{
	struct s3_call call = { .verb = "get", .method = "GET", .key = key, .sink = take };
	struct get g = {
		.s = (struct s3_store *)store, .call = &call, .fn = fn, .ctx = ctx,
		.offset = offset, .len = len, .next = offset,
	};
	struct s3_http_response r = { .status = 0 };
	struct err trouble; /* the caller's stays as it is when a later try succeeds */
	int rc;

	call.ctx = &g;
	if (len > UINT64_MAX - offset)
		rc = outside(&g, &r, &trouble);
	else
		rc = get_all(&g, &r, &trouble);
	if (rc > 0 && g.has_crc64 && g.crc64 != g.crc64_there)
		rc = s3_wrong(g.s, &call, &r, ERR_DIFFERS, &trouble, "the CRC64 of what came is %" PRIu64 ", of what is stored %" PRIu64, g.crc64, g.crc64_there);
	s3_http_release(&r);
	if (rc < 0)
		*e = trouble;
	return rc;
}
