/* Goal of this test: shares are handed out in order, headers of segments are read or refused, a session
 * takes each body once and in order, a body is whole or an error. */
#include "prelude.h"

#include <pthread.h>
#include <unistd.h>

#include "err.h"
#include "gpfdist_body.h"
#include "gpfdist_headers.h"
#include "gpfdist_session.h"
#include "gpfdist_token.h"
#include "portion.h"
#include "tap.h"

/* --- shares --- */

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

struct taker {
	struct portion *share;
	uint64_t n;
	long milliseconds;
	const void *owner;
	enum portion_answer answer;
	bool back;
	pthread_t thread;
};

static struct timespec
in(long milliseconds)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	t.tv_sec += milliseconds / 1000;
	t.tv_nsec += milliseconds % 1000 * 1000000;
	if (t.tv_nsec >= 1000000000) {
		t.tv_nsec -= 1000000000;
		t.tv_sec++;
	}
	return t;
}

static void *
take(void *arg)
{
	struct taker *t = arg;
	struct timespec until = in(t->milliseconds);

	pthread_mutex_lock(&mutex);
	t->answer = portion_take(t->share, &mutex, t->n, t->owner, &until);
	t->back = true;
	pthread_mutex_unlock(&mutex);
	return NULL;
}

/* A thread that stands in the line when this returns. */
static void
start(struct taker *t, struct portion *s, uint64_t n, long milliseconds, const void *owner)
{
	struct portion_waiter *last = s->last;
	bool in_line = false;

	*t = (struct taker){ .share = s, .n = n, .milliseconds = milliseconds, .owner = owner };
	pthread_create(&t->thread, NULL, take, t);
	while (!in_line) {
		pthread_mutex_lock(&mutex);
		in_line = s->last != last;
		pthread_mutex_unlock(&mutex);
		usleep(1000);
	}
}

static void
give(struct portion *s, uint64_t n)
{
	pthread_mutex_lock(&mutex);
	portion_give(s, n);
	pthread_mutex_unlock(&mutex);
}

static bool
is_back(struct taker *t)
{
	bool back;

	pthread_mutex_lock(&mutex);
	back = t->back;
	pthread_mutex_unlock(&mutex);
	return back;
}

static void
shares(void)
{
	struct taker large, small, late, mine;
	struct timespec now = in(0);
	struct portion s;
	int owner;

	portion_init(&s, 10);
	pthread_mutex_lock(&mutex);
	ok(portion_take(&s, &mutex, 8, NULL, &now) == PORTION_TAKEN && s.free == 2, "what is free is taken at once");
	ok(portion_take(&s, &mutex, 3, NULL, &now) == PORTION_TOO_LATE && s.free == 2 && s.first == NULL, "what is not, is not in time");
	pthread_mutex_unlock(&mutex);

	start(&large, &s, 9, 100000, NULL);
	start(&small, &s, 1, 100000, NULL);
	ok(!is_back(&small), "who comes later waits, though there would be enough for him");
	give(&s, 8);
	pthread_join(large.thread, NULL);
	pthread_join(small.thread, NULL);
	ok(large.answer == PORTION_TAKEN && small.answer == PORTION_TAKEN && s.free == 0, "both, in their order");
	ok(s.first == NULL && s.last == NULL, "nobody is left in the line");

	start(&late, &s, 5, 50, NULL);
	start(&small, &s, 1, 100000, NULL);
	give(&s, 1);
	pthread_join(late.thread, NULL);
	pthread_join(small.thread, NULL);
	ok(late.answer == PORTION_TOO_LATE && small.answer == PORTION_TAKEN && s.free == 0, "one whose time is over makes way");

	start(&large, &s, 2, 100000, NULL);
	start(&mine, &s, 2, 100000, &owner);
	start(&small, &s, 1, 100000, NULL);
	pthread_mutex_lock(&mutex);
	portion_cancel(&s, &owner);
	pthread_mutex_unlock(&mutex);
	pthread_join(mine.thread, NULL);
	ok(mine.answer == PORTION_CANCELLED && !is_back(&large) && !is_back(&small), "a cancel is for its owner's alone");
	give(&s, 3);
	pthread_join(large.thread, NULL);
	pthread_join(small.thread, NULL);
	ok(large.answer == PORTION_TAKEN && small.answer == PORTION_TAKEN && s.free == 0 && s.last == NULL, "the others stay in line");
}

