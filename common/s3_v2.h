/* s3_v2.h -- Signature Version 2, by libs3, for stores that know no other.
 *
 * What reads is sent by s3_http.c, to a URL that libs3 has signed, so that answers, certificates and broken lines are
 * seen as with Signature V4.  libs3 signs no URL but that of a GET: what puts or removes libs3 sends itself, and looks
 * at no certificate.
 *
 * A libs3 that speaks V4 (after 2.0) is not used: s3_sign.c does. */
#ifndef GPM_S3_V2_H
#define GPM_S3_V2_H

struct credentials;
struct err;
struct s3_http_response;
struct store_body;
struct throttle;

/* Where the bucket is.  The texts are kept as they are and have to outlive what is made of them. */
struct s3_v2_place {
	bool https, path_style;
	bool allow_unverified_tls;
	const char *host;     /* without the bucket's name; "host:port" */
	const char *bucket;
	uint64_t idle_seconds; /* a put that gets no further for so long is given up; 0: 60 */
};

struct s3_v2;

/* s3_v2_new(place, out, e): ERR_USAGE when there is no libs3, or another one. */
int s3_v2_new(const struct s3_v2_place *, struct s3_v2 **out, struct err *) GPM_NODISCARD;
void s3_v2_free(struct s3_v2 *); /* NULL is fine */

/* s3_v2_url(v, credentials, key, e): the URL of a GET of KEY (NULL: of the bucket), good for an hour, to which a query may
 * be added.  It holds a signature: not to be shown.  The caller frees.  NULL: an error. */
char *s3_v2_url(const struct s3_v2 *, const struct credentials *, const char *key, struct err *) GPM_NODISCARD;

struct s3_v2_request {
	const char *key;
	const char *content_md5;       /* of a put */
	const struct store_body *body; /* of a put; NULL: remove */
	struct throttle *throttle;
};

/* s3_v2_begin(v, credentials, request, out, e): the request is signed, and CREDENTIALS are not needed any longer.  REQUEST
 * has to stay until s3_v2_end(exchange, r, e), which sends it and frees the exchange: as s3_http_send, but it tells
 * status 200 for what libs3 takes for a success (of a put that is not to be believed: store_s3_put.c), "error" of another
 * answer, and its status where libs3 does.  ERR_USAGE: it would go over TLS. */
struct s3_v2_exchange;
int s3_v2_begin(struct s3_v2 *, const struct credentials *, const struct s3_v2_request *, struct s3_v2_exchange **out,
    struct err *) GPM_NODISCARD;
int s3_v2_end(struct s3_v2_exchange *, struct s3_http_response *r, struct err *) GPM_NODISCARD;

#endif
