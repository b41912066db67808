/* s3_http.c -- one HTTP request after another over libcurl.
 *
 * A handle keeps its connection; a thread takes an idle one for the time of a request.  What libcurl
 * says of TLS, proxies and names is left as it is; redirects are not followed, for a signature is
 * good for one host. */
#include "prelude.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <unistd.h>

#include <curl/curl.h>

#include "err.h"
#include "s3_http.h"
#include "s3_http_header.h"
#include "s3_sign.h"
#include "stop.h"
#include "store.h"
#include "throttle.h"
#include "trouble.h"

#define CONNECT_SECONDS 30L
#define SLOW_RATE 1L /* only a line that is dead */
#define SLOW_SECONDS 60L
#define BUFFER_BYTES (256L << 10)

struct s3_http {
	long slow_rate, slow_seconds; /* a transfer that is slower for so long is given up */
	char *certificate, *key;      /* PEM files, or NULL */
	pthread_mutex_t lock;
	CURL **idle;
	size_t n, room;
};

static void
start_curl(void)
{
	curl_global_init(CURL_GLOBAL_DEFAULT);
}

struct s3_http *
s3_http_new(const struct s3_http_line *line, struct err *e)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct s3_http *h;

	pthread_once(&once, start_curl);
	h = mem_alloc(sizeof(*h));
	h->slow_rate = line->slow_rate > 0 ? (line->slow_rate < LONG_MAX ? (long)line->slow_rate : LONG_MAX) : SLOW_RATE;
	h->slow_seconds = line->slow_seconds > 0 ? (line->slow_seconds < INT_MAX ? (long)line->slow_seconds : INT_MAX) : SLOW_SECONDS;
	h->certificate = line->certificate != NULL ? mem_str(line->certificate) : NULL;
	h->key = line->key != NULL ? mem_str(line->key) : NULL;
	if (pthread_mutex_init(&h->lock, NULL) != 0) {
		free(h->certificate);
		free(h->key);
		free(h);
		err_set(e, ERR_FAILED, "cannot make a lock");
		return NULL;
	}
	return h;
}

void
s3_http_free(struct s3_http *h)
{
	if (h == NULL)
		return;
	for (size_t i = 0; i < h->n; i++)
		curl_easy_cleanup(h->idle[i]);
	free(h->idle);
	free(h->certificate);
	free(h->key);
	pthread_mutex_destroy(&h->lock);
	free(h);
}

static CURL *
take_handle(struct s3_http *h)
{
	CURL *curl = NULL;

	pthread_mutex_lock(&h->lock);
	if (h->n > 0)
		curl = h->idle[--h->n];
	pthread_mutex_unlock(&h->lock);
	return curl != NULL ? curl : curl_easy_init();
}

/* Its settings hold headers and pointers of the last request; its connections stay. */
static void
give_back(struct s3_http *h, CURL *curl)
{
	curl_easy_reset(curl);
	pthread_mutex_lock(&h->lock);
	if (h->n == h->room) {
		h->room = h->room > 0 ? 2 * h->room : 8;
		h->idle = mem_grow(h->idle, h->room * sizeof(*h->idle));
	}
	h->idle[h->n++] = curl;
	pthread_mutex_unlock(&h->lock);
}

/* --- callbacks --- */

struct transfer {
	const struct s3_http_request *request;
	struct s3_http_response *r;
	struct err *e;
	bool failed;   /* *e is filled by a callback */
	uint64_t sent; /* position in the request's body */
};

static size_t
on_header(char *line, size_t size, size_t n, void *ctx)
{
	struct transfer *t = ctx;

	s3_http_header(t->r, line, size * n);
	if (t->r->date != 0 && t->r->arrived == 0)
		t->r->arrived = time(NULL);
	return size * n;
}

static size_t
on_body(char *data, size_t size, size_t n, void *ctx)
{
	struct transfer *t = ctx;
	struct s3_http_response *r = t->r;
	size_t len = size * n, room = t->request->limit - r->body.len;

	if (t->request->sink != NULL && (r->status == 200 || r->status == 206)) {
		if (t->request->sink(t->request->ctx, r, data, len, t->e) == 0)
			return len;
		r->sink_failed = true;
		t->failed = true;
		return 0;
	}
	if (len > room) {
		r->body_cut = true;
		if (buf_add(&r->body, data, room, t->e) == 0)
			return len;
	} else if (buf_add(&r->body, data, len, t->e) == 0) {
		return len;
	}
	t->failed = true;
	return 0;
}

