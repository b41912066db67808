/* Goal of this test: objects come in their order, one is fetched ahead and no more, its error is told when its turn
 * comes, and a fetch that would never end is given up. */
#include "prelude.h"

#include <openssl/evp.h>
#include <pthread.h>

#include "ahead.h"
#include "err.h"
#include "tap.h"

#define N 6

/* A store in which the object of chunk i is "data/i". */
static struct {
	struct store store;
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	unsigned begun[N];       /* gets */
	unsigned hangs;          /* the get of this one does not end by itself; N: none */
	unsigned bad;            /* this one has other bytes; N: none */
} fake = { .mutex = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER };

static size_t
size_of(unsigned i)
{
	return 1000 * (N - i);
}

static void
fill(char *data, unsigned i)
{
	memset(data, (int)i, size_of(i));
}

static unsigned
number_of(const char *key)
{
	return (unsigned)(strrchr(key, '/')[1] - '0');
}

static int
fake_head(struct store *s, const char *key, struct store_object *out, struct err *e)
{
	(void)s;
	(void)e;
	out->size = size_of(number_of(key));
	return 1;
}

static int
fake_get(struct store *s, const char *key, uint64_t offset, uint64_t len, store_sink_fn *fn, void *ctx, struct err *e)
{
	unsigned i = number_of(key);
	char data[1000 * N];
	int rc = 0;

	(void)s;
	(void)offset;
	(void)len;
	fill(data, i == fake.bad ? i + 1 : i);
	pthread_mutex_lock(&fake.mutex);
	fake.begun[i]++;
	pthread_cond_broadcast(&fake.changed);
	pthread_mutex_unlock(&fake.mutex);
	while (i == fake.hangs && rc == 0) {
		struct timespec t = { .tv_nsec = 1000000 };

		nanosleep(&t, NULL);
		rc = fn(ctx, data, 0, e);
	}
	if (rc == 0)
		rc = fn(ctx, data, size_of(i), e);
	return rc < 0 ? -1 : 1;
}

static void
wait_until_begun(unsigned i)
{
	pthread_mutex_lock(&fake.mutex);
	while (fake.begun[i] == 0)
		pthread_cond_wait(&fake.changed, &fake.mutex);
	pthread_mutex_unlock(&fake.mutex);
}

static unsigned
begun(unsigned i)
{
	unsigned n;

	pthread_mutex_lock(&fake.mutex);
	n = fake.begun[i];
	pthread_mutex_unlock(&fake.mutex);
	return n;
}

/* A new list; no fetch is under way. */
static void
begin(struct ahead *a, const struct rec_chunk *const *chunks, size_t n, unsigned hangs, unsigned bad)
{
	ahead_end(a);
	memset(fake.begun, 0, sizeof(fake.begun));
	fake.hangs = hangs;
	fake.bad = bad;
	ahead_begin(a, chunks, n);
}

static bool
is_object(const struct buf *b, unsigned i)
{
	char data[1000 * N];

	fill(data, i);
	return b->len == size_of(i) && memcmp(b->data, data, b->len) == 0;
}

static bool
gives(struct ahead *a, unsigned i)
{
	const struct buf *object;
	struct err e;

	return ahead_next(a, &object, &e) == 0 && is_object(object, i);
}

static void
test_order(struct ahead *a, const struct rec_chunk *const *list)
{
	const struct buf *object;
	bool right = true;
	struct err e;

	begin(a, list, N, N, N);
	ok(begun(0) == 0, "nothing is fetched before it is asked for");
	for (unsigned i = 0; i < N; i++)
		right = right && gives(a, i);
	ok(right, "objects come in their order");
	for (unsigned i = 0; i < N; i++)
		right = right && begun(i) == 1;
	ok(right, "each is fetched once");

	begin(a, list, N, N, N);
	ok(ahead_next(a, &object, &e) == 0, "the first of them");
	wait_until_begun(1);
	ok(is_object(object, 0), "it stays while the next one is fetched");
	ahead_end(a);
	ok(begun(1) == 1 && begun(2) == 0, "one is fetched ahead, and no more");

	begin(a, list + 1, 1, N, N);
	ok(gives(a, 1), "a list of one");
	ahead_end(a);
	ok(begun(0) == 0 && begun(2) == 0, "what is not in the list is not fetched");
}

static void
test_errors(struct ahead *a, const struct rec_chunk *const *list)
{
	const struct buf *object;
	struct err e;

	begin(a, list, N, N, 2);
	ok(gives(a, 0) && gives(a, 1), "those before a bad one are given");
	ok(ahead_next(a, &object, &e) < 0 && e.code == ERR_DIFFERS, "the bad one is told in its turn");
	has_str(e.text, "'20261120T231816Z-9f3a1c/data/2'", "with its key");
	begin(a, list, 2, N, 0);
	ok(ahead_next(a, &object, &e) < 0 && e.code == ERR_DIFFERS, "the first one is bad");
	ok(begun(1) == 0, "nothing is fetched behind it");
}

static void
test_end(struct ahead *a, const struct rec_chunk *const *list)
{
	begin(a, list, N, 1, N);
	ok(gives(a, 0), "the next fetch hangs");
	wait_until_begun(1);
	ahead_end(a);
	ok(true, "and is given up");
	begin(a, list, N, N, N);
	ok(gives(a, 0) && gives(a, 1), "a new list is none the worse for it");
	fake.hangs = 3;
	ok(gives(a, 2), "a fetch that hangs again");
	wait_until_begun(3);
	ahead_begin(a, list + 4, 2);
	ok(gives(a, 4) && gives(a, 5), "is given up for a new list");
}

int
main(void)
{
	static const struct store_ops ops = { .head = fake_head, .get = fake_get };
	struct run run = { .id = "20261120T231816Z-9f3a1c", .store = &fake.store };
	struct rec_chunk chunks[N];
	const struct rec_chunk *list[N];
	struct ahead *a = ahead_new(&run);

	fake.store.ops = &ops;
	memset(chunks, 0, sizeof(chunks));
	for (unsigned i = 0; i < N; i++) {
		char data[1000 * N];

		fill(data, i);
		chunks[i].key = mem_printf("data/%u", i);
		chunks[i].stored_bytes = size_of(i);
		if (EVP_Digest(data, size_of(i), chunks[i].stored_sha256, NULL, EVP_sha256(), NULL) != 1)
			return 1;
		list[i] = &chunks[i];
	}
	test_order(a, list);
	test_errors(a, list);
	test_end(a, list);
	ahead_free(a);
	for (unsigned i = 0; i < N; i++)
		free(chunks[i].key);
	return tap_done();
}
