/* s3_sign.c -- AWS Signature Version 4.
 *
 * Own code and not CURLOPT_AWS_SIGV4: libcurl of the distributions that matter signs wrongly when a
 * path holds '=' or '+', which our keys do, or when a query is not sorted. */
#include "prelude.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "buf.h"
#include "credentials.h"
#include "err.h"
#include "parse.h"
#include "s3_sign.h"

#define SHA256_LEN 32
#define DATE_LEN sizeof("20130524T000000Z")
#define DAY_LEN 8

/* --- encoding --- */

static bool
unreserved(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
	    c == '-' || c == '.' || c == '_' || c == '~';
}

static char *
encode(const char *s, bool keep_slash)
{
	char *out = mem_array(strlen(s) + 1, 3), *p = out;

	for (; *s != '\0'; s++) {
		if (unreserved(*s) || (keep_slash && *s == '/'))
			*p++ = *s;
		else
			p += snprintf(p, 4, "%%%02X", (unsigned)(unsigned char)*s);
	}
	return out;
}

char *
s3_sign_path(const char *path)
{
	return encode(path, true);
}

struct pair {
	char *name;
	char *value;
};

/* By name, then by value: "a" comes before "a-b" although '=' follows '-'. */
static int
compare_pairs(const void *a, const void *b)
{
	const struct pair *x = a, *y = b;
	int by_name = strcmp(x->name, y->name);

	return by_name != 0 ? by_name : strcmp(x->value, y->value);
}

static void
free_pairs(struct pair *pairs, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(pairs[i].name);
		if (pairs[i].value != NULL)
			explicit_bzero(pairs[i].value, strlen(pairs[i].value));
		free(pairs[i].value);
	}
	free(pairs);
}

char *
s3_sign_query(const struct s3_pair *query, size_t n)
{
	struct pair *pairs = mem_array(n, sizeof(*pairs));
	struct buf out;
	char *text;

	for (size_t i = 0; i < n; i++)
		pairs[i] = (struct pair){ encode(query[i].name, false), encode(query[i].value, false) };
	qsort(pairs, n, sizeof(*pairs), compare_pairs);
	text_init(&out);
	for (size_t i = 0; i < n; i++)
		text_printf(&out, "%s%s=%s", i > 0 ? "&" : "", pairs[i].name, pairs[i].value);
	free_pairs(pairs, n);
	text = text_take(&out);
	buf_release(&out);
	return text;
}

/* --- the headers --- */

/* As the signature has it: no space at either end, one where there are several. */
static char *
squeeze(const char *value)
{
	char *out = mem_alloc(strlen(value) + 1), *p = out;

	for (; *value != '\0'; value++)
		if (*value != ' ' || (p > out && p[-1] != ' '))
			*p++ = *value;
	if (p > out && p[-1] == ' ')
		p[-1] = '\0';
	return out;
}

static void
add_header(struct pair *headers, size_t *n, const char *name, const char *value)
{
	headers[(*n)++] = (struct pair){ mem_str(name), squeeze(value) };
}

static struct pair *
collect_headers(const struct s3_request *r, const struct credentials *c, const char *date, size_t *n)
{
	struct pair *headers = mem_array(r->n_headers + 4, sizeof(*headers));

	*n = 0;
	add_header(headers, n, "host", r->host);
	add_header(headers, n, "x-amz-content-sha256", r->payload_sha256);
	add_header(headers, n, "x-amz-date", date);
	if (c->token != NULL)
		add_header(headers, n, "x-amz-security-token", secret_text(c->token));
	for (size_t i = 0; i < r->n_headers; i++)
		add_header(headers, n, r->headers[i].name, r->headers[i].value);
	qsort(headers, *n, sizeof(*headers), compare_pairs);
	return headers;
}

/* "host;range;x-amz-date" */
static char *
signed_names(const struct pair *headers, size_t n)
{
	struct buf out;
	char *text;

	text_init(&out);
	for (size_t i = 0; i < n; i++)
		text_printf(&out, "%s%s", i > 0 ? ";" : "", headers[i].name);
	text = text_take(&out);
	buf_release(&out);
	return text;
}

static char *
canonical_request(const struct s3_request *r, const struct pair *headers, size_t n, const char *names)
{
	char *path = s3_sign_path(r->path), *query = s3_sign_query(r->query, r->n_query), *text;
	struct buf out;

	text_init(&out);
	text_printf(&out, "%s\n%s\n%s\n", r->method, path, query);
	for (size_t i = 0; i < n; i++)
		text_printf(&out, "%s:%s\n", headers[i].name, headers[i].value);
	text_printf(&out, "\n%s\n%s", names, r->payload_sha256);
	text = text_take(&out);
	buf_release(&out);
	free(path);
	free(query);
	return text;
}

