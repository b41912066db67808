/* store_s3_look.c -- what an object is like, by a GET of its first byte: libs3 signs no URL of a HEAD. */
#include "prelude.h"

#include "err.h"
#include "store_s3.h"

/* Of a server that took no notice of the range nothing but the headers is wanted. */
static int
refuse_body(void *ctx, const struct s3_http_response *r, const void *data, size_t len, struct err *e)
{
	(void)ctx;
	(void)data;
	(void)len;
	return r->status == 206 ? 0 : err_set(e, ERR_FAILED, "the whole object comes");
}

int
s3_look(struct s3_store *s, const char *key, struct s3_http_response *r, uint64_t *size, struct err *e)
{
	struct s3_call call = { .verb = "examine", .method = "GET", .key = key, .sink = refuse_body };
	int rc;

	call.headers[call.n_headers++] = (struct s3_pair){ "range", "bytes=0-0" };
	rc = s3_call_once(s, &call, r, e);
	if (rc < 0 && r->status == 416) { /* it has no first byte */
		s3_http_release(r);
		call.n_headers = 0;
		rc = s3_call_once(s, &call, r, e);
	}
	*size = r->status == 206 ? r->total : r->length;
	if (rc > 0 ? r->status == 206 && r->total != UINT64_MAX : rc < 0 && r->status == 200 && r->sink_failed)
		return 1;
	if (rc > 0 && (r->status != 200 || !r->has_length))
		return s3_wrong(s, &call, r, ERR_FAILED, e, "the answer does not say how long it is");
	return rc;
}

int
store_s3_look_head(struct s3_store *s, const char *key, struct store_object *out, struct err *e)
{
	struct s3_http_response r;
	struct s3_tries tries;
	struct err trouble; /* the caller's stays as it is when a later try succeeds */
	uint64_t size;
	int rc;

	s3_tries_begin(&tries);
	while ((rc = s3_look(s, key, &r, &size, &trouble)) < 0 && s3_tries_wait(&tries, s, &r, &trouble) == 0)
		s3_http_release(&r);
	s3_http_release(&r);
	if (rc < 0)
		*e = trouble;
	else
		*out = (struct store_object){ .size = size };
	return rc;
}