static size_t
on_read(char *out, size_t size, size_t n, void *ctx)
{
	struct transfer *t = ctx;
	const struct store_body *body = t->request->body;
	size_t len = size * n;
	ssize_t got;

	if (len > body->len - t->sent)
		len = (size_t)(body->len - t->sent);
	if (len > 0 && throttle_take(t->request->throttle, len, &len, t->e) < 0) {
		t->failed = true;
		return CURL_READFUNC_ABORT;
	}
	if (body->data != NULL) {
		memcpy(out, (const char *)body->data + t->sent, len);
		got = (ssize_t)len;
	} else {
		do
			got = pread(body->fd, out, len, (off_t)t->sent);
		while (got < 0 && errno == EINTR);
	}
	if (got < 0 || (got == 0 && len > 0)) {
		if (got < 0)
			err_sys(t->e, "cannot read the file to store");
		else
			err_set(t->e, ERR_FAILED, "the file to store has become shorter");
		t->failed = true;
		return CURL_READFUNC_ABORT;
	}
	t->sent += (uint64_t)got;
	return (size_t)got;
}

/* libcurl goes back to the start when a kept connection turns out to be dead. */
static int
on_seek(void *ctx, curl_off_t offset, int origin)
{
	struct transfer *t = ctx;

	if (origin != SEEK_SET || offset < 0 || (uint64_t)offset > t->request->body->len)
		return CURL_SEEKFUNC_FAIL;
	t->sent = (uint64_t)offset;
	return CURL_SEEKFUNC_OK;
}

static int
on_progress(void *ctx, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
	struct transfer *t = ctx;

	(void)a;
	(void)b;
	(void)c;
	(void)d;
	if (stop_check(t->e) == 0)
		return 0;
	t->failed = true;
	return 1;
}

/* --- sending --- */

/* The variables that curl and the AWS tools know; libcurl itself reads neither. */
static const char *
ca_bundle(void)
{
	const char *path = getenv("AWS_CA_BUNDLE");

	if (path == NULL || *path == '\0')
		path = getenv("CURL_CA_BUNDLE");
	return path != NULL && *path != '\0' ? path : NULL;
}

/* Whether the options took: a libcurl without one of them is not to be used quietly. */
static bool
set_connection(CURL *curl, const struct s3_http *h, long slow_rate)
{
	const char *ca = ca_bundle();

	return curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
#if LIBCURL_VERSION_NUM >= 0x075500
	    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
#else
	    curl_easy_setopt(curl, CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS)) == CURLE_OK &&
#endif
	    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
	    curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) == CURLE_OK &&
	    curl_easy_setopt(curl, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L) == CURLE_OK &&
	    curl_easy_setopt(curl, CURLOPT_TCP_KEEPALIVE, 1L) == CURLE_OK &&
	    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, CONNECT_SECONDS) == CURLE_OK &&
	    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, slow_rate) == CURLE_OK &&
	    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, h->slow_seconds) == CURLE_OK &&
	    curl_easy_setopt(curl, CURLOPT_BUFFERSIZE, BUFFER_BYTES) == CURLE_OK &&
	    curl_easy_setopt(curl, CURLOPT_UPLOAD_BUFFERSIZE, BUFFER_BYTES) == CURLE_OK &&
	    curl_easy_setopt(curl, CURLOPT_USERAGENT, PACKAGE_NAME "/" PACKAGE_VERSION) == CURLE_OK &&
	    (ca == NULL || curl_easy_setopt(curl, CURLOPT_CAINFO, ca) == CURLE_OK) &&
	    (h->certificate == NULL || (curl_easy_setopt(curl, CURLOPT_SSLCERT, h->certificate) == CURLE_OK &&
	        curl_easy_setopt(curl, CURLOPT_SSLKEY, h->key) == CURLE_OK));
}

