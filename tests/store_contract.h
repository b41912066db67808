/* store_contract.h -- what store.h promises of every driver, as tests: unit/store.c runs them on a
 * folder, unit/store_s3.c on a bucket.  Each leaves the store as empty as it was. */
#ifndef GPM_STORE_CONTRACT_H
#define GPM_STORE_CONTRACT_H

#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include "atomic.h"
#include "buf.h"
#include "err.h"
#include "store.h"
#include "store_words.h"
#include "tap.h"

static void
contract_keys(struct store *s)
{
	struct store_body body = { "x", -1, 1 };
	struct store_object o;
	struct buf b;
	struct err e;

	buf_init(&b, 100);
	ok(store_put(s, "../outside", &body, &e) == -1 && e.code == ERR_DIFFERS, "put checks its key");
	ok(store_create(s, "../outside", &body, &e) == -1 && e.code == ERR_DIFFERS, "so does create");
	ok(store_can_create(s, "../outside", &e) == -1 && e.code == ERR_DIFFERS, "and its probe");
	ok(store_head(s, "../outside", &o, &e) == -1 && e.code == ERR_DIFFERS, "and head");
	ok(store_get_buf(s, "../outside", &b, &e) == -1 && e.code == ERR_DIFFERS, "and get");
	ok(store_remove(s, "../outside", &e) == -1 && e.code == ERR_DIFFERS, "and remove");
	ok(strncmp(list(s, "../", 0), "(error)", 7) == 0, "and list");
	ok(strncmp(list(s, "a", 0), "(error)", 7) == 0, "a prefix ends with a slash");
	ok(strncmp(list(s, "/", 0), "(error)", 7) == 0, "a prefix is not the root");
	buf_release(&b);
}

static void
contract_objects(struct store *s)
{
	struct store_object o = { .strange = true };
	struct err e;

	is_str(get(s, "a/b/c"), "(absent)", "absent");
	ok(store_head(s, "a/b/c", &o, &e) == 0 && store_remove(s, "a/b/c", &e) == 0, "for all");
	ok(put(s, "a/b/c", "hello world", &e) == 0, "put");
	is_str(get(s, "a/b/c"), "hello world", "get");
	ok(store_head(s, "a/b/c", &o, &e) == 1 && o.size == 11 && !o.strange, "head");
	ok(put(s, "a/b/c", "bye", &e) == 0, "put another in its place");
	is_str(get(s, "a/b/c"), "bye", "it is there");
	ok(put(s, "empty", "", &e) == 0 && store_head(s, "empty", &o, &e) == 1 && o.size == 0, "an empty object");
	is_str(get(s, "empty"), "", "comes back");
	is_str(get(s, "a/b"), "(absent)", "a folder is no object");
	ok(store_head(s, "a/b", &o, &e) == 0 && store_remove(s, "a/b", &e) == 0, "for head and remove as well");
	is_str(get(s, "a/b/c/d"), "(absent)", "nothing is below an object");
	ok(store_remove(s, "a/b/c", &e) == 1, "removed");
	is_str(get(s, "a/b/c"), "(absent)", "it is gone");
	ok(store_remove(s, "empty", &e) == 1, "the other too");
	is_str(list(s, "", STORE_LIST_RECURSIVE | STORE_LIST_TEMPORARIES), "", "nothing is left, no temporary either");
}

static void
contract_ranges(struct store *s)
{
	struct buf b;
	struct err e;

	ok(put(s, "r", "0123456789", &e) == 0, "an object of ten bytes");
	buf_init(&b, 100);
	ok(store_get(s, "r", 3, 4, add_text, &b, &e) == 1 && b.len == 4 && memcmp(b.data, "3456", 4) == 0, "a range of it");
	buf_reset(&b);
	ok(store_get(s, "r", 0, 10, add_text, &b, &e) == 1 && b.len == 10, "a range that is all of it");
	buf_reset(&b);
	ok(store_get(s, "r", 7, 0, add_text, &b, &e) == 1 && b.len == 3 && memcmp(b.data, "789", 3) == 0, "its end");
	buf_reset(&b);
	ok(store_get(s, "r", 10, 0, add_text, &b, &e) == 1 && b.len == 0, "nothing after its end");
	ok(store_get(s, "r", 7, 4, add_text, &b, &e) == -1 && e.code == ERR_DIFFERS && b.len == 0, "a range past its end");
	ok(store_get(s, "r", 11, 0, add_text, &b, &e) == -1 && e.code == ERR_DIFFERS, "a start past its end");
	ok(store_get(s, "r", 10, 1, add_text, &b, &e) == -1 && e.code == ERR_DIFFERS, "a range that begins at its end");
	ok(store_get(s, "r", 1, UINT64_MAX, add_text, &b, &e) == -1 && e.code == ERR_DIFFERS, "a range that would wrap round");
	ok(store_get(s, "none", 3, 4, add_text, &b, &e) == 0 && store_get(s, "none", 1, UINT64_MAX, add_text, &b, &e) == 0,
	    "a range of what is absent");
	ok(store_get(s, "r", 0, 0, refuse, NULL, &e) == -1 && e.code == ERR_LIMIT && strcmp(e.text, "no more") == 0, "the sink's error is get's");
	buf_release(&b);
	buf_init(&b, 9);
	ok(store_get_buf(s, "r", &b, &e) == -1, "an object larger than the buffer's limit");
	buf_release(&b);
	ok(store_remove(s, "r", &e) == 1, "removed");
}

