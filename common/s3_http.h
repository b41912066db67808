/* s3_http.h -- one HTTP request after another over libcurl.  It knows nothing of S3 but which headers
 * of an answer are wanted. */
#ifndef GPM_S3_HTTP_H
#define GPM_S3_HTTP_H

#include "buf.h"
#include "s3_xml.h"

struct err;
struct s3_lines;
struct store_body;
struct throttle;

/* Connections that are kept between requests, one for each thread that sends at the same time. */
struct s3_http;
struct s3_http_line {
	uint64_t slow_rate, slow_seconds; /* a transfer of fewer bytes a second for so long is given up; 0: 1 byte, 60 s */
	const char *certificate, *key;    /* PEM files that say who we are; or both NULL */
};
struct s3_http *s3_http_new(const struct s3_http_line *, struct err *) GPM_NODISCARD;
void s3_http_free(struct s3_http *); /* NULL is fine */

struct s3_http_response {
	unsigned status;            /* 0: none came */
	bool has_length, has_range; /* what the next four are worth */
	uint64_t length;
	uint64_t first, last;       /* of the bytes that are in it */
	uint64_t total;             /* of the object; UINT64_MAX when the server does not say */
	char etag[128];             /* with its quotes */
	char request_id[96];
	char encryption[32];        /* how the server encrypted what was put */
	char region[64];            /* of the bucket */
	bool oss;                   /* it is Alibaba's OSS */
	bool has_crc64;             /* which says what the next one is: of the whole object */
	uint64_t crc64;
	time_t date;                /* the server's clock; 0: it did not say */
	time_t arrived;             /* this machine's, when the server's came; 0 without it */
	uint64_t retry_after;       /* seconds */
	struct buf body;            /* what the sink did not get */
	bool body_cut;              /* there was more of it than the request's limit */
	bool error_known;           /* the next one says what a body would (s3_v2.h) */
	struct s3_error error;
	bool sink_failed;           /* the request failed because the sink did */
	bool unresolved;            /* there is no host of that name, or nobody who would know */
};

/* Gets the body of an answer of status 200 or 206 as it comes; R has the answer's headers. */
typedef int s3_http_sink_fn(void *ctx, const struct s3_http_response *r, const void *data, size_t len, struct err *);

struct s3_http_request {
	const char *method;            /* GET, HEAD, PUT or DELETE */
	const char *url;
	const struct s3_lines *headers;
	const struct store_body *body; /* only of a PUT */
	struct throttle *throttle;     /* of the body; or NULL */
	bool once;                     /* not sent again by itself when a kept connection turns out to be dead */
	size_t limit;                  /* keep so much of a body that the sink does not get */
	s3_http_sink_fn *sink;         /* or NULL */
	void *ctx;
};

/* s3_http_send(h, request, r, e): 0 when an answer came whole, whatever its status.  -1: the sink's
 * error; ERR_STOPPED soon after a signal; ERR_TEMPORARY when another try may do better; or else.  R is
 * filled with what came and must be released in both cases. */
int s3_http_send(struct s3_http *, const struct s3_http_request *, struct s3_http_response *r, struct err *) GPM_NODISCARD;
void s3_http_release(struct s3_http_response *r);

#endif
