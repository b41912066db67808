/* store_s3.h -- what the parts of the S3 driver share: store_s3.c and store_s3_*.c. */
#ifndef GPM_STORE_S3_H
#define GPM_STORE_S3_H

#include <stdatomic.h>

#include "retry.h"
#include "s3_http.h"
#include "s3_sign.h"
#include "store.h"

struct credentials;

struct s3_store {
	struct store store;
	struct s3_http *http;
	struct credentials *credentials;
	struct retry_policy retry;
	char *bucket;
	char *prefix;       /* "" or with a '/' at its end */
	char *origin;       /* "https://host:port" */
	char *host;         /* "host:port", as it is signed */
	char *base;         /* what stands before a key in a path: "/bucket/" or "/" */
	char *region;
	atomic_bool seen;   /* the bucket is known to exist */
};

/* --- store_s3_call.c: one request, signed, and its retries --- */

#define S3_CALL_QUERY_MAX 6
#define S3_CALL_HEADERS_MAX 3

struct s3_call {
	const char *verb;              /* for messages: "put" */
	const char *method;
	const char *key;               /* without the store's prefix; NULL: the bucket itself */
	struct s3_pair query[S3_CALL_QUERY_MAX];
	size_t n_query;
	struct s3_pair headers[S3_CALL_HEADERS_MAX];
	size_t n_headers;
	const struct store_body *body; /* of a PUT */
	const char *payload_sha256;    /* of it; NULL without */
	size_t limit;                  /* of an answer that is kept; 0: as much as errors need */
	s3_http_sink_fn *sink;
	void *ctx;
};

/* s3_call_once(s, call, r, e): 1 for a status of 2xx, 0 for a 404 that is about the key, -1 with an
 * error, ERR_TEMPORARY when it is worth another try.  R must be released in every case.
 * s3_call: the same, with retries; for calls without a sink, which could get bytes twice. */
int s3_call_once(struct s3_store *, const struct s3_call *, struct s3_http_response *r, struct err *) GPM_NODISCARD;
int s3_call(struct s3_store *, const struct s3_call *, struct s3_http_response *r, struct err *) GPM_NODISCARD;

/* The tries of one call. */
struct s3_tries {
	unsigned failures;
	uint64_t began_ms;
};
void s3_tries_begin(struct s3_tries *);

/* s3_tries_wait(t, s, retry_after, e): after one more failure, E: 0 when its time has passed, -1 when E
 * is the end of it. */
int s3_tries_wait(struct s3_tries *, const struct s3_store *, uint64_t retry_after, struct err *) GPM_NODISCARD;

/* --- store_s3_error.c --- */

/* s3_fail(s, call, r, e): E for an answer that is none of success.  Returns -1. */
int s3_fail(const struct s3_store *, const struct s3_call *, const struct s3_http_response *r, struct err *);

/* s3_wrong(s, call, r, code, e, fmt, ...): E for an answer that makes no sense: "cannot put 'key' …: …". */
int s3_wrong(const struct s3_store *, const struct s3_call *, const struct s3_http_response *r,
    enum err_code, struct err *, const char *fmt, ...) GPM_PRINTF(6, 7);

/* s3_name(s, key): "s3://bucket/prefix/key", for messages. */
char *s3_name(const struct s3_store *, const char *key) GPM_NODISCARD;

/* --- the operations --- */

int store_s3_put(struct store *, const char *, const struct store_body *, struct err *) GPM_NODISCARD;
int store_s3_head(struct store *, const char *, struct store_object *, struct err *) GPM_NODISCARD;
int store_s3_get(struct store *, const char *, uint64_t, uint64_t, store_sink_fn *, void *, struct err *) GPM_NODISCARD;
int store_s3_list(struct store *, const char *, int, store_list_fn *, void *, struct err *) GPM_NODISCARD;

#endif
