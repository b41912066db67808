/* s3_v2.c -- Signature Version 2, by libs3 2.0.  What libs3 has no name for may pass, and is tried again. */
#include "prelude.h"

#include <pthread.h>
#include <unistd.h>

#include <curl/curl.h>
#include <libs3.h>

#include "atomic.h"
#include "clock.h"
#include "credentials.h"
#include "err.h"
#include "log.h"
#include "s3_http.h"
#include "s3_v2.h"
#include "stop.h"
#include "store.h"
#include "throttle.h"
#include "trouble.h"

#define URL_SECONDS 3600
#define IDLE_SECONDS 60
#define NAP_MS 100
#define ACCESS_KEY_MAX ((size_t)32) /* libs3's buffer for the URL has room for so much */
#define CONTEXTS_MAX 64

struct s3_v2 {
	struct s3_v2_place place;
	pthread_mutex_t lock;
	S3RequestContext *idle[CONTEXTS_MAX]; /* each with its connections */
	size_t n;
};

static S3Status started;

static void
start_libs3(void)
{
	started = S3_initialize(PACKAGE_NAME "/" PACKAGE_VERSION, S3_INIT_ALL, NULL);
}

int
s3_v2_new(const struct s3_v2_place *place, struct s3_v2 **out, struct err *e)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct s3_v2 *v;
	S3Status valid;

	pthread_once(&once, start_libs3);
	if (started != S3StatusOK)
		return err_set(e, ERR_FAILED, "libs3 cannot be used: %s", S3_get_status_name(started));
	if (strlen(place->host) > S3_MAX_HOSTNAME_SIZE)
		return err_set(e, ERR_USAGE, "the endpoint's host has a name that is too long for libs3");
	valid = S3_validate_bucket_name(place->bucket, place->path_style ? S3UriStylePath : S3UriStyleVirtualHost);
	if (valid != S3StatusOK)
		return err_set(e, ERR_USAGE, "libs3 takes no bucket of the name '%s': %s", place->bucket, S3_get_status_name(valid));
	v = mem_alloc(sizeof(*v));
	v->place = *place;
	if (v->place.idle_seconds == 0)
		v->place.idle_seconds = IDLE_SECONDS;
	pthread_mutex_init(&v->lock, NULL);
	if (place->https && place->allow_unverified_tls)
		log_warning("what is put or removed goes over TLS whose certificate nobody looks at (--allow-unverified-tls)");
	*out = v;
	return 0;
}

void
s3_v2_free(struct s3_v2 *v)
{
	if (v == NULL)
		return;
	for (size_t i = 0; i < v->n; i++)
		S3_destroy_request_context(v->idle[i]);
	pthread_mutex_destroy(&v->lock);
	free(v);
}

/* --- signing --- */

