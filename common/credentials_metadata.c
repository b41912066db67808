/* credentials_metadata.c -- the access key of a machine's role.
 *
 * A token is asked for by a PUT, which no proxy and no trick with a URL passes on; with it the name of the role, and
 * with that its key.  Never through a proxy, never elsewhere. */
#include "prelude.h"

#include <strings.h>

#include <curl/curl.h>

#include "buf.h"
#include "credentials.h"
#include "credentials_json.h"
#include "credentials_metadata.h"
#include "err.h"
#include "log.h"
#include "parse.h"
#include "stop.h"

#define ANSWER_LIMIT ((size_t)64 << 10)

/* A cloud's ways. */
struct cloud {
	const char *name;
	const char *disabled;     /* variables of the environment */
	const char *endpoint;
	const char *role;         /* or NULL */
	const char *address;
	const char *put_header;   /* of the request for a token */
	const char *token_header; /* of the others, before the token */
	const char *path;         /* of the role's name, and before it, of its key */
};

static const struct cloud aws = {
	"AWS", "AWS_EC2_METADATA_DISABLED", "AWS_EC2_METADATA_SERVICE_ENDPOINT", NULL, "http://169.254.169.254",
	"X-aws-ec2-metadata-token-ttl-seconds: 300", "X-aws-ec2-metadata-token: ", "/latest/meta-data/iam/security-credentials/",
};

static const struct cloud ecs = {
	"Alibaba", "ALIBABA_CLOUD_ECS_METADATA_DISABLED", "ALIBABA_CLOUD_ECS_METADATA_SERVICE_ENDPOINT", "ALIBABA_CLOUD_ECS_METADATA",
	"http://100.100.100.200", "X-aliyun-ecs-metadata-token-ttl-seconds: 300", "X-aliyun-ecs-metadata-token: ",
	"/latest/meta-data/ram/security-credentials/",
};

static size_t
on_body(char *data, size_t size, size_t n, void *ctx)
{
	struct err ignored;

	return buf_add(ctx, data, size * n, &ignored) == 0 ? size * n : 0;
}

static int
on_progress(void *ctx, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
	struct err ignored;

	(void)ctx;
	(void)a;
	(void)b;
	(void)c;
	(void)d;
	return stop_check(&ignored) < 0;
}

static uint64_t
number_of(const char *variable, uint64_t otherwise)
{
	const char *text = getenv(variable);
	struct err ignored;
	uint64_t n;

	return text != NULL && parse_u64(text, 1, 600, &n, &ignored) == 0 ? n : otherwise;
}

/* One request; the status of its answer, 0 when there is none. */
static long
ask(const char *method, const char *url, const char *header, struct buf *answer)
{
	struct curl_slist *headers = curl_slist_append(NULL, header);
	long seconds = (long)number_of("AWS_METADATA_SERVICE_TIMEOUT", 1), status = 0;
	CURL *curl = curl_easy_init();

	buf_reset(answer);
	if (curl != NULL && headers != NULL &&
	    curl_easy_setopt(curl, CURLOPT_URL, url) == CURLE_OK &&
	    curl_easy_setopt(curl, CURLOPT_PROXY, "") == CURLE_OK &&
#if LIBCURL_VERSION_NUM >= 0x075500
	    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
#else
	    curl_easy_setopt(curl, CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS)) == CURLE_OK &&
#endif
	    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
	    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
	    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method) == CURLE_OK &&
	    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers) == CURLE_OK &&
	    curl_easy_setopt(curl, CURLOPT_TIMEOUT, seconds) == CURLE_OK &&
	    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L) == CURLE_OK &&
	    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress) == CURLE_OK &&
	    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body) == CURLE_OK &&
	    curl_easy_setopt(curl, CURLOPT_WRITEDATA, answer) == CURLE_OK) {
		for (uint64_t left = number_of("AWS_METADATA_SERVICE_NUM_ATTEMPTS", 1); left > 0 && status == 0; left--) {
			buf_reset(answer);
			if (curl_easy_perform(curl) == CURLE_OK)
				curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
		}
	}
	curl_easy_cleanup(curl);
	for (struct curl_slist *h = headers; h != NULL; h = h->next)
		explicit_bzero(h->data, strlen(h->data));
	curl_slist_free_all(headers);
	return status;
}

/* The first line of an answer; NULL when it is empty or holds what no token and no name does. */
static char *
one_line(const struct buf *answer)
{
	size_t len = 0;

	while (len < answer->len && answer->data[len] > ' ' && answer->data[len] <= '~')
		len++;
	return len > 0 && (len == answer->len || answer->data[len] == '\n' || answer->data[len] == '\r') ? mem_strn(answer->data, len) : NULL;
}

static bool
is_off(const struct cloud *c)
{
	const char *text = getenv(c->disabled);

	return text != NULL && strcasecmp(text, "true") == 0;
}

/* The name of the role, NULL without one. */
static char *
find_role(const struct cloud *c, const char *base, const char *header, struct buf *answer)
{
	const char *given = c->role != NULL ? getenv(c->role) : NULL;
	char *url, *role = NULL;

	if (given != NULL && *given != '\0')
		return mem_str(given);
	url = mem_printf("%s%s", base, c->path);
	if (ask("GET", url, header, answer) == 200)
		role = one_line(answer);
	free(url);
	return role;
}

static int
ask_key(const struct cloud *c, const char *base, const char *token, struct buf *answer, struct credentials **out, struct err *e)
{
	char *header = mem_printf("%s%s", c->token_header, token), *role = find_role(c, base, header, answer), *url = NULL, *place = NULL;
	int rc = 0;

	if (role != NULL && strspn(role, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+=,.@_-") == strlen(role)) {
		url = mem_printf("%s%s%s", base, c->path, role);
		place = mem_printf("the metadata service of %s, role '%s'", c->name, role);
		if (ask("GET", url, header, answer) == 200)
			rc = credentials_json(answer->data, answer->len, place, out, e) < 0 ? -1 : 1;
	}
	if (rc == 0)
		log_debug("the metadata service of %s knows no role of this machine", c->name);
	explicit_bzero(header, strlen(header));
	free(header);
	free(place);
	free(url);
	free(role);
	return rc;
}

int
credentials_metadata(bool alibaba, struct credentials **out, struct err *e)
{
	const struct cloud *c = alibaba ? &ecs : &aws;
	const char *given = getenv(c->endpoint);
	char *base = mem_str(given != NULL && *given != '\0' ? given : c->address), *url, *token = NULL;
	struct buf answer;
	int rc = 0;

	if (is_off(c)) {
		free(base);
		return 0;
	}
	while (*base != '\0' && base[strlen(base) - 1] == '/')
		base[strlen(base) - 1] = '\0';
	url = mem_printf("%s/latest/api/token", base);
	buf_init(&answer, ANSWER_LIMIT);
	if (ask("PUT", url, c->put_header, &answer) == 200 && (token = one_line(&answer)) != NULL)
		rc = ask_key(c, base, token, &answer, out, e);
	if (rc == 0 && stop_check(e) < 0)
		rc = -1;
	if (answer.data != NULL)
		explicit_bzero(answer.data, answer.len);
	if (token != NULL)
		explicit_bzero(token, strlen(token));
	buf_release(&answer);
	free(token);
	free(url);
	free(base);
	return rc;
}
