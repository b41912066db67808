/* store_s3_call.c -- one request to the bucket: its URL, its signature, its retries. */
#include "prelude.h"

#include <sys/random.h>

#include "clock.h"
#include "credentials.h"
#include "err.h"
#include "log.h"
#include "stop.h"
#include "store_s3.h"
#include "trouble.h"

#define ERROR_BODY ((size_t)64 << 10)
#define NAP_MS 100 /* a sleeper looks for a signal this often */
#define EMPTY_SHA256 "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

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

/* What an answer says of the server, whatever was asked. */
static void
note_answer(struct s3_store *s, const struct s3_http_response *r)
{
	if (r->status == 0)
		return;
	s->reached = true;
	if (r->oss)
		s->oss = true;
	if (r->date != 0)
		s->ahead = (long long)r->arrived - (long long)r->date;
}

/* --- the access key --- */

#define RENEW_BEFORE 300 /* seconds before a key ends */
#define RENEW_PAUSE 30   /* between two looks at a place that has no other one */

/* Look for the key again; the lock is held.  Is there another one now? */
static bool
look_for_key(struct s3_store *s)
{
	struct credentials *found;
	struct err e;

	s->renewed = time(NULL);
	if (s3_find_key(s, &found, &e) < 0) {
		log_debug("the access key is gone: %s", e.text);
		return false;
	}
	if (credentials_equal(found, s->credentials)) {
		credentials_free(found);
		return false;
	}
	log_debug("the access key was read again, and is another one");
	credentials_free(s->credentials);
	s->credentials = found;
	s->generation++;
	return true;
}

/* The key that is used now, under the lock; one that ends soon is replaced before.  *GENERATION says which one it is. */
static const struct credentials *
lock_key(struct s3_store *s, unsigned *generation)
{
	time_t now = time(NULL);

	pthread_mutex_lock(&s->key_lock);
	if (s->credentials->expires != 0 && now >= s->credentials->expires - RENEW_BEFORE && now - s->renewed >= RENEW_PAUSE)
		look_for_key(s);
	*generation = s->generation;
	return s->credentials;
}

static int
sign(struct s3_store *s, const struct s3_request *q, struct s3_lines *lines, unsigned *generation, struct err *e)
{
	int rc = s3_sign(q, lock_key(s, generation), s->region, time(NULL), lines, e);

	pthread_mutex_unlock(&s->key_lock);
	return rc;
}

/* May the refusal R of a request be the key's end, and is there another one than GENERATION's?  The answer to a HEAD
 * has no body that could name the reason: then a session's key is looked for again, others do not end. */
static bool
renew(struct s3_store *s, const struct s3_http_response *r, unsigned generation)
{
	bool another, session;
	struct s3_error x;

	if (r->status != 400 && r->status != 401 && r->status != 403 && !r->error_known)
		return false;
	s3_answer_error(r, &x);
	pthread_mutex_lock(&s->key_lock);
	session = s->credentials->token != NULL;
	another = s->generation != generation;
	if (!another && (x.code[0] != '\0' ? trouble_answer(r->status, x.code)->renew : session && time(NULL) - s->renewed >= RENEW_PAUSE))
		another = look_for_key(s);
	pthread_mutex_unlock(&s->key_lock);
	return another;
}

/* --- one request, sent --- */

static void
make_http_request(const struct s3_store *s, const struct s3_call *call, struct s3_http_request *h)
{
	*h = (struct s3_http_request){
		.method = call->method, .body = call->body, .once = call->once, .throttle = s->store.throttle, .sink = call->sink, .ctx = call->ctx,
		.limit = call->limit > ERROR_BODY ? call->limit : ERROR_BODY,
	};
}