/* --- the signature --- */

static int
sha256_hex(const char *text, char out[2 * SHA256_LEN + 1], struct err *e)
{
	unsigned char hash[SHA256_LEN];

	if (EVP_Digest(text, strlen(text), hash, NULL, EVP_sha256(), NULL) != 1)
		return err_set(e, ERR_FAILED, "OpenSSL cannot compute SHA-256");
	format_hex(hash, sizeof(hash), out);
	return 0;
}

static int
hmac(const void *key, size_t key_len, const char *text, size_t len, unsigned char out[SHA256_LEN],
    struct err *e)
{
	if (HMAC(EVP_sha256(), key, (int)key_len, (const unsigned char *)text, len, out, NULL) == NULL)
		return err_set(e, ERR_FAILED, "OpenSSL cannot compute HMAC-SHA-256");
	return 0;
}

/* The signature of TEXT by a key that is good for one day, region and service. */
static int
signature(const struct secret *secret, const char *date, const char *region, const char *text,
    char out[2 * SHA256_LEN + 1], struct err *e)
{
	unsigned char key[SHA256_LEN], hash[SHA256_LEN];
	size_t first_len = strlen("AWS4") + strlen(secret_text(secret));
	char *first = mem_printf("AWS4%s", secret_text(secret));
	int rc = -1;

	if (hmac(first, first_len, date, DAY_LEN, key, e) == 0 &&
	    hmac(key, sizeof(key), region, strlen(region), hash, e) == 0 &&
	    hmac(hash, sizeof(hash), "s3", 2, key, e) == 0 &&
	    hmac(key, sizeof(key), "aws4_request", strlen("aws4_request"), hash, e) == 0 &&
	    hmac(hash, sizeof(hash), text, strlen(text), key, e) == 0) {
		format_hex(key, sizeof(key), out);
		rc = 0;
	}
	explicit_bzero(first, first_len);
	explicit_bzero(key, sizeof(key));
	explicit_bzero(hash, sizeof(hash));
	free(first);
	return rc;
}

/* The value of the header authorization.  NULL: -1. */
static char *
authorize(const struct credentials *c, const char *canonical, const char *names, const char *date,
    const char *region, struct err *e)
{
	char hash[2 * SHA256_LEN + 1], sum[2 * SHA256_LEN + 1], *scope, *text, *out = NULL;

	if (sha256_hex(canonical, hash, e) < 0)
		return NULL;
	scope = mem_printf("%.*s/%s/s3/aws4_request", DAY_LEN, date, region);
	text = mem_printf("AWS4-HMAC-SHA256\n%s\n%s\n%s", date, scope, hash);
	if (signature(c->secret, date, region, text, sum, e) == 0)
		out = mem_printf("AWS4-HMAC-SHA256 Credential=%s/%s,SignedHeaders=%s,Signature=%s",
		    c->access_key, scope, names, sum);
	free(text);
	free(scope);
	return out;
}

int
s3_sign(const struct s3_request *r, const struct credentials *c, const char *region, time_t when,
    struct s3_lines *out, struct err *e)
{
	char date[DATE_LEN], *names, *canonical, *authorization;
	struct pair *headers;
	struct tm tm;
	size_t n;

	if (gmtime_r(&when, &tm) == NULL || strftime(date, sizeof(date), "%Y%m%dT%H%M%SZ", &tm) == 0)
		return err_set(e, ERR_FAILED, "this machine's clock shows no time that can be signed");
	headers = collect_headers(r, c, date, &n);
	names = signed_names(headers, n);
	canonical = canonical_request(r, headers, n, names);
	authorization = authorize(c, canonical, names, date, region, e);
	if (authorization != NULL) {
		out->lines = mem_array(n + 1, sizeof(*out->lines));
		out->n = 0;
		for (size_t i = 0; i < n; i++)
			out->lines[out->n++] = mem_printf("%s: %s", headers[i].name, headers[i].value);
		out->lines[out->n++] = mem_printf("authorization: %s", authorization);
	}
	explicit_bzero(canonical, strlen(canonical)); /* the token is in it */
	free_pairs(headers, n);
	free(names);
	free(canonical);
	if (authorization == NULL)
		return -1;
	free(authorization);
	return 0;
}

void
s3_lines_release(struct s3_lines *l)
{
	for (size_t i = 0; i < l->n; i++) {
		explicit_bzero(l->lines[i], strlen(l->lines[i]));
		free(l->lines[i]);
	}
	free(l->lines);
	memset(l, 0, sizeof(*l));
}
