/* fuzz-volume.c -- any bytes as the list of a volume, or as its tar: what is read under a key is what the tar holds under that name, whole
 * or in part, and nothing else.
 *
 * The first byte says what the rest is: bit 0 clear, the list of a tar of three members, bit 0 set, a tar without a list.  Bit 1: a list's
 * last line gets the seal that belongs to it, so that the fuzzer comes past the hash.  */
#include "prelude.h"

#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

#include "atomic.h"
#include "buf.h"
#include "err.h"
#include "log.h"
#include "manifest.h"
#include "parse.h"
#include "store.h"

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size);

#define SET "20261120T231816Z-9f3a1c"
static char folder[] = "/tmp/gpm-fuzz-XXXXXX";
static const char *const keys[] = { SET "/data/a", SET "/data/b", SET "/tables/c" };
static const char *const texts[] = { "what a holds", "b", "the content of c, which is a little longer than the others" };

static void
must(bool holds)
{
	if (!holds)
		abort();
}

static const char *
path_of(const char *kind)
{
	static char path[200];

	snprintf(path, sizeof(path), "%s/" SET ".v0001%s", folder, kind);
	return path;
}

static void
remove_folder(void)
{
	struct err e;

	must(file_remove_tree(folder, &e) == 0);
}

static struct store *
open_volumes(void)
{
	char *url = mem_printf("volume://%s", folder);
	struct store *s = NULL;
	struct err e;

	must(store_open(url, false, NULL, &s, &e) == 0 || e.code == ERR_SYSTEM);
	free(url);
	return s;
}

/* The tar, once; its bytes are kept for the inputs that replace it. */
static void
make_volume(void)
{
	struct store *s = NULL;
	struct err e;
	char *kept;

	log_setup("fuzz", LOG_LEVEL_ERROR, LOG_FORMAT_TEXT);
	must(mkdtemp(folder) != NULL && (s = open_volumes()) != NULL);
	atexit(remove_folder);
	for (size_t i = 0; i < GPM_ARRAY_LEN(keys); i++) {
		struct store_body body = { texts[i], -1, strlen(texts[i]) };

		must(store_put(s, keys[i], &body, &e) == 0);
	}
	must(store_finish(s, SET "/", &e) == 0);
	store_close(s);
	kept = mem_printf("%s/kept", folder);
	must(rename(path_of(".tar"), kept) == 0);
	free(kept);
}

static int
add(void *ctx, const void *data, size_t len, struct err *e)
{
	return buf_add(ctx, data, len, e);
}

/* An object of the tar that make_volume wrote: it is what was put. */
static void
check_text(const char *key, const struct buf *got)
{
	for (size_t i = 0; i < GPM_ARRAY_LEN(keys); i++)
		if (strcmp(key, keys[i]) == 0)
			must(got->len == strlen(texts[i]) && memcmp(got->data, texts[i], got->len) == 0);
}

struct looking {
	struct store *store;
	bool ours;       /* the tar is ours */
	char last[STORE_KEY_MAX + 1];
};

static int
see(void *ctx, const char *key, bool is_folder, const struct store_object *o, struct err *e)
{
	struct looking *l = ctx;
	struct buf b;
	int rc;

	must(!is_folder && strlen(key) <= STORE_KEY_MAX && store_key_check(key, e) == 0 && strncmp(key, SET, strlen(SET)) == 0);
	must(strcmp(l->last, key) < 0);
	snprintf(l->last, sizeof(l->last), "%s", key);
	buf_init(&b, 1 << 20);
	rc = store_get(l->store, key, 0, 0, add, &b, e);
	must(rc > 0 || e->code == ERR_DIFFERS || b.len > 0 || o->size > b.limit);
	must(rc <= 0 || b.len == o->size);
	if (rc > 0 && l->ours)
		check_text(key, &b);
	buf_reset(&b);
	if (rc > 0 && o->size > 1)
		must(store_get(l->store, key, 1, o->size - 1, add, &b, e) == 1 && b.len == o->size - 1);
	buf_release(&b);
	return 0;
}

/* The line behind the last newline but one gets its hash. */
static void
seal(struct buf *list)
{
	static const char mark[] = ",\"sha256\":\"";
	unsigned char sha256[32];
	char hex[65];
	size_t at = list->len;

	while (at > 0 && (at + sizeof(mark) - 1 > list->len || memcmp(list->data + at, mark, sizeof(mark) - 1) != 0))
		at--;
	if (at == 0 || EVP_Digest(list->data, at, sha256, NULL, EVP_sha256(), NULL) != 1)
		return;
	list->len = at;
	text_printf(list, MANIFEST_SEAL_FORMAT, format_hex(sha256, 32, hex));
}

int
LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
	static bool made;
	struct looking l = { .store = NULL };
	struct buf list;
	struct err e;
	char *kept;

	if (!made)
		make_volume();
	made = true;
	if (size == 0)
		return 0;
	l.ours = (input[0] & 1) == 0;
	kept = mem_printf("%s/kept", folder);
	unlink(path_of(".tar"));
	unlink(path_of(".jsonl"));
	text_init(&list);
	text_add(&list, input + 1, size - 1);
	if (l.ours && (input[0] & 2) != 0)
		seal(&list);
	must(!l.ours || link(kept, path_of(".tar")) == 0);
	must(atomic_write_file(path_of(l.ours ? ".jsonl" : ".tar"), list.len > 0 ? list.data : "", list.len, &e) == 0);
	if ((l.store = open_volumes()) != NULL)
		must(store_list(l.store, "", STORE_LIST_RECURSIVE, see, &l, &e) == 0);
	store_close(l.store);
	buf_release(&list);
	free(kept);
	return 0;
}
