/* Goal of this test: a bucket as a store keeps what store.h promises, as a folder does; beside that, many
 * keys, odd keys and threads.  Runs on the empty prefix that GPM_TEST_S3_URL names; with
 * GPM_TEST_S3_PLAIN=yes on a slow server that has no conditional puts, and no good answer for two who put one key at once. */
#include "prelude.h"

#include "store_contract.h"
#include "tmpdir.h"

#define THREADS 8
#define PER_THREAD 132 /* 8 * 132 = 1,056 keys: more than a page */

static void
test_urls(void)
{
	static const char *const bad[] = { "s3://", "s3:///x", "s3://b?x", "s3://u:geheim@h/b", "s3://b/../x", "s3://b/a//b", "s3://b//a",
		"s3://b/a b", "s3://-b/x", "s3://.b" };
	static const char *const endpoints[] = { "", "localhost:9000", "ftp://h", "http://", "http://u:geheim@h", "http://h/path",
		"http://h?x", "http://h#x", "http://h x" };
	struct store_settings settings = { .region = "r" };
	struct store *s;
	struct err e;

	for (size_t i = 0; i < GPM_ARRAY_LEN(bad); i++)
		ok(store_open(bad[i], false, NULL, &s, &e) == -1 && e.code == ERR_USAGE && e.hint[0] != '\0' &&
		    strstr(e.text, "geheim") == NULL, "'%s' is refused", bad[i]);
	for (size_t i = 0; i < GPM_ARRAY_LEN(endpoints); i++) {
		settings.endpoint_url = endpoints[i];
		ok(store_open("s3://b", false, &settings, &s, &e) == -1 && e.code == ERR_USAGE && strstr(e.text, "geheim") == NULL,
		    "'%s' is no endpoint", endpoints[i]);
	}
	settings = (struct store_settings){ .region = "a b" };
	ok(store_open("s3://b", false, &settings, &s, &e) == -1 && e.code == ERR_USAGE, "a region with a blank");
	settings = (struct store_settings){ .s3_style = "other" };
	ok(store_open("s3://b", false, &settings, &s, &e) == -1 && e.code == ERR_USAGE, "another style");
	settings = (struct store_settings){ .s3_signature = "v3" };
	ok(store_open("s3://b", false, &settings, &s, &e) == -1 && e.code == ERR_USAGE, "another signature");
	ok(store_open("s3://b/p//", false, NULL, &s, &e) == 0, "slashes at the end");
	is_str(store_url(s), "s3://b/p//", "the URL is kept as given");
	store_close(s);
}

struct writer {
	pthread_t thread;
	struct store *store;
	int number, failed;
};

static void *
write_many(void *ctx)
{
	struct writer *w = ctx;
	struct store_object o;
	struct err e;

	for (int i = 0; i < PER_THREAD; i++) {
		char *key = mem_printf("many/%d/%03d.csv", w->number, i);

		if ((put(w->store, key, key, &e) < 0 || store_head(w->store, key, &o, &e) != 1 || o.size != strlen(key)) && w->failed++ == 0)
			printf("# %s\n", e.text);
		free(key);
	}
	return NULL;
}

struct order {
	char last[100];
	int seen, wrong;
};

static int
check_order(void *ctx, const char *key, bool is_folder, const struct store_object *o, struct err *e)
{
	struct order *order = ctx;

	(void)e;
	order->seen++;
	order->wrong += is_folder || o->strange || o->size != strlen(key) || strcmp(order->last, key) >= 0;
	snprintf(order->last, sizeof(order->last), "%s", key);
	return 0;
}

static void
test_many(struct store *s)
{
	struct writer writers[THREADS];
	struct order order = { .seen = 0 };
	struct err e;
	int failed = 0;

	for (int i = 0; i < THREADS; i++) {
		writers[i] = (struct writer){ .store = s, .number = i };
		pthread_create(&writers[i].thread, NULL, write_many, &writers[i]);
	}
	for (int i = 0; i < THREADS; i++) {
		pthread_join(writers[i].thread, NULL);
		failed += writers[i].failed;
	}
	is_u64((uint64_t)failed, 0, "8 threads put");
	ok(store_list(s, "many/", STORE_LIST_RECURSIVE, check_order, &order, &e) == 0, "all are listed");
	is_u64((uint64_t)order.seen, THREADS * PER_THREAD, "each once");
	is_u64((uint64_t)order.wrong, 0, "in order, with their sizes");
	is_str(list(s, "many/", 0), "many/0/=0 many/1/=0 many/2/=0 many/3/=0 many/4/=0 many/5/=0 many/6/=0 many/7/=0 ", "folders of them");
	ok(store_list(s, "many/", STORE_LIST_RECURSIVE, remove_listed, s, &e) == 0, "a list over pages that removes what it lists");
	is_str(list(s, "", STORE_LIST_RECURSIVE), "", "leaves nothing");
}