/* libs3 writes the access key into URLs as it is. */
static int
check_key(const struct credentials *c, const char *key, struct err *e)
{
	const char *name = c->access_key;

	if (c->token != NULL) {
		err_set(e, ERR_CREDENTIALS, "the access key has a session token, which libs3 cannot sign with (--s3-signature v2)");
		return err_hint(e, "use an access key without one");
	}
	if (strlen(name) > ACCESS_KEY_MAX ||
	    strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._~:-") != strlen(name))
		return err_set(e, ERR_CREDENTIALS, "the access key is none that libs3 can sign with (--s3-signature v2): at most %zu letters, digits, . _ ~ : and -",
		    ACCESS_KEY_MAX);
	if (key != NULL && strlen(key) >= S3_MAX_KEY_SIZE)
		return err_set(e, ERR_FAILED, "the object's key is too long for libs3: %zu bytes", strlen(key));
	return 0;
}

static S3BucketContext
make_context(const struct s3_v2_place *p, const struct credentials *c)
{
	return (S3BucketContext){
		.hostName = p->host, .bucketName = p->bucket, .protocol = p->https ? S3ProtocolHTTPS : S3ProtocolHTTP,
		.uriStyle = p->path_style ? S3UriStylePath : S3UriStyleVirtualHost,
		.accessKeyId = c->access_key, .secretAccessKey = secret_text(c->secret),
	};
}

char *
s3_v2_url(const struct s3_v2 *v, const struct credentials *c, const char *key, struct err *e)
{
	char url[S3_MAX_AUTHENTICATED_QUERY_STRING_SIZE];
	S3BucketContext context = make_context(&v->place, c);
	S3Status status;

	if (check_key(c, key, e) < 0)
		return NULL;
	status = S3_generate_authenticated_query_string(url, &context, key, (int64_t)time(NULL) + URL_SECONDS, NULL);
	if (status != S3StatusOK) {
		err_set(e, ERR_FAILED, "libs3 cannot sign a URL: %s", S3_get_status_name(status));
		return NULL;
	}
	return mem_str(url);
}

/* --- callbacks --- */

struct s3_v2_exchange {
	struct s3_v2 *v;
	const struct s3_v2_request *request;
	S3RequestContext *context;
	struct s3_http_response answer;
	S3Status status;
	bool done;
	bool failed;         /* TROUBLE is filled by a callback */
	struct err trouble;
	uint64_t sent;       /* bytes of the body */
	time_t moved;        /* when anything came or went */
};

static S3Status
on_properties(const S3ResponseProperties *p, void *ctx)
{
	struct s3_v2_exchange *x = ctx;

	(void)p;
	x->moved = clock_s();
	return S3StatusOK;
}

static void
on_complete(S3Status status, const S3ErrorDetails *details, void *ctx)
{
	struct s3_v2_exchange *x = ctx;
	struct s3_error *error = &x->answer.error;

	x->status = status;
	x->done = true;
	if (details == NULL)
		return;
	if (details->message != NULL)
		snprintf(error->message, sizeof(error->message), "%s", details->message);
	for (int i = 0; i < details->extraDetailsCount; i++)
		if (strcmp(details->extraDetails[i].name, "RequestId") == 0)
			snprintf(error->request_id, sizeof(error->request_id), "%s", details->extraDetails[i].value);
}

static int
on_read(int size, char *out, void *ctx)
{
	struct s3_v2_exchange *x = ctx;
	const struct store_body *body = x->request->body;
	size_t len = size > 0 ? (size_t)size : 0;
	int rc = 0;

	if (len > body->len - x->sent)
		len = (size_t)(body->len - x->sent);
	if (len > 0)
		rc = throttle_take(x->request->throttle, len, &len, &x->trouble);
	if (rc == 0 && body->data != NULL)
		memcpy(out, (const char *)body->data + x->sent, len);
	else if (rc == 0)
		rc = file_read_at(body->fd, out, len, x->sent, "the file to store", &x->trouble);
	x->moved = clock_s();
	if (rc < 0) {
		x->failed = true;
		return -1;
	}
	x->sent += len;
	return (int)len;
}

/* --- one request --- */

static S3RequestContext *
take_context(struct s3_v2 *v)
{
	S3RequestContext *context = NULL;

	pthread_mutex_lock(&v->lock);
	if (v->n > 0)
		context = v->idle[--v->n];
	pthread_mutex_unlock(&v->lock);
	if (context == NULL && S3_create_request_context(&context) != S3StatusOK)
		return NULL;
	return context;
}

static void
give_back(struct s3_v2 *v, S3RequestContext *context)
{
	pthread_mutex_lock(&v->lock);
	if (v->n < CONTEXTS_MAX) {
		v->idle[v->n++] = context;
		context = NULL;
	}
	pthread_mutex_unlock(&v->lock);
	if (context != NULL)
		S3_destroy_request_context(context);
}

static int
refuse_tls(struct err *e)
{
	err_set(e, ERR_USAGE, "libs3, which --s3-signature v2 puts and removes by, does not look at the certificate of an https server");
	return err_hint(e, "take an http:// endpoint in a network that you trust, or --allow-unverified-tls: whoever is in between could read and change what is sent");
}

int
s3_v2_begin(struct s3_v2 *v, const struct credentials *c, const struct s3_v2_request *q, struct s3_v2_exchange **out, struct err *e)
{
	S3BucketContext context = make_context(&v->place, c);
	struct s3_v2_exchange *x;

	if (v->place.https && !v->place.allow_unverified_tls)
		return refuse_tls(e);
	if (check_key(c, q->key, e) < 0)
		return -1;
	x = mem_alloc(sizeof(*x));
	x->v = v;
	x->request = q;
	x->moved = clock_s();
	if ((x->context = take_context(v)) == NULL) {
		free(x);
		return err_set(e, ERR_FAILED, "libs3 is out of memory");
	}
	if (q->body != NULL) {
		S3PutObjectHandler put = { { on_properties, on_complete }, on_read };
		S3PutProperties properties = { .md5 = q->content_md5, .expires = -1 };

		S3_put_object(&context, q->key, q->body->len, &properties, x->context, &put, x);
	} else {
		S3ResponseHandler remove = { on_properties, on_complete };

		S3_delete_object(&context, q->key, x->context, &remove, x);
	}
	*out = x;
	return 0;
}

/* Wait a moment, at most until something can be read or written. */
static void
wait_for_line(struct s3_v2_exchange *x)
{
	int64_t ms = S3_get_request_context_timeout(x->context);
	fd_set reads, writes, others;
	struct timeval t;
	int last = -1;

	FD_ZERO(&reads);
	FD_ZERO(&writes);
	FD_ZERO(&others);
	if (ms < 0 || ms > NAP_MS)
		ms = NAP_MS;
	t = (struct timeval){ .tv_usec = (suseconds_t)(ms * 1000) };
	if (S3_get_request_context_fdsets(x->context, &reads, &writes, &others, &last) == S3StatusOK)
		select(last + 1, &reads, &writes, &others, &t);
}

/* Until it is done, a signal comes, or nothing has moved for too long. */
static int
drive(struct s3_v2_exchange *x, struct err *e)
{
	int left;

	while (!x->done) {
		S3Status status = S3_runonce_request_context(x->context, &left);

		if (x->done)
			break;
		if (status != S3StatusOK)
			return err_set(e, ERR_TEMPORARY, "libs3 fails: %s", S3_get_status_name(status));
		if (stop_check(e) < 0)
			return -1;
		if (clock_s() - x->moved >= (time_t)x->v->place.idle_seconds)
			return err_set(e, ERR_TEMPORARY, "nothing moved for %llu s", (unsigned long long)x->v->place.idle_seconds);
		wait_for_line(x);
	}
	return 0;
}

/* --- what came of it --- */

static int
fail_transport(struct s3_v2_exchange *x, int curl_code, const char *what, struct err *e)
{
	const struct trouble *trouble = trouble_transport(curl_code);

	x->answer.unresolved = curl_code == CURLE_COULDNT_RESOLVE_HOST;
	err_set(e, trouble->kind, "%s (libs3: %s)", what, S3_get_status_name(x->status));
	return trouble->hint != NULL ? err_hint(e, "%s", trouble->hint) : -1;
}

/* An answer that is no success: its status where libs3 tells it, its code without "Error" before it. */
static int
take_error(struct s3_v2_exchange *x, struct err *e)
{
	static const struct {
		S3Status status;
		unsigned http;
	} known[] = {
		{ S3StatusHttpErrorMovedTemporarily, 307 }, { S3StatusHttpErrorBadRequest, 400 }, { S3StatusHttpErrorForbidden, 403 },
		{ S3StatusHttpErrorNotFound, 404 }, { S3StatusHttpErrorConflict, 409 }, { S3StatusErrorNoSuchKey, 404 },
	};
	struct s3_error *error = &x->answer.error;

	if (x->status == S3StatusErrorUnknown || x->status == S3StatusHttpErrorUnknown)
		return err_set(e, ERR_TEMPORARY, "the server refuses, for a reason that libs3 does not tell%s%s%s%s%s", error->message[0] != '\0' ? ": " : "",
		    error->message, error->request_id[0] != '\0' ? " (request " : "", error->request_id, error->request_id[0] != '\0' ? ")" : "");
	for (size_t i = 0; i < GPM_ARRAY_LEN(known); i++)
		if (x->status == known[i].status)
			x->answer.status = known[i].http;
	if (x->status < S3StatusHttpErrorMovedTemporarily)
		snprintf(error->code, sizeof(error->code), "%s", S3_get_status_name(x->status) + strlen("Error"));
	x->answer.error_known = true;
	return 0;
}

static int
conclude(struct s3_v2_exchange *x, struct err *e)
{
	if (x->failed) {
		*e = x->trouble;
		return -1;
	}
	switch (x->status) {
	case S3StatusOK:
		x->answer.status = 200;
		return 0;
	case S3StatusNameLookupError:
		return fail_transport(x, CURLE_COULDNT_RESOLVE_HOST, "the server's name is not known", e);
	case S3StatusFailedToConnect:
		return fail_transport(x, CURLE_COULDNT_CONNECT, "there is no connection to the server", e);
	case S3StatusServerFailedVerification:
		return fail_transport(x, CURLE_PEER_FAILED_VERIFICATION, "the server's certificate is not trusted", e);
	case S3StatusConnectionFailed:
	case S3StatusInternalError: /* so it calls all that it has no name for */
	case S3StatusXmlParseFailure:
		return fail_transport(x, CURLE_RECV_ERROR, "the connection broke, or the answer made no sense", e);
	default:
		if (x->status > S3StatusAbortedByCallback)
			return take_error(x, e);
		return err_set(e, ERR_FAILED, "libs3 cannot send it: %s", S3_get_status_name(x->status));
	}
}

int
s3_v2_end(struct s3_v2_exchange *x, struct s3_http_response *r, struct err *e)
{
	int rc = drive(x, e);

	/* What is not done is ended by that, and a connection that has failed is not used again. */
	if (rc == 0 && x->status == S3StatusOK)
		give_back(x->v, x->context);
	else
		S3_destroy_request_context(x->context);
	if (rc == 0)
		rc = conclude(x, e);
	*r = x->answer;
	free(x);
	return rc;
}
