/* store_s3.c -- a bucket as a store: s3://bucket/prefix, with AWS, Ceph, MinIO, OSS and their like.
 *
 * Plain requests only, each signed over its headers and the hash of its body: no parts of uploads, no
 * chunked signatures, which not every server knows. */
#include "prelude.h"

#include <strings.h>

#include "credentials.h"
#include "err.h"
#include "store_s3.h"

#define URL_HINT "write s3://bucket or s3://bucket/prefix"

/* --- head and remove --- */

/* A HEAD's 404 does not say what is missing; the first time it is asked for in full, for a bucket that
 * is not there must not look like an empty one. */
static int
check_absence(struct s3_store *s, const char *key, struct err *e)
{
	struct s3_call call = { .verb = "examine", .method = "GET", .key = key };
	struct s3_http_response r;
	struct err trouble;
	int rc = 0;

	call.headers[call.n_headers++] = (struct s3_pair){ "range", "bytes=0-0" };
	/* 416: it is there by now, and empty. */
	if (s3_call(s, &call, &r, &trouble) < 0 && r.status != 416) {
		*e = trouble;
		rc = -1;
	}
	s3_http_release(&r);
	return rc;
}

int
store_s3_head(struct store *store, const char *key, struct store_object *out, struct err *e)
{
	struct s3_store *s = (struct s3_store *)store;
	struct s3_call call = { .verb = "examine", .method = "HEAD", .key = key };
	struct s3_http_response r;
	int rc = s3_call(s, &call, &r, e);

	if (rc > 0 && (r.status != 200 || !r.has_length))
		rc = s3_wrong(s, &call, &r, ERR_FAILED, e, "the answer has no Content-Length");
	else if (rc == 0 && !s->seen)
		rc = check_absence(s, key, e);
	if (rc > 0) {
		out->size = r.length;
		out->strange = false;
	}
	s3_http_release(&r);
	return rc;
}

/* A DELETE says the same whether there was something or not. */
static int
s3_remove(struct store *store, const char *key, struct err *e)
{
	struct s3_store *s = (struct s3_store *)store;
	struct s3_call call = { .verb = "remove", .method = "DELETE", .key = key };
	struct store_object object;
	struct s3_http_response r;
	int rc;

	if ((rc = store_s3_head(store, key, &object, e)) <= 0)
		return rc;
	rc = s3_call(s, &call, &r, e);
	s3_http_release(&r);
	return rc;
}

/* --- opening --- */

static void
s3_free(struct store *store)
{
	struct s3_store *s = (struct s3_store *)store;

	s3_http_free(s->http);
	credentials_free(s->credentials);
	free(s->bucket);
	free(s->prefix);
	free(s->origin);
	free(s->host);
	free(s->base);
	free(s->region);
	free(s);
}

