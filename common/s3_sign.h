/* s3_sign.h -- AWS Signature Version 4 for the service s3: what has to be sent with a request so that
 * the server believes it.  Results follow from the arguments alone; the time is one of them. */
#ifndef GPM_S3_SIGN_H
#define GPM_S3_SIGN_H

struct credentials;
struct err;

/* A header or a parameter of the query. */
struct s3_pair {
	const char *name;
	const char *value;
};

/* Nothing in it is encoded.  Header names are lower case, no two the same. */
struct s3_request {
	const char *method;
	const char *host;              /* as in the header: with the port unless it is the scheme's own */
	const char *path;              /* begins with '/' */
	const struct s3_pair *query;   /* in any order */
	size_t n_query;
	const struct s3_pair *headers; /* beside those that s3_sign adds; all of them are signed */
	size_t n_headers;
	const char *payload_sha256;    /* of the body, 64 lower-case hex digits */
};

/* Header lines "name: value" that are to be sent. */
struct s3_lines {
	char **lines;
	size_t n;
};

/* s3_sign_path(path), s3_sign_query(query, n): as they stand in the URL and in the signature: every
 * byte but A-Z a-z 0-9 - . _ ~ as %XX, in a path '/' as itself; the query sorted. */
char *s3_sign_path(const char *path) GPM_NODISCARD;
char *s3_sign_query(const struct s3_pair *, size_t n) GPM_NODISCARD;

/* s3_sign(r, credentials, region, when, out, e): the request's own headers, host, x-amz-date,
 * x-amz-content-sha256, with a session token x-amz-security-token, and authorization. */
int s3_sign(const struct s3_request *, const struct credentials *, const char *region, time_t when,
    struct s3_lines *out, struct err *) GPM_NODISCARD;

/* s3_lines_release(l): wiped and freed; the token stands in them. */
void s3_lines_release(struct s3_lines *);

#endif
