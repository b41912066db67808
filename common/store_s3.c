/* store_s3.c -- a bucket as a store: s3://bucket/prefix, with AWS, Ceph, MinIO, OSS and their like.
 *
 * Plain requests only, each signed over its headers and the hash of its body: no parts of uploads, no
 * chunked signatures, which not every server knows.  For servers that know Signature V2 only: s3_v2.h. */
#include "prelude.h"

#include <strings.h>

#include "credentials.h"
#include "err.h"
#include "store_s3.h"

#define URL_HINT "write s3://bucket or s3://bucket/prefix"

/* --- head, remove, the clock --- */

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
	int rc;

	if (s->v2 != NULL)
		return store_s3_look_head(s, key, out, e);
	rc = s3_call(s, &call, &r, e);

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

static int
s3_clock_skew(struct store *store, int64_t *ahead)
{
	struct s3_store *s = (struct s3_store *)store;

	*ahead = s->ahead;
	return *ahead != S3_UNKNOWN_SKEW;
}

/* --- opening --- */

static void
free_text(char *secret)
{
	if (secret != NULL)
		explicit_bzero(secret, strlen(secret));
	free(secret);
}

static char *
copy(const char *text)
{
	return text != NULL ? mem_str(text) : NULL;
}

static void
s3_free(struct store *store)
{
	struct s3_store *s = (struct s3_store *)store;

	s3_http_free(s->http);
	s3_v2_free(s->v2);
	credentials_free(s->credentials);
	free(s->given_place);
	free(s->given_key);
	free_text(s->given_secret);
	free(s->endpoint_url);
	pthread_mutex_destroy(&s->key_lock);
	free(s->bucket);
	free(s->prefix);
	free(s->origin);
	free(s->host);
	free(s->server);
	free(s->base);
	free(s->region);
	s3_wishes_release(s);
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

/* Is GIVEN one of two words, or none? */
static int
check_word(const char *option, const char *given, const char *one, const char *other, struct err *e)
{
	if (given == NULL || *given == '\0' || strcmp(given, one) == 0 || strcmp(given, other) == 0)
		return 0;
	return err_set(e, ERR_USAGE, "%s: '%s' is neither %s nor %s", option, given, one, other);
}

/* Before any key is looked for, which may ask others. */
static int
check_words(const struct store_settings *settings, struct err *e)
{
	if ((settings->client_certificate == NULL) != (settings->client_key == NULL))
		return err_set(e, ERR_USAGE, "--s3-client-certificate and --s3-client-key belong together");
	if (check_word("--s3-style", settings->s3_style, "path", "virtual", e) < 0)
		return -1;
	return check_word("--s3-signature", settings->s3_signature, "v4", "v2", e);
}

static bool
is_path_style(const struct s3_store *s, const char *style)
{
	/* No certificate is good for a.b.s3.amazonaws.com; Alibaba takes no path. */
	if (style == NULL || *style == '\0')
		return (s->endpoint_url != NULL && !credentials_is_alibaba(s->endpoint_url)) || strchr(s->bucket, '.') != NULL;
	return *style == 'p';
}

static int
locate(struct s3_store *s, const struct store_settings *settings, struct err *e)
{
	char *aws = mem_printf("https://s3.%s.amazonaws.com", s->region), *scheme = NULL, *host = NULL;
	bool path = is_path_style(s, settings->s3_style);
	int rc = -1;

	if (strspn(s->region, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") != strlen(s->region)) {
		err_set(e, ERR_USAGE, "--region: '%s' is no region's name", s->region);
	} else if (split_endpoint(s->endpoint_url != NULL ? s->endpoint_url : aws, &scheme, &host, e) == 0) {
		s->server = mem_str(host);
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
s3_find_key(const struct s3_store *s, struct credentials **out, struct err *e)
{
	const struct credentials_given given = { s->given_place, s->given_key, s->given_secret };

	return credentials_find(&given, s->endpoint_url, out, e);
}

/* The key, and what is known of the server: what was asked for, AWS's configuration, what stands beside the key. */
static int
find_key(struct s3_store *s, const struct store_settings *settings, struct err *e)
{
	s->given_place = copy(settings->credentials.place);
	s->given_key = copy(settings->credentials.access_key_id);
	s->given_secret = copy(settings->credentials.secret_access_key);
	s->endpoint_url = settings->endpoint_url != NULL ? mem_str(settings->endpoint_url) : aws_config_get("endpoint_url");
	s->region = settings->region != NULL ? mem_str(settings->region) : aws_config_get("region");
	if (s3_find_key(s, &s->credentials, e) < 0)
		return -1;
	if (s->endpoint_url == NULL)
		s->endpoint_url = copy(s->credentials->endpoint_url);
	if (s->region == NULL)
		s->region = mem_str(s->credentials->region != NULL ? s->credentials->region : "us-east-1");
	return 0;
}

/* libs3, when it is asked for. */
static int
choose_signature(struct s3_store *s, const struct store_settings *settings, struct err *e)
{
	struct s3_v2_place place = {
		.https = strncmp(s->origin, "https:", 6) == 0, .path_style = strcmp(s->base, "/") != 0,
		.allow_unverified_tls = settings->allow_unverified_tls, .host = s->server, .bucket = s->bucket, .idle_seconds = settings->slow_seconds,
	};

	if (settings->s3_signature == NULL || strcmp(settings->s3_signature, "v2") != 0)
		return 0;
	return s3_v2_new(&place, &s->v2, e);
}

int
store_s3_open(const char *rest, const struct store_settings *settings, struct store **out, struct err *e)
{
	static const struct store_ops ops = {
		.put = store_s3_put, .create = store_s3_create, .head = store_s3_head, .get = store_s3_get,
		.list = store_s3_list, .remove = s3_remove, .clock_skew = s3_clock_skew, .free = s3_free,
	};
	static const struct store_settings none = { .region = NULL };
	struct s3_store *s = mem_alloc(sizeof(*s));
	struct s3_http_line line;

	if (settings == NULL)
		settings = &none;
	line = (struct s3_http_line){ settings->slow_rate, settings->slow_seconds, settings->client_certificate, settings->client_key };
	s->store.ops = &ops;
	s->ahead = S3_UNKNOWN_SKEW;
	s->retry = retry_default;
	s->give_up_ms = settings->give_up_ms;
	if (settings->retry_seconds > 0)
		s->retry.total_ms = settings->retry_seconds * 1000;
	s->retry_total_ms = settings->retry_total_seconds * 1000;
	pthread_mutex_init(&s->key_lock, NULL);
	if (split_url(s, rest, e) == 0 && check_words(settings, e) == 0 && s3_wishes_read(s, settings, e) == 0 && find_key(s, settings, e) == 0 && locate(s, settings, e) == 0 &&
	    choose_signature(s, settings, e) == 0 && (s->http = s3_http_new(&line, e)) != NULL) {
		*out = &s->store;
		return 0;
	}
	s3_free(&s->store);
	return -1;
}