/* Neither text shows the URL: who writes user:password@ into it should not read it in a log. */
static int
split_url(struct s3_store *s, const char *rest, struct err *e)
{
	size_t len = strcspn(rest, "/"), end;
	const char *prefix = rest + len;

	if (len == 0 || len > 255 || strspn(rest, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") != len ||
	    *rest == '.' || *rest == '-') {
		err_set(e, ERR_USAGE, "the URL s3://… has no bucket's name where it should be");
		return err_hint(e, URL_HINT);
	}
	s->bucket = mem_strn(rest, len);
	prefix += *prefix == '/';
	for (end = strlen(prefix); end > 0 && prefix[end - 1] == '/';)
		end--;
	s->prefix = mem_strn(prefix, end);
	if (end > 0) {
		char *slashed = mem_printf("%s/", s->prefix);
		struct err why;
		int rc = store_key_check(s->prefix, &why);

		free(s->prefix);
		s->prefix = slashed;
		if (rc < 0) {
			err_set(e, ERR_USAGE, "the URL s3://%s/… has a prefix that no key may begin with", s->bucket);
			return err_hint(e, "a prefix is made of letters, digits, . _ %% = + - and single slashes");
		}
	}
	return 0;
}

/* "https://host:port" and nothing behind it.  The port of the scheme itself is not signed. */
static int
split_endpoint(const char *url, char **scheme, char **host, struct err *e)
{
	const char *colon = strstr(url, "://"), *at;
	size_t len;

	if (colon == NULL || (strncasecmp(url, "http://", 7) != 0 && strncasecmp(url, "https://", 8) != 0))
		goto wrong;
	at = colon + 3;
	len = strcspn(at, "/");
	if (len == 0 || at[len + strspn(at + len, "/")] != '\0' || strcspn(at, "@?#% \\") < len)
		goto wrong;
	*scheme = mem_strn(url, (size_t)(at - url));
	*host = mem_strn(at, len);
	for (char *c = *scheme; *c != '\0'; c++)
		*c = (char)(*c >= 'A' && *c <= 'Z' ? *c - 'A' + 'a' : *c);
	at = strrchr(*host, ':');
	if (at != NULL && strcmp(at, strcmp(*scheme, "http://") == 0 ? ":80" : ":443") == 0)
		(*host)[at - *host] = '\0';
	return 0;
wrong:
	err_set(e, ERR_USAGE, "the endpoint's URL is not https://HOST[:PORT] or http://HOST[:PORT]");
	return err_hint(e, "set --endpoint-url, for example https://s3.example.com:7480");
}

/* 1 path, 0 virtual, -1. */
static int
is_path_style(const struct s3_store *s, const struct store_settings *settings, struct err *e)
{
	const char *style = settings->s3_style;

	/* No certificate is good for a.b.s3.amazonaws.com. */
	if (style == NULL || *style == '\0')
		return settings->endpoint_url != NULL || strchr(s->bucket, '.') != NULL;
	if (strcmp(style, "path") != 0 && strcmp(style, "virtual") != 0)
		return err_set(e, ERR_USAGE, "--s3-style: '%s' is neither path nor virtual", style);
	return *style == 'p';
}

static int
locate(struct s3_store *s, const struct store_settings *settings, struct err *e)
{
	char *aws = mem_printf("https://s3.%s.amazonaws.com", s->region), *scheme = NULL, *host = NULL;
	int path = is_path_style(s, settings, e), rc = -1;

	if (strspn(s->region, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") != strlen(s->region)) {
		err_set(e, ERR_USAGE, "--region: '%s' is no region's name", s->region);
	} else if (path >= 0 &&
	    split_endpoint(settings->endpoint_url != NULL ? settings->endpoint_url : aws, &scheme, &host, e) == 0) {
		s->host = path ? mem_str(host) : mem_printf("%s.%s", s->bucket, host);
		s->origin = mem_printf("%s%s", scheme, s->host);
		s->base = path ? mem_printf("/%s/", s->bucket) : mem_str("/");
		rc = 0;
	}
	free(scheme);
	free(host);
	free(aws);
	return rc;
}

int
store_s3_open(const char *rest, const struct store_settings *settings, struct store **out, struct err *e)
{
	static const struct store_ops ops = {
		store_s3_put, store_s3_head, store_s3_get, store_s3_list, s3_remove, s3_free,
	};
	static const struct store_settings none = { .region = NULL };
	struct s3_store *s = mem_alloc(sizeof(*s));

	if (settings == NULL)
		settings = &none;
	s->store.ops = &ops;
	s->retry = retry_default;
	if (settings->retry_seconds > 0)
		s->retry.total_ms = settings->retry_seconds * 1000;
	s->region = mem_str(settings->region != NULL ? settings->region : "us-east-1");
	if (split_url(s, rest, e) == 0 && locate(s, settings, e) == 0 &&
	    credentials_find(&settings->credentials, &s->credentials, e) == 0 &&
	    (s->http = s3_http_new(e)) != NULL) {
		*out = &s->store;
		return 0;
	}
	s3_free(&s->store);
	return -1;
}