/* PATH is a new file for the test's own use. */
static void
contract_files(struct store *s, const char *path)
{
	size_t len = (5 << 20) + 3;
	char *big = mem_alloc(len);
	struct store_body body = { NULL, -1, len };
	struct buf b;
	struct err e;

	for (size_t i = 0; i < len; i++)
		big[i] = (char)(i * 2654435761u >> 13);
	ok(atomic_write_file(path, big, len, &e) == 0 && (body.fd = open(path, O_RDONLY | O_CLOEXEC)) >= 0, "a file of 5 MB");
	lseek(body.fd, 77, SEEK_SET);
	ok(store_put(s, "d/big", &body, &e) == 0 && store_put(s, "d/big", &body, &e) == 0, "put twice from its descriptor");
	buf_init(&b, len);
	ok(store_get_buf(s, "d/big", &b, &e) == 1 && b.len == len && memcmp(b.data, big, len) == 0, "and comes back");
	body.len = len + 1;
	ok(store_put(s, "d/big", &body, &e) == -1, "a file shorter than said fails");
	buf_reset(&b);
	ok(store_get_buf(s, "d/big", &b, &e) == 1 && b.len == len, "the old object stands");
	is_str(list(s, "d/", STORE_LIST_TEMPORARIES), "d/big=5242883 ", "and nothing else");
	buf_release(&b);
	close(body.fd);
	free(big);
	ok(store_remove(s, "d/big", &e) == 1, "removed");
}

static void
contract_list(struct store *s)
{
	static const char *const keys[] = { "run/b", "run/a/2", "run/a.x", "run/a-x", "run/a/10", "run/Z", "run/a/c/d", "top", "run/a0" };
	struct err e;
	int rc = 0, seen = 0;

	for (size_t i = 0; i < GPM_ARRAY_LEN(keys); i++)
		rc = put(s, keys[i], "x", &e) < 0 ? -1 : rc;
	ok(rc == 0, "nine objects");
	is_str(list(s, "", 0), "run/=0 top=1 ", "one level");
	is_str(list(s, "run/", 0), "run/Z=1 run/a-x=1 run/a.x=1 run/a/=0 run/a0=1 run/b=1 ", "a folder's level, bytewise");
	is_str(list(s, "run/", STORE_LIST_RECURSIVE), "run/Z=1 run/a-x=1 run/a.x=1 run/a/10=1 run/a/2=1 run/a/c/d=1 run/a0=1 run/b=1 ", "all below it, bytewise");
	is_str(list(s, "run/a/c/", STORE_LIST_RECURSIVE), "run/a/c/d=1 ", "deeper");
	is_str(list(s, "none/", STORE_LIST_RECURSIVE), "", "an empty prefix");
	is_str(list(s, "top/", 0), "", "a prefix that is an object");
	ok(store_list(s, "", STORE_LIST_RECURSIVE, stop_listing, &seen, &e) == -1 && e.code == ERR_STOPPED && seen == 1, "the callback's error ends a list");
	ok(store_list(s, "", STORE_LIST_RECURSIVE, remove_listed, s, &e) == 0, "a list that removes what it lists");
	is_str(list(s, "", 0), "", "leaves nothing");
}

struct creator {
	pthread_t thread;
	struct store *store;
	char letter;
	bool won[10];
	int failed;
};

static void *
create_all(void *ctx)
{
	struct creator *c = ctx;
	char text[] = { c->letter, '\0' };
	struct err e;

	for (size_t i = 0; i < GPM_ARRAY_LEN(c->won); i++) {
		char *key = mem_printf("new/deep/%zu", i);
		int rc = create(c->store, key, text, &e);

		if (rc < 0 && c->failed++ == 0)
			printf("# %c: %s\n", c->letter, e.text);
		c->won[i] = rc == 1;
		free(key);
	}
	return NULL;
}

static void
contract_create_race(struct store *s)
{
	struct creator creators[8];
	int failed = 0, fair = 0;
	struct err e;

	for (size_t i = 0; i < GPM_ARRAY_LEN(creators); i++) {
		creators[i] = (struct creator){ .store = s, .letter = (char)('a' + i) };
		pthread_create(&creators[i].thread, NULL, create_all, &creators[i]);
	}
	for (size_t i = 0; i < GPM_ARRAY_LEN(creators); i++) {
		pthread_join(creators[i].thread, NULL);
		failed += creators[i].failed;
	}
	for (size_t k = 0; k < GPM_ARRAY_LEN(creators[0].won); k++) {
		char *key = mem_printf("new/deep/%zu", k);
		int winners = 0, whose = 0;

		for (size_t i = 0; i < GPM_ARRAY_LEN(creators); i++) {
			winners += creators[i].won[k];
			whose += creators[i].won[k] && *get(s, key) == creators[i].letter;
		}
		fair += winners == 1 && whose == 1;
		free(key);
	}
	is_u64((uint64_t)failed, 0, "8 threads create the same ten objects");
	is_u64((uint64_t)fair, 10, "of each one of them is told so, and its bytes are there");
	ok(store_list(s, "", STORE_LIST_RECURSIVE, remove_listed, s, &e) == 0, "removed");
	is_str(list(s, "", STORE_LIST_TEMPORARIES), "", "nothing else is left");
}