/* --- headers --- */

struct line {
	const char *name, *value;
};

static const struct line good[] = {
	{ "Host", "127.0.0.1:6181" }, { "X-GP-XID", "11-0000000004" }, { "X-GP-CID", "1f" }, { "X-GP-SN", "0" },
	{ "X-GP-SEGMENT-ID", "1" }, { "X-GP-SEGMENT-COUNT", "3" }, { "X-GP-PROTO", "0" }, { "X-GP-SEQ", "7" },
	{ "Content-Length", "26" },
};

/* The good ones with NAME's value changed (NULL: left out; a name that is not there: added). */
static unsigned
read_with(const char *name, const char *value, struct gpfdist_post *post)
{
	struct gpfdist_headers h = { .twice = false };
	struct err e;
	bool there = false;

	for (size_t i = 0; i < GPM_ARRAY_LEN(good); i++) {
		bool this = strcmp(good[i].name, name) == 0;

		there |= this;
		if (!this || value != NULL)
			gpfdist_headers_add(&h, good[i].name, this ? value : good[i].value);
	}
	if (!there)
		gpfdist_headers_add(&h, name, value);
	return gpfdist_headers_read(&h, post, &e);
}

static void
headers(void)
{
	static const struct line bad[] = {
		{ "X-GP-XID", NULL }, { "X-GP-CID", NULL }, { "X-GP-SN", NULL }, { "X-GP-SEGMENT-ID", NULL },
		{ "X-GP-PROTO", NULL }, { "X-GP-SEQ", NULL },
		{ "X-GP-SEQ", "" }, { "X-GP-SEQ", "0" }, { "X-GP-SEQ", "+1" }, { "X-GP-SEQ", " 1" }, { "X-GP-SEQ", "0x7" },
		{ "X-GP-SEQ", "9223372036854775808" }, { "X-GP-SEQ", "18446744073709551617" }, { "X-GP-SEQ", "1" },
		{ "X-GP-SEGMENT-ID", "-2" }, { "X-GP-SEGMENT-ID", "--1" }, { "X-GP-SEGMENT-ID", "32768" },
		{ "X-GP-PROTO", "1" }, { "X-GP-PROTO", "00" }, { "X-GP-DONE", "0" }, { "X-GP-DONE", "1" },
		{ "X-GP-CID", "a b" }, { "X-GP-CID", "a/b" }, { "X-GP-CID", "\xc3\xa4" }, { "X-GP-CID", "" },
		{ "Content-Length", "" }, { "Content-Length", "-1" }, { "Content-Length", "9223372036854775808" },
		{ "x-gp-seq", "7" }, { "content-length", "26" },
	};
	char name[64];
	struct gpfdist_post post;

	is_u64(read_with("X-Other", "y", &post), 0, "a segment's headers are read");
	ok(strcmp(post.statement, "11-0000000004/1f/0") == 0 && post.segment == 1 && post.seq == 7 && post.length == 26 && !post.done,
	    "all of them");
	ok(read_with("X-GP-SEGMENT-ID", "-1", &post) == 0 && post.segment == -1, "the coordinator's number");
	is_u64(read_with("X-GP-CID", "12345678901234567890123456789012345678901", &post), 0, "a long CID");
	is_u64(read_with("X-GP-CID", "123456789012345678901234567890123456789012", &post), 400, "one that is too long");
	for (size_t i = 0; i < GPM_ARRAY_LEN(bad); i++) {
		snprintf(name, sizeof(name), "refused: %s: %s", bad[i].name, bad[i].value != NULL ? bad[i].value : "missing");
		is_u64(read_with(bad[i].name, bad[i].value, &post), 400, name);
	}
	is_u64(read_with("Content-Length", NULL, &post), 411, "no length");
	is_u64(read_with("Transfer-Encoding", "chunked", &post), 411, "chunks");
}

