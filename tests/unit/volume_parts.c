/* Goal of this test: what volumes are made with: headers of a tar, keys in their order, and an
 * index of keys that goes on after a full disk. */
#include "prelude.h"

#include <signal.h>
#include <sys/resource.h>

#include "atomic.h"
#include "err.h"
#include "tap.h"
#include "store.h"
#include "volume_index.h"
#include "volume_sort.h"
#include "volume_tar.h"

static uint64_t sorted; /* keys that in_order has seen */

static void
test_headers(void)
{
	static const uint64_t sizes[] = { 0, 1, 512, ((uint64_t)8 << 30) - 1, (uint64_t)8 << 30, (uint64_t)500 << 30, INT64_MAX / 2 };
	char name[STORE_KEY_MAX + 1];
	struct buf b;
	struct err e;

	for (size_t i = 0; i < GPM_ARRAY_LEN(sizes); i++) {
		buf_init(&b, TAR_HEADER_MAX);
		ok(tar_header("run/data/x", sizes[i], 1700000000, &b, &e) == 0 && b.len % TAR_BLOCK == 0 &&
		    tar_check(b.data, b.len, "run/data/x", sizes[i], &e) == 0, "a header of a member of %llu bytes", (unsigned long long)sizes[i]);
		ok(tar_check(b.data, b.len, "run/data/x", sizes[i] + 1, &e) == -1 && tar_check(b.data, b.len, "run/data/y", sizes[i], &e) == -1 &&
		    tar_check(b.data, b.len - 1, "run/data/x", sizes[i], &e) == -1 && e.code == ERR_DIFFERS, "it is no other's");
		buf_release(&b);
	}
	memset(name, 'k', STORE_KEY_MAX);
	name[STORE_KEY_MAX] = '\0';
	buf_init(&b, TAR_HEADER_MAX);
	ok(tar_header(name, 5, 0, &b, &e) == 0 && tar_check(b.data, b.len, name, 5, &e) == 0 && b.len < 4096, "one of the longest key");
	buf_release(&b);
	buf_init(&b, 600);
	ok(tar_header(name, 5, 0, &b, &e) == -1 && e.code == ERR_FAILED, "one that there is no room for");
	buf_release(&b);
}

static int
in_order(void *ctx, const char *key, bool is_folder, const struct store_object *o, struct err *e)
{
	char *last = ctx;

	if (strcmp(last, key) >= 0 || is_folder || o->size != strlen(key))
		return err_set(e, ERR_FAILED, "'%s' comes behind '%s'", key, last);
	snprintf(last, 200, "%s", key);
	sorted++;
	return 0;
}

/* More keys than are held in memory, each twice. */
static void
test_sort(void)
{
	struct volume_sort *s = volume_sort_new();
	char key[200], last[200] = "";
	struct err e;
	int rc = 0;

	for (uint64_t i = 0; rc == 0 && i < 300000; i++) {
		uint64_t n = (i * 7919) % 150000;

		snprintf(key, sizeof(key), "run/data/%0*llu", (int)(50 + n % 30), (unsigned long long)(n * 2654435761u));
		rc = volume_sort_add(s, key, strlen(key), (struct store_object){ .size = strlen(key) }, &e);
	}
	sorted = 0;
	ok(rc == 0 && volume_sort_each(s, in_order, last, &e) == 0, "keys that memory does not hold come in order");
	is_u64(sorted, 150000, "each once");
	volume_sort_free(s);
}

/* Sets key N; with FIND finds it as it was set. */
static int
use_index(struct volume_index *ix, unsigned n, bool find, struct err *e)
{
	struct volume_member member = { .offset = (uint64_t)n * 512, .header = 512, .bytes = n, .volume = n % 7 }, there;
	char key[64];

	snprintf(key, sizeof(key), "run/data/%0*u", (int)(20 + n % 30), n);
	if (!find)
		return volume_index_set(ix, key, &member, e);
	return volume_index_find(ix, key, &there, e) == 1 && there.offset == member.offset && there.bytes == n && there.volume == n % 7 ? 0 : -1;
}

/* The temporary file's disk is full for a while, which stops a write half-way. */
static void
test_full_index(void)
{
	struct rlimit limit, small = { .rlim_cur = 1700000 };
	struct volume_index *ix = NULL;
	struct err e;
	unsigned n = 0, found = 0, all;

	getrlimit(RLIMIT_FSIZE, &limit);
	small.rlim_max = limit.rlim_max;
	signal(SIGXFSZ, SIG_IGN);
	ok(volume_index_new(&ix, &e) == 0 && setrlimit(RLIMIT_FSIZE, &small) == 0, "an index whose file may have 1.7 MB");
	while (n < 200000 && use_index(ix, n, false, &e) == 0)
		n++;
	ok(n < 200000 && e.code == ERR_SYSTEM, "%u keys, then there is no room", n);
	ok(use_index(ix, n, false, &e) == -1, "nor is there for another try");
	setrlimit(RLIMIT_FSIZE, &limit);
	for (all = n + 50000; n < all && use_index(ix, n, false, &e) == 0; n++)
		continue;
	is_u64(n, all, "with room it goes on");
	while (found < all && use_index(ix, found, true, &e) == 0)
		found++;
	is_u64(found, all, "every key has what it was set to");
	volume_index_free(ix);
}

int
main(void)
{
	test_headers();
	test_sort();
	test_full_index();
	return tap_done();
}
