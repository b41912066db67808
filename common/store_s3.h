/* store_s3.h -- what the parts of the S3 driver share: store_s3.c and store_s3_*.c. */
#ifndef GPM_STORE_S3_H
#define GPM_STORE_S3_H

#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>

#include "retry.h"
#include "s3_http.h"
#include "s3_sign.h"
#include "s3_v2.h"
#include "store.h"

struct credentials;

#define S3_WISHES_MAX 5

struct s3_store {
	struct store store;
	struct s3_http *http;
	struct s3_v2 *v2;          /* requests are signed by Version 2; NULL: by 4 */
	pthread_mutex_t key_lock;  /* over the next three */
	struct credentials *credentials;
	unsigned generation;       /* how often they were replaced */
	time_t renewed;            /* when that was tried last */
	char *given_place, *given_key, *given_secret; /* of a gpm.conf: to find them again */
	char *endpoint_url;        /* where that depends on it; or NULL */
	struct retry_policy retry;
	uint64_t retry_total_ms; /* 0: any time */
	atomic_ullong lost_ms;  /* what failed requests and the waits after them took, of all threads */
	uint64_t give_up_ms;
	char *bucket;
	char *prefix;       /* "" or with a '/' at its end */
	char *origin;       /* "https://host:port" */
	char *host;         /* "host:port", as it is signed */
	char *server;       /* the same without the bucket */
	char *base;         /* what stands before a key in a path: "/bucket/" or "/" */
	char *region;
	struct s3_pair wishes[S3_WISHES_MAX]; /* headers of every put; their values are the store's own */
	size_t n_wishes;
	char *encryption;   /* that was asked for, as the server should name it; or NULL */
	atomic_bool seen;   /* the bucket is known to exist */
	atomic_bool reached; /* some answer has come */
	atomic_bool oss;    /* it came from OSS */
	atomic_llong ahead; /* this machine's clock, by the last answer; S3_UNKNOWN_SKEW before */
};
#define S3_UNKNOWN_SKEW LLONG_MIN

/* s3_find_key(s, out, e): credentials_find for S. */
int s3_find_key(const struct s3_store *, struct credentials **out, struct err *) GPM_NODISCARD;

/* --- store_s3_call.c: one request, signed, and its retries --- */

#define S3_CALL_QUERY_MAX 6
#define S3_CALL_HEADERS_MAX 8

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
	bool once;                     /* each sending is a try of its own, none is the transport's */
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
	uint64_t try_ms; /* when the present try began */
};
void s3_tries_begin(struct s3_tries *);

/* s3_tries_wait(t, s, r, e): after one more failure, answer R and E: 0 when its time has passed, -1 when E
 * is the end of it. */
int s3_tries_wait(struct s3_tries *, struct s3_store *, const struct s3_http_response *r, struct err *) GPM_NODISCARD;

/* s3_retry_policy(s, r): the one that counts after R. */
struct retry_policy s3_retry_policy(const struct s3_store *, const struct s3_http_response *r);

/* --- store_s3_error.c --- */

/* s3_fail(s, call, r, e): E for an answer that is none of success.  Returns -1. */
int s3_fail(const struct s3_store *, const struct s3_call *, const struct s3_http_response *r, struct err *);

/* s3_answer_error(r, x): what R, which is no success, says of itself; false and all empty when it has no such words. */
bool s3_answer_error(const struct s3_http_response *r, struct s3_error *x);

/* s3_wrong(s, call, r, code, e, fmt, ...): E for an answer that makes no sense: "cannot put 'key' …: …". */
int s3_wrong(const struct s3_store *, const struct s3_call *, const struct s3_http_response *r,
    enum err_code, struct err *, const char *fmt, ...) GPM_PRINTF(6, 7);

/* s3_name(s, key): "s3://bucket/prefix/key", for messages. */
char *s3_name(const struct s3_store *, const char *key) GPM_NODISCARD;

/* --- store_s3_wishes.c --- */

/* s3_wishes_read(s, settings, e): storage class, encryption, ACL and tags into S.  ERR_USAGE. */
int s3_wishes_read(struct s3_store *, const struct store_settings *, struct err *) GPM_NODISCARD;
void s3_wishes_release(struct s3_store *);

/* s3_wishes_check(s, call, r, e): did the server, which has stored CALL's body, say in R that it encrypted it as asked? */
int s3_wishes_check(const struct s3_store *, const struct s3_call *, const struct s3_http_response *r, struct err *) GPM_NODISCARD;

/* --- store_s3_look.c --- */

/* s3_look(s, key, r, size, e): one try to learn SIZE and, in R, the ETag.  1, 0 absent, -1; R must be released in every case.
 * store_s3_look_head: the same as store_s3_head, with retries.  Both for Signature V2. */
int s3_look(struct s3_store *, const char *key, struct s3_http_response *r, uint64_t *size, struct err *) GPM_NODISCARD;
int store_s3_look_head(struct s3_store *, const char *key, struct store_object *out, struct err *) GPM_NODISCARD;

/* --- the operations --- */

int store_s3_put(struct store *, const char *, const struct store_body *, struct err *) GPM_NODISCARD;
int store_s3_create(struct store *, const char *, const struct store_body *, struct err *) GPM_NODISCARD;
int store_s3_head(struct store *, const char *, struct store_object *, struct err *) GPM_NODISCARD;
int store_s3_get(struct store *, const char *, uint64_t, uint64_t, store_sink_fn *, void *, struct err *) GPM_NODISCARD;
int store_s3_list(struct store *, const char *, int, store_list_fn *, void *, struct err *) GPM_NODISCARD;

#endif