/* What libraries of signatures and lists get wrong. */
static void
test_odd_keys(struct store *s)
{
	static const char *const keys[] = { "%41=+-_.z", "a%20b", "a+b", "a=b=c", "...", "..a/b..", "-", "%", "%25", "x%2Fy", "data/1-public.my%20table/b/7.csv.zst" };
	char longest[STORE_KEY_MAX - 99];
	struct store_object o;
	struct err e;

	for (size_t i = 0; i < GPM_ARRAY_LEN(keys); i++) {
		char *listed = mem_printf("%s=%zu ", keys[i], strlen(keys[i]));
		char *folder = mem_strn(keys[i], strrchr(keys[i], '/') != NULL ? (size_t)(strrchr(keys[i], '/') - keys[i]) + 1 : 0);

		ok(put(s, keys[i], keys[i], &e) == 0 && store_head(s, keys[i], &o, &e) == 1 && o.size == strlen(keys[i]), "put '%s'", keys[i]);
		is_str(get(s, keys[i]), keys[i], "get it");
		is_str(list(s, folder, STORE_LIST_RECURSIVE), listed, "list it");
		ok(store_remove(s, keys[i], &e) == 1 && store_remove(s, keys[i], &e) == 0, "remove it");
		free(listed);
		free(folder);
	}
	memset(longest, 'k', sizeof(longest));
	longest[sizeof(longest) - 1] = '\0';
	ok(put(s, longest, "x", &e) == 0 && strcmp(get(s, longest), "x") == 0 && store_remove(s, longest, &e) == 1, "a long key");
}

static void
test_large(struct store *s)
{
	struct store_body body = { NULL, -1, ((uint64_t)5 << 30) + 1 };
	struct err e;

	ok(store_put(s, "large", &body, &e) == -1 && e.code == ERR_FAILED, "a body of more than 5 GB is refused");
	has_str(e.text, "has 5368709121 bytes, and S3 takes at most 5 GB", "the message says why");
	has_str(e.hint, "--chunk-size", "the hint what to do");
}

/* Neither libs3 nor Swift has a condition of a put. */
static void
test_no_create(struct store *s)
{
	struct err e;

	ok(store_can_create(s, "c/probe", &e) == 0, "the store says that it knows no create");
	ok(create(s, "c/new", "x", &e) == -1 && e.code == ERR_FAILED && strcmp(get(s, "c/new"), "(absent)") == 0, "and makes nothing by it");
}

int
main(void)
{
	const char *url = getenv("GPM_TEST_S3_URL");
	struct store_settings settings = { .endpoint_url = getenv("GPM_ENDPOINT_URL"), .s3_signature = getenv("GPM_S3_SIGNATURE"),
		.allow_unverified_tls = getenv("GPM_ALLOW_UNVERIFIED_TLS") != NULL };
	bool plain = getenv("GPM_TEST_S3_PLAIN") != NULL;
	bool creates = !plain && (settings.s3_signature == NULL || strcmp(settings.s3_signature, "v2") != 0);
	struct store *s;
	int64_t ahead;
	struct err e;

	if (url == NULL) {
		printf("1..0 # SKIP no GPM_TEST_S3_URL\n");
		return 0;
	}
	tmpdir_make();
	test_urls();
	if (!ok(store_open(url, false, &settings, &s, &e) == 0, "open the bucket")) {
		printf("# %s\n", e.text);
		return tap_done();
	}
	ok(store_clock_skew(s, &ahead) == 0, "its clock is not known before it has answered");
	contract_keys(s);
	ok(store_clock_skew(s, &ahead) == 0, "nor by calls that do not ask it");
	contract_objects(s);
	ok(store_clock_skew(s, &ahead) == 1 && ahead >= -5 && ahead <= 5, "then it is");
	contract_ranges(s);
	contract_files(s, at("file"));
	contract_list(s);
	if (creates)
		contract_create(s, at("file"));
	else
		test_no_create(s);
	if (!plain) {
		contract_race(s, false);
		contract_race(s, true);
		test_many(s);
	}
	test_odd_keys(s);
	test_large(s);
	store_close(s);
	tmpdir_remove();
	return tap_done();
}
