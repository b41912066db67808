/* store_s3_error.c -- what an answer that is no success means: its text, what kind of error it is, and
 * what to do about it.  No text holds a secret: of an answer only the elements Code, Message and
 * RequestId are shown (others repeat what was signed). */
#include "prelude.h"

#include "err.h"
#include "s3_xml.h"
#include "store_s3.h"

#define SKEW_SECONDS 900 /* servers refuse more */

static const struct {
	const char *code;
	enum err_code kind;
	const char *hint;
} known[] = {
	{ "InvalidAccessKeyId", ERR_CREDENTIALS, "the server does not know this access key: is it the right one, and --endpoint-url the right server?" },
	{ "SignatureDoesNotMatch", ERR_CREDENTIALS, "the secret key does not belong to the access key" },
	{ "AccessDenied", ERR_CREDENTIALS, "this access key has no right to do it; who may not list a bucket gets this answer for an absent object as well" },
	{ "ExpiredToken", ERR_CREDENTIALS, "get a new session token" },
	{ "TokenRefreshRequired", ERR_CREDENTIALS, "get a new session token" },
	{ "InvalidToken", ERR_CREDENTIALS, "the session token does not belong to the access key" },
	{ "NoSuchBucket", ERR_FAILED, "make the bucket, or check its name and --endpoint-url" },
	{ "PermanentRedirect", ERR_FAILED, "the bucket is in another region or has another --endpoint-url" },
	{ "AuthorizationHeaderMalformed", ERR_FAILED, "the server expects another --region" },
	{ "QuotaExceeded", ERR_FAILED, "make room in the bucket or have its quota raised" },
	{ "EntityTooLarge", ERR_FAILED, "export with a smaller --chunk-size" },
	{ "KeyTooLongError", ERR_FAILED, "use a shorter prefix" },
};

char *
s3_name(const struct s3_store *s, const char *key)
{
	return mem_printf("s3://%s/%s%s", s->bucket, s->prefix, key != NULL ? key : "");
}

/* "cannot VERB 's3://…': WHAT" and the request's id. */
static void
set_text(const struct s3_store *s, const struct s3_call *call, const char *id, enum err_code code,
    const char *what, struct err *e)
{
	char *name = s3_name(s, call->key);

	err_set(e, code, "cannot %s '%s': %s%s%s%s", call->verb, name, what, *id != '\0' ? " (request " : "",
	    id, *id != '\0' ? ")" : "");
	free(name);
}

int
s3_wrong(const struct s3_store *s, const struct s3_call *call, const struct s3_http_response *r,
    enum err_code code, struct err *e, const char *fmt, ...)
{
	char what[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	set_text(s, call, r->request_id, code, what, e);
	return -1;
}

/* How far this machine's clock is ahead of the server's, in seconds. */
static int64_t
skew(const struct s3_http_response *r)
{
	return r->date == 0 ? 0 : (int64_t)time(NULL) - (int64_t)r->date;
}

static int
fail_skewed(const struct s3_store *s, const struct s3_call *call, const struct s3_http_response *r,
    const char *id, struct err *e)
{
	int64_t ahead = skew(r);
	char what[160];

	snprintf(what, sizeof(what), "this machine's clock is %lld seconds %s the server's",
	    (long long)(ahead < 0 ? -ahead : ahead), ahead < 0 ? "behind" : "ahead of");
	set_text(s, call, id, ERR_FAILED, what, e);
	return err_hint(e, "set this machine's clock; at most %d minutes are allowed", SKEW_SECONDS / 60);
}

static enum err_code
kind_of(unsigned status, const char *code)
{
	for (size_t i = 0; i < GPM_ARRAY_LEN(known); i++)
		if (strcmp(code, known[i].code) == 0)
			return known[i].kind;
	if (retry_answer(status, code))
		return ERR_TEMPORARY;
	return status == 401 || status == 403 ? ERR_CREDENTIALS : ERR_FAILED;
}

static void
add_hint(const struct s3_http_response *r, const char *code, enum err_code kind, struct err *e)
{
	for (size_t i = 0; i < GPM_ARRAY_LEN(known); i++)
		if (strcmp(code, known[i].code) == 0)
			err_hint(e, "%s", known[i].hint);
	if (e->hint[0] == '\0' && r->status >= 300 && r->status < 400)
		err_hint(e, "the bucket is in another region or has another --endpoint-url");
	if (e->hint[0] == '\0' && kind == ERR_CREDENTIALS)
		err_hint(e, "check the access key, its secret and its rights");
	if (r->region[0] != '\0' && kind == ERR_FAILED)
		err_hint(e, "the bucket is in the region %s; set --region", r->region);
}

int
s3_fail(const struct s3_store *s, const struct s3_call *call, const struct s3_http_response *r, struct err *e)
{
	struct s3_error x;
	const char *id;
	char what[600];
	int64_t ahead = skew(r);
	enum err_code kind;

	s3_xml_error(r->body.data, r->body.len, &x);
	id = r->request_id[0] != '\0' ? r->request_id : x.request_id;
	/* The answer to a HEAD has no body that could name the reason. */
	if (strcmp(x.code, "RequestTimeTooSkewed") == 0 || (r->status == 403 && x.code[0] == '\0' &&
	    (ahead > SKEW_SECONDS || ahead < -SKEW_SECONDS)))
		return fail_skewed(s, call, r, id, e);
	kind = kind_of(r->status, x.code);
	snprintf(what, sizeof(what), "HTTP %u%s%s%s%s", r->status, x.code[0] != '\0' ? " " : "", x.code,
	    x.message[0] != '\0' ? ": " : "", x.message);
	set_text(s, call, id, kind, what, e);
	add_hint(r, x.code, kind, e);
	return -1;
}