static bool
set_request(CURL *curl, struct transfer *t, struct curl_slist *headers)
{
	const struct s3_http_request *q = t->request;
	bool fine;

	/* Keys hold what libcurl would take for "/../". */
	fine = curl_easy_setopt(curl, CURLOPT_URL, q->url) == CURLE_OK &&
	    curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L) == CURLE_OK &&
	    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers) == CURLE_OK &&
	    curl_easy_setopt(curl, CURLOPT_FRESH_CONNECT, q->once ? 1L : 0L) == CURLE_OK &&
	    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header) == CURLE_OK &&
	    curl_easy_setopt(curl, CURLOPT_HEADERDATA, t) == CURLE_OK &&
	    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body) == CURLE_OK &&
	    curl_easy_setopt(curl, CURLOPT_WRITEDATA, t) == CURLE_OK &&
	    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L) == CURLE_OK &&
	    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress) == CURLE_OK &&
	    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, t) == CURLE_OK;
	if (q->body != NULL)
		return fine && curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L) == CURLE_OK &&
		    curl_easy_setopt(curl, CURLOPT_INFILESIZE_LARGE, (curl_off_t)q->body->len) == CURLE_OK &&
		    curl_easy_setopt(curl, CURLOPT_READFUNCTION, on_read) == CURLE_OK &&
		    curl_easy_setopt(curl, CURLOPT_READDATA, t) == CURLE_OK &&
		    curl_easy_setopt(curl, CURLOPT_SEEKFUNCTION, on_seek) == CURLE_OK &&
		    curl_easy_setopt(curl, CURLOPT_SEEKDATA, t) == CURLE_OK;
	if (strcmp(q->method, "HEAD") == 0)
		return fine && curl_easy_setopt(curl, CURLOPT_NOBODY, 1L) == CURLE_OK;
	return fine && curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, q->method) == CURLE_OK;
}

static struct curl_slist *
make_headers(const struct s3_lines *lines)
{
	struct curl_slist *headers = NULL;

	for (size_t i = 0; i < lines->n; i++) {
		struct curl_slist *longer = curl_slist_append(headers, lines->lines[i]);

		if (longer == NULL) {
			curl_slist_free_all(headers);
			return NULL;
		}
		headers = longer;
	}
	return headers;
}

static void
free_headers(struct curl_slist *headers)
{
	for (struct curl_slist *h = headers; h != NULL; h = h->next)
		explicit_bzero(h->data, strlen(h->data));
	curl_slist_free_all(headers);
}

/* PROXY is what a proxy has answered to CONNECT: not the same as an answer of the server, nor as none. */
static int
explain(struct transfer *t, CURLcode rc, const char *detail, long proxy, struct err *e)
{
	bool refused = proxy >= 300;
	const struct trouble *trouble = refused ? trouble_answer((unsigned)proxy, "") : trouble_transport((int)rc);

	if (t->failed)
		return -1;
	t->r->unresolved = rc == CURLE_COULDNT_RESOLVE_HOST || rc == CURLE_COULDNT_RESOLVE_PROXY;
	if (!refused) {
		err_set(e, trouble->kind, "%s", *detail != '\0' ? detail : curl_easy_strerror(rc));
		if (trouble->hint != NULL)
			err_hint(e, "%s", trouble->hint);
		return -1;
	}
	err_set(e, trouble->kind == ERR_CREDENTIALS && proxy != 407 ? ERR_FAILED : trouble->kind,
	    "the proxy does not let us through: HTTP %ld", proxy);
	return err_hint(e, "%s", proxy == 407 ? trouble->hint : "ask for leave for this server, or name it in no_proxy when it is reached without");
}

int
s3_http_send(struct s3_http *h, const struct s3_http_request *request, struct s3_http_response *r,
    struct err *e)
{
	struct transfer t = { .request = request, .r = r, .e = e };
	char detail[CURL_ERROR_SIZE] = "";
	struct curl_slist *headers = make_headers(request->headers);
	CURL *curl = take_handle(h);
	CURLcode rc = CURLE_OUT_OF_MEMORY;
	long proxy = 0;

	memset(r, 0, sizeof(*r));
	buf_init(&r->body, request->limit);
	if (curl != NULL && (headers != NULL || request->headers->n == 0)) {
		rc = CURLE_UNKNOWN_OPTION;
		curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, detail);
		/* a line that is slow because it has to be is none that is slow */
		if (set_connection(curl, h, throttle_on(request->throttle) ? SLOW_RATE : h->slow_rate) && set_request(curl, &t, headers))
			rc = curl_easy_perform(curl);
	}
	if (rc != CURLE_OK && curl != NULL)
		curl_easy_getinfo(curl, CURLINFO_HTTP_CONNECTCODE, &proxy);
	/* One that has failed may refuse its options next time: 7.88 after a name that was not found. */
	if (rc == CURLE_OK)
		give_back(h, curl);
	else
		curl_easy_cleanup(curl);
	free_headers(headers);
	return rc == CURLE_OK && !t.failed ? 0 : explain(&t, rc, detail, proxy, e);
}

void
s3_http_release(struct s3_http_response *r)
{
	buf_release(&r->body);
}