static const struct line good_get[] = {
	{ "X-GP-XID", "8-0000000004" }, { "X-GP-CID", "0" }, { "X-GP-SN", "1" }, { "X-GP-SEGMENT-ID", "2" },
	{ "X-GP-SEGMENT-COUNT", "3" }, { "X-GP-PROTO", "1" },
};

static unsigned
read_format(const char *csvopt, struct gpfdist_get *get)
{
	struct gpfdist_headers h = { .twice = false };
	struct err e;

	for (size_t i = 0; i < GPM_ARRAY_LEN(good_get); i++)
		gpfdist_headers_add(&h, good_get[i].name, good_get[i].value);
	gpfdist_headers_add(&h, "X-GP-CSVOPT", csvopt);
	return gpfdist_headers_read_get(&h, get, &e);
}

static void
headers_of_get(void)
{
	static const char *const fit[] = { "m1x 34q 34n0h0", "m1x34q34n1h0", "m1x 34q 34h0n0" };
	static const char *const unfit[] = { "m1x 34q 34n1h1", "m0x 92q  0n0h0", "m1x 92q 39n1h1", "m1x 34q 34n3h0", "m0x 79q  0n3h0" };
	static const char *const bad[] = { "", "m", "m1", "mx 34q 34n0h0", "m2x 34q 34n0h0", "m1x256q 34n0h0", "m1x -1q 34n0h0", "m1x 34q 34n4h0",
		"m1x 34q 34n0h", "m1x18446744073709551650q 34n0h0", "1x 34q 34n0h0" };
	struct gpfdist_get get;

	for (size_t i = 0; i < GPM_ARRAY_LEN(fit); i++)
		ok(read_format(fit[i], &get) == 0 && get.unfit == NULL, "a format that is ours: %s", fit[i]);
	ok(strcmp(get.statement, "8-0000000004/0/1") == 0 && get.segment == 2 && get.segments == 3, "the scan, the segment, and how many there are");
	for (size_t i = 0; i < GPM_ARRAY_LEN(unfit); i++)
		ok(read_format(unfit[i], &get) == 0 && get.unfit != NULL, "one that is not: %s", unfit[i]);
	for (size_t i = 0; i < GPM_ARRAY_LEN(bad); i++)
		is_u64(read_format(bad[i], &get), 400, bad[i]);
}

/* --- sessions --- */

static enum gpfdist_verdict
judge(struct gpfdist_session *s, const char *statement, int segment, uint64_t seq, bool done)
{
	struct gpfdist_post post = { .segment = segment, .seq = seq, .done = done, .length = 1 };
	enum gpfdist_verdict v;
	struct err e;

	snprintf(post.statement, sizeof(post.statement), "%s", statement);
	v = gpfdist_session_judge(s, &post, &e);
	if (v == GPFDIST_TAKE)
		gpfdist_session_taken(gpfdist_session_find(s, &post));
	return v;
}

