/* store_s3_call.c -- one request to the bucket: its URL, its signature, its retries. */
#include "prelude.h"

#include <sys/random.h>

#include "credentials.h"
#include "err.h"
#include "log.h"
#include "s3_xml.h"
#include "stop.h"
#include "store_s3.h"

#define ERROR_BODY ((size_t)64 << 10)
#define NAP_MS 100 /* a sleeper looks for a signal this often */
#define EMPTY_SHA256 "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static uint64_t
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* --- one request --- */

static char *
make_url(const struct s3_store *s, const struct s3_request *q)
{
	char *path = s3_sign_path(q->path), *query = s3_sign_query(q->query, q->n_query);
	char *url = mem_printf("%s%s%s%s", s->origin, path, *query != '\0' ? "?" : "", query);

	free(path);
	free(query);
	return url;
}

static int
send_signed(struct s3_store *s, const struct s3_call *call, struct s3_http_response *r, struct err *e)
{
	struct s3_request q = {
		.method = call->method, .host = s->host,
		.query = call->query, .n_query = call->n_query,
		.headers = call->headers, .n_headers = call->n_headers,
		.payload_sha256 = call->payload_sha256 != NULL ? call->payload_sha256 : EMPTY_SHA256,
	};
	struct s3_http_request h = {
		.method = call->method, .body = call->body, .sink = call->sink, .ctx = call->ctx,
		.limit = call->limit > ERROR_BODY ? call->limit : ERROR_BODY,
	};
	char *path = mem_printf("%s%s%s", s->base, call->key != NULL ? s->prefix : "", call->key != NULL ? call->key : "");
	struct s3_lines lines;
	char *url;
	int rc;

	memset(r, 0, sizeof(*r));
	q.path = path;
	url = make_url(s, &q);
	rc = s3_sign(&q, s->credentials, s->region, time(NULL), &lines, e);
	if (rc == 0) {
		h.url = url;
		h.headers = &lines;
		rc = s3_http_send(s->http, &h, r, e);
		s3_lines_release(&lines);
	}
	free(url);
	free(path);
	return rc;
}

/* A success whose body says the opposite. */
static bool
holds_error(const struct s3_http_response *r)
{
	struct s3_error x;

	return r->body.len > 0 && s3_xml_error(r->body.data, r->body.len, &x);
}

int
s3_call_once(struct s3_store *s, const struct s3_call *call, struct s3_http_response *r, struct err *e)
{
	uint64_t began = now_ms();
	struct s3_error x;
	char *name;

	if (send_signed(s, call, r, e) < 0) {
		if (r->sink_failed || e->code == ERR_STOPPED)
			return -1;
		name = s3_name(s, call->key);
		err_context(e, "cannot %s '%s'", call->verb, name);
		free(name);
		return -1;
	}
	log_debug("%s %s: %u in %llu ms, request %s", call->method, call->key != NULL ? call->key : s->bucket,
	    r->status, (unsigned long long)(now_ms() - began), r->request_id);
	if (r->status >= 200 && r->status < 300 && !holds_error(r)) {
		s->seen = true;
		return 1;
	}
	if (r->status == 404 && call->key != NULL) {
		s3_xml_error(r->body.data, r->body.len, &x);
		if (strcmp(x.code, "NoSuchKey") == 0)
			s->seen = true;
		if (strcmp(x.code, "NoSuchKey") == 0 || x.code[0] == '\0')
			return 0;
	}
	return s3_fail(s, call, r, e);
}

/* --- retries --- */

void
s3_tries_begin(struct s3_tries *t)
{
	t->failures = 0;
	t->began_ms = now_ms();
}

static int
sleep_ms(uint64_t ms, struct err *e)
{
	uint64_t end = now_ms() + ms, now;

	while ((now = now_ms()) < end) {
		uint64_t nap = end - now < NAP_MS ? end - now : NAP_MS;
		struct timespec t = { .tv_nsec = (long)(nap * 1000000) };

		if (stop_check(e) < 0)
			return -1;
		nanosleep(&t, NULL);
	}
	return 0;
}

int
s3_tries_wait(struct s3_tries *t, const struct s3_store *s, uint64_t retry_after, struct err *e)
{
	uint64_t elapsed = now_ms() - t->began_ms, delay, random;
	struct err stopped;

	if (!err_is_transient(e))
		return -1;
	if (getrandom(&random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return err_sys(e, "cannot get a random number");
	if (retry_after > UINT64_MAX / 1000)
		retry_after = UINT64_MAX / 1000;
	delay = retry_delay(&s->retry, ++t->failures, elapsed, retry_after * 1000, random);
	if (delay == RETRY_STOP)
		return err_context(e, "given up after %u tries in %llu s", t->failures,
		    (unsigned long long)elapsed / 1000);
	/* One failure is everyday; more of them should not look like a program that hangs. */
	if (t->failures > 1)
		log_warning("%s; trying again", e->text);
	else
		log_debug("%s; trying again", e->text);
	if (sleep_ms(delay, &stopped) == 0)
		return 0;
	*e = stopped;
	return -1;
}

int
s3_call(struct s3_store *s, const struct s3_call *call, struct s3_http_response *r, struct err *e)
{
	struct s3_tries tries;
	struct err trouble; /* the caller's stays as it is when a later try succeeds */
	int rc;

	s3_tries_begin(&tries);
	while ((rc = s3_call_once(s, call, r, &trouble)) < 0) {
		if (s3_tries_wait(&tries, s, r->retry_after, &trouble) < 0) {
			*e = trouble;
			return -1;
		}
		s3_http_release(r);
	}
	return rc;
}
