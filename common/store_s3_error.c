/* store_s3_error.c -- what an answer that is no success means: its text, what kind of error it is, and
 * what to do about it.  No text holds a secret: of an answer only the elements Code, Message and
 * RequestId are shown (others repeat what was signed). */
#include "prelude.h"

#include "err.h"
#include "store_s3.h"
#include "trouble.h"

char *
s3_name(const struct s3_store *s, const char *key)
{
	return mem_printf("s3://%s/%s%s", s->bucket, s->prefix, key != NULL ? key : "");
}

bool
s3_answer_error(const struct s3_http_response *r, struct s3_error *x)
{
	if (!r->error_known)
		return s3_xml_error(r->body.data, r->body.len, x);
	*x = r->error;
	return true;
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

/* Is the clock the reason?  The answer to a HEAD has no body that could name it. */
static bool
is_skewed(const struct s3_http_response *r, const char *code)
{
	int64_t ahead = (int64_t)r->arrived - (int64_t)r->date;

	return strcmp(code, "RequestTimeTooSkewed") == 0 || (r->status == 403 && *code == '\0' && r->date != 0 &&
	    (ahead > STORE_CLOCK_SKEW_MAX || ahead < -STORE_CLOCK_SKEW_MAX));
}

#define CLOCK_LEN 32

static char *
format_clock(time_t when, char out[CLOCK_LEN])
{
	struct tm tm;

	if (gmtime_r(&when, &tm) == NULL || strftime(out, CLOCK_LEN, "%Y-%m-%d %H:%M:%S", &tm) == 0)
		snprintf(out, CLOCK_LEN, "?");
	return out;
}

static int
fail_skewed(const struct s3_store *s, const struct s3_call *call, const struct s3_http_response *r,
    const char *id, struct err *e)
{
	long long ahead = (long long)r->arrived - (long long)r->date;
	char what[160], here[CLOCK_LEN], there[CLOCK_LEN];

	if (r->date == 0)
		snprintf(what, sizeof(what), "the server's clock differs too much from this machine's, where it is %s UTC",
		    format_clock(time(NULL), here));
	else
		snprintf(what, sizeof(what), "this machine's clock is %lld seconds %s the server's: %s UTC here, %s UTC there",
		    ahead < 0 ? -ahead : ahead, ahead < 0 ? "behind" : "ahead of", format_clock(r->arrived, here),
		    format_clock(r->date, there));
	set_text(s, call, id, ERR_FAILED, what, e);
	return err_hint(e, "set this machine's clock; at most %d minutes are allowed", STORE_CLOCK_SKEW_MAX / 60);
}

int
s3_fail(const struct s3_store *s, const struct s3_call *call, const struct s3_http_response *r, struct err *e)
{
	struct s3_error x;
	const char *id;
	char what[600], status[20] = "";
	const struct trouble *trouble;

	s3_answer_error(r, &x);
	id = r->request_id[0] != '\0' ? r->request_id : x.request_id;
	if (is_skewed(r, x.code))
		return fail_skewed(s, call, r, id, e);
	trouble = trouble_answer(r->status, x.code);
	if (r->status != 0)
		snprintf(status, sizeof(status), "HTTP %u%s", r->status, x.code[0] != '\0' ? " " : "");
	snprintf(what, sizeof(what), "%s%s%s%s", status, x.code, x.message[0] != '\0' ? ": " : "", x.message);
	set_text(s, call, id, trouble->kind, what, e);
	if (trouble->hint != NULL)
		err_hint(e, "%s", trouble->hint);
	else if (r->status == 400 && call->body != NULL && s->n_wishes > 0)
		err_hint(e, "does the bucket know what --s3-storage-class, --s3-sse, --s3-acl and --s3-tags ask for?");
	if (r->region[0] != '\0' && trouble->kind == ERR_FAILED)
		err_hint(e, "the bucket is in the region %s; set --region", r->region);
	return -1;
}