/* PATH as in contract_files. */
static void
contract_create(struct store *s, const char *path)
{
	struct store_body body = { NULL, -1, 9 };
	struct err e = { ERR_OK, "untouched", "" };

	ok(create(s, "c/new", "first", &e) == 1, "create what is not there");
	is_str(get(s, "c/new"), "first", "it is there");
	ok(create(s, "c/new", "second", &e) == 0 && create(s, "c/new", "first", &e) == 0, "create what is");
	is_str(get(s, "c/new"), "first", "it stays");
	is_str(e.text, "untouched", "that is no error");
	ok(put(s, "c/new", "third", &e) == 0 && strcmp(get(s, "c/new"), "third") == 0, "a put replaces it");
	ok(atomic_write_file(path, "from file", 9, &e) == 0 && (body.fd = open(path, O_RDONLY | O_CLOEXEC)) >= 0, "a file");
	ok(store_create(s, "c/file", &body, &e) == 1 && strcmp(get(s, "c/file"), "from file") == 0, "create from a descriptor");
	body.len = 10;
	ok(store_create(s, "c/short", &body, &e) == -1 && strcmp(get(s, "c/short"), "(absent)") == 0, "nothing is made of a file shorter than said");
	close(body.fd);
	ok(create(s, "c/empty", "", &e) == 1 && create(s, "c/empty", "x", &e) == 0 && strcmp(get(s, "c/empty"), "") == 0, "an empty one is one");
	ok(store_can_create(s, "c/file", &e) == -1 && strcmp(get(s, "c/file"), "from file") == 0, "no probe where something is");
	has_str(e.text, "'c/file' is no name for a probe", "the message says so");
	ok(store_can_create(s, "c/probe", &e) == 1, "the store says that it knows create");
	is_str(list(s, "c/", STORE_LIST_TEMPORARIES), "c/empty=0 c/file=9 c/new=5 ", "and has nothing left of its probe");
	ok(store_list(s, "", STORE_LIST_RECURSIVE, remove_listed, s, &e) == 0, "removed");
	ok(create(s, "c/new", "again", &e) == 1 && store_remove(s, "c/new", &e) == 1, "what was removed can be created again");
	contract_create_race(s);
}

struct racer {
	pthread_t thread;
	struct store *store;
	char letter;
	bool remover;
	int failed;
};

static void *
race(void *ctx)
{
	struct racer *r = ctx;
	char *data = mem_alloc(100000);
	struct store_body body = { data, -1, 100000 };
	struct err e;

	memset(data, r->letter, 100000);
	for (int i = 0; i < 40; i++) {
		int rc = r->remover ? store_remove(r->store, "race/deep/object", &e) : store_put(r->store, "race/deep/object", &body, &e);

		if (rc < 0 && r->failed++ == 0)
			printf("# %c: %s\n", r->letter, e.text);
	}
	free(data);
	return NULL;
}

static void
contract_race(struct store *s, bool removers)
{
	struct racer racers[8];
	int failed = 0, mixed = 0;
	struct buf b;
	struct err e;

	for (size_t i = 0; i < GPM_ARRAY_LEN(racers); i++) {
		racers[i] = (struct racer){ .store = s, .letter = (char)('a' + i), .remover = removers && i % 2 == 1 };
		pthread_create(&racers[i].thread, NULL, race, &racers[i]);
	}
	buf_init(&b, 200000);
	for (int i = 0; i < 500; i++) {
		buf_reset(&b);
		if (store_get_buf(s, "race/deep/object", &b, &e) == 1)
			mixed += b.len != 100000 || memcmp(b.data, b.data + 1, b.len - 1) != 0;
	}
	buf_release(&b);
	for (size_t i = 0; i < GPM_ARRAY_LEN(racers); i++) {
		pthread_join(racers[i].thread, NULL);
		failed += racers[i].failed;
	}
	is_u64((uint64_t)failed, 0, removers ? "4 threads put and 4 remove one key" : "8 threads put one key");
	is_u64((uint64_t)mixed, 0, "a reader sees one of them, whole");
	ok(removers || strcmp(list(s, "", STORE_LIST_RECURSIVE | STORE_LIST_TEMPORARIES), "race/deep/object=100000 ") == 0, "nothing else is left");
	ok(store_remove(s, "race/deep/object", &e) >= 0, "removed");
}

#endif