static int
send_v4(struct s3_store *s, const struct s3_call *call, const char *key, struct s3_http_response *r, unsigned *generation, struct err *e)
{
	char *path = mem_printf("%s%s", s->base, key != NULL ? key : ""), *url;
	struct s3_request q = {
		.method = call->method, .host = s->host, .path = path,
		.query = call->query, .n_query = call->n_query,
		.headers = call->headers, .n_headers = call->n_headers,
		.payload_sha256 = call->payload_sha256 != NULL ? call->payload_sha256 : EMPTY_SHA256,
	};
	struct s3_http_request h;
	struct s3_lines lines;
	int rc;

	make_http_request(s, call, &h);
	url = make_url(s, &q);
	rc = sign(s, &q, &lines, generation, e);
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

/* A put or a removal, which libs3 sends. */
static int
send_by_libs3(struct s3_store *s, const struct s3_call *call, const char *key, struct s3_http_response *r, unsigned *generation,
    struct err *e)
{
	struct s3_v2_request q = { .key = key, .body = call->body, .throttle = s->store.throttle };
	struct s3_v2_exchange *exchange;
	int rc;

	for (size_t i = 0; i < call->n_headers; i++)
		if (strcmp(call->headers[i].name, "content-md5") == 0)
			q.content_md5 = call->headers[i].value;
	rc = s3_v2_begin(s->v2, lock_key(s, generation), &q, &exchange, e);
	pthread_mutex_unlock(&s->key_lock);
	return rc < 0 ? -1 : s3_v2_end(exchange, r, e);
}

/* A GET: its headers and its query are not signed. */
static int
send_v2_url(struct s3_store *s, const struct s3_call *call, const char *key, struct s3_http_response *r, unsigned *generation,
    struct err *e)
{
	struct s3_lines lines = { .lines = mem_array(S3_CALL_HEADERS_MAX, sizeof(char *)) };
	char *query = s3_sign_query(call->query, call->n_query), *bare, *url;
	struct s3_http_request h;
	int rc = -1;

	make_http_request(s, call, &h);
	for (; lines.n < call->n_headers; lines.n++)
		lines.lines[lines.n] = mem_printf("%s: %s", call->headers[lines.n].name, call->headers[lines.n].value);
	bare = s3_v2_url(s->v2, lock_key(s, generation), key, e);
	pthread_mutex_unlock(&s->key_lock);
	if (bare != NULL) {
		h.url = url = mem_printf("%s%s%s", bare, *query != '\0' ? "&" : "", query);
		h.headers = &lines;
		rc = s3_http_send(s->http, &h, r, e);
		free(url);
	}
	free(bare);
	free(query);
	s3_lines_release(&lines);
	return rc;
}

static int
send_signed(struct s3_store *s, const struct s3_call *call, struct s3_http_response *r, unsigned *generation, struct err *e)
{
	char *key = call->key != NULL ? mem_printf("%s%s", s->prefix, call->key) : NULL;
	int rc;

	memset(r, 0, sizeof(*r));
	if (s->v2 == NULL)
		rc = send_v4(s, call, key, r, generation, e);
	else if (strcmp(call->method, "GET") == 0)
		rc = send_v2_url(s, call, key, r, generation, e);
	else
		rc = send_by_libs3(s, call, key, r, generation, e);
	note_answer(s, r);
	free(key);
	return rc;
}

/* A success whose body says the opposite. */
static bool
holds_error(const struct s3_http_response *r)
{
	struct s3_error x;

	return (r->body.len > 0 || r->error_known) && s3_answer_error(r, &x);
}

static int
call_with_key(struct s3_store *s, const struct s3_call *call, struct s3_http_response *r, unsigned *generation, struct err *e)
{
	uint64_t began = clock_ms();
	struct s3_error x;
	char *name;

	if (send_signed(s, call, r, generation, e) < 0) {
		if (r->sink_failed || e->code == ERR_STOPPED)
			return -1;
		name = s3_name(s, call->key);
		err_context(e, "cannot %s '%s'", call->verb, name);
		free(name);
		return -1;
	}
	log_debug("%s %s: %u in %llu ms, request %s", call->method, call->key != NULL ? call->key : s->bucket,
	    r->status, (unsigned long long)(clock_ms() - began), r->request_id);
	if (r->status >= 200 && r->status < 300 && !holds_error(r)) {
		s->seen = true;
		return 1;
	}
	if (r->status == 404 && call->key != NULL) {
		s3_answer_error(r, &x);
		if (strcmp(x.code, "NoSuchKey") == 0)
			s->seen = true;
		if (strcmp(x.code, "NoSuchKey") == 0 || x.code[0] == '\0')
			return 0;
	}
	return s3_fail(s, call, r, e);
}

int
s3_call_once(struct s3_store *s, const struct s3_call *call, struct s3_http_response *r, struct err *e)
{
	unsigned generation = 0;
	int rc = call_with_key(s, call, r, &generation, e);

	if (rc >= 0 || !renew(s, r, generation))
		return rc;
	s3_http_release(r);
	return call_with_key(s, call, r, &generation, e);
}

/* --- retries --- */

void
s3_tries_begin(struct s3_tries *t)
{
	t->failures = 0;
	t->began_ms = t->try_ms = clock_ms();
}

static int
sleep_ms(uint64_t ms, struct err *e)
{
	uint64_t end = clock_ms() + ms, now;

	while ((now = clock_ms()) < end) {
		uint64_t nap = end - now < NAP_MS ? end - now : NAP_MS;
		struct timespec t = { .tv_nsec = (long)(nap * 1000000) };

		if (stop_check(e) < 0 || stop_asked(e) < 0)
			return -1;
		nanosleep(&t, NULL);
	}
	return 0;
}

struct retry_policy
s3_retry_policy(const struct s3_store *s, const struct s3_http_response *r)
{
	return r->unresolved && !s->reached ? retry_unknown_name(&s->retry) : s->retry;
}

int
s3_tries_wait(struct s3_tries *t, struct s3_store *s, const struct s3_http_response *r, struct err *e)
{
	struct retry_policy policy = s3_retry_policy(s, r);
	uint64_t elapsed = clock_ms() - t->began_ms, retry_after = r->retry_after, delay, random;
	unsigned long long lost;
	struct err stopped;

	if (!err_is_transient(e))
		return -1;
	if (getrandom(&random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return err_sys(e, "cannot get a random number");
	if (retry_after > UINT64_MAX / 1000)
		retry_after = UINT64_MAX / 1000;
	delay = retry_delay(&policy, ++t->failures, elapsed, retry_after * 1000, random);
	lost = atomic_fetch_add(&s->lost_ms, clock_ms() - t->try_ms) + clock_ms() - t->try_ms;
	if (s->retry_total_ms != 0 && lost + (delay != RETRY_STOP ? delay : 0) > s->retry_total_ms)
		return err_context(e, "given up: %llu s were lost to trouble with the bucket in this start (--retry-total)", lost / 1000);
	if (delay == RETRY_STOP)
		return err_context(e, "given up after %u tries in %llu s", t->failures,
		    (unsigned long long)elapsed / 1000);
	if (s->give_up_ms != 0 && clock_ms() + delay >= s->give_up_ms)
		return err_context(e, "no time is left for another try");
	/* One failure is everyday; more of them should not look like a program that hangs. */
	if (t->failures > 1)
		log_warning("%s; trying again", e->text);
	else
		log_debug("%s; trying again", e->text);
	if (sleep_ms(delay, &stopped) == 0) {
		atomic_fetch_add(&s->lost_ms, delay);
		t->try_ms = clock_ms();
		return 0;
	}
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
		if (s3_tries_wait(&tries, s, r, &trouble) < 0) {
			*e = trouble;
			return -1;
		}
		s3_http_release(r);
	}
	return rc;
}