static void
sessions(void)
{
	struct gpfdist_session *s = gpfdist_session_new();
	unsigned unfinished;

	ok(judge(s, "a", 0, 2, false) == GPFDIST_WRONG, "rows before the opening");
	ok(judge(s, "a", 0, 1, true) == GPFDIST_NOTED && gpfdist_session_count(s, &unfinished) == 0, "an end of nothing");
	ok(judge(s, "a", 0, 1, false) == GPFDIST_NOTED, "an opening");
	ok(judge(s, "b", 0, 1, false) == GPFDIST_OTHER && judge(s, "b", 1, 2, false) == GPFDIST_OTHER, "another statement");
	ok(judge(s, "b", 0, 1, true) == GPFDIST_NOTED && gpfdist_session_count(s, &unfinished) == 1 && unfinished == 1,
	    "its end ends nobody");
	for (int i = 1; i < 100; i++)
		if (judge(s, "a", i, 1, false) != GPFDIST_NOTED)
			break;
	ok(gpfdist_session_count(s, &unfinished) == 100 && unfinished == 100, "100 segments");
	ok(judge(s, "a", 5, 2, false) == GPFDIST_TAKE && judge(s, "a", 5, 2, false) == GPFDIST_REPEAT, "rows, and again");
	ok(judge(s, "a", 5, 4, false) == GPFDIST_WRONG && judge(s, "a", 5, 1, false) == GPFDIST_WRONG, "out of order");
	ok(judge(s, "a", 5, 3, false) == GPFDIST_TAKE && judge(s, "a", 5, 2, true) == GPFDIST_WRONG, "an end that is none");
	ok(judge(s, "a", 5, 3, true) == GPFDIST_NOTED && judge(s, "a", 5, 3, true) == GPFDIST_NOTED, "the end, and again");
	ok(judge(s, "a", 5, 3, false) == GPFDIST_REPEAT && judge(s, "a", 5, 4, false) == GPFDIST_WRONG, "what comes behind it");
	ok(gpfdist_session_count(s, &unfinished) == 100 && unfinished == 99, "who has ended");
	gpfdist_session_free(s);
	gpfdist_session_free(NULL);
}

/* --- bodies --- */

static void
body(bool spill, const char *name)
{
	struct gpfdist_body *b = NULL;
	const char *data = NULL;
	struct err e;

	ok(gpfdist_body_new(10, spill, &b, &e) == 0, "%s: a body of ten bytes", name);
	ok(gpfdist_body_add(b, "01234", 5, &e) == 0 && gpfdist_body_data(b, &data, &e) < 0, "%s: half of it is an error", name);
	ok(gpfdist_body_add(b, "567890", 6, &e) < 0, "%s: more than was announced is an error", name);
	ok(gpfdist_body_add(b, "56789", 5, &e) == 0 && gpfdist_body_data(b, &data, &e) == 0 && memcmp(data, "0123456789", 10) == 0,
	    "%s: the whole", name);
	ok(gpfdist_body_data(b, &data, &e) == 0 && data[9] == '9', "%s: asked for again", name);
	gpfdist_body_free(b);
}

static void
hides(const char *text, const char *want)
{
	char copy[200];

	snprintf(copy, sizeof(copy), "%s", text);
	gpfdist_token_hide(copy);
	ok(strcmp(copy, want) == 0, "hidden: %s", copy);
}

static void
tokens(void)
{
	char token[GPFDIST_TOKEN_LEN], path[64];
	struct err e;

	ok(gpfdist_token_make(token, &e) == 0 && strlen(token) == GPFDIST_TOKEN_LEN - 1, "a token is made");
	snprintf(path, sizeof(path), "/%s/t", token);
	ok(gpfdist_token_leads(token, path), "it leads its path");
	gpfdist_token_hide(path);
	ok(strcmp(path, "/" "********************************" "/t") == 0, "and is hidden as it is made");
	hides("http response code 404 from gpfdist (gpfdist://127.0.0.1:25246/7c5bdafdbfb80aaba4b0bdbca3c873cb/x.csv)",
	    "http response code 404 from gpfdist (gpfdist://127.0.0.1:25246/********************************/x.csv)");
	hides("/0123456789abcdef0123456789abcde /0123456789abcdef0123456789abcdef0 /", "/0123456789abcdef0123456789abcde /0123456789abcdef0123456789abcdef0 /");
	hides("a/0123456789abcdef0123456789abcdef/0123456789abcdef0123456789abcdef", "a/********************************/********************************");
}

int
main(void)
{
	tokens();
	shares();
	headers();
	headers_of_get();
	sessions();
	body(false, "memory");
	body(true, "temporary file");
	gpfdist_body_free(NULL);
	return tap_done();
}
