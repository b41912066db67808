/* Goal of this test: a folder as a store gives back what was put, whole or not at all, whoever dies,
 * races, fills the disk or lays links, pipes and odd names into it. */
#include "prelude.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "atomic.h"
#include "buf.h"
#include "err.h"
#include "store.h"
#include "tap.h"

static char base[] = "/tmp/gpm-test-store-XXXXXX";
static struct store *store; /* <base>/bucket */

/* A path below the test's folder; one of eight buffers in turn. */
static const char *
at(const char *name)
{
	static char paths[8][1500];
	static size_t next;
	char *path = paths[next++ % 8];

	snprintf(path, sizeof(paths[0]), "%s/%s", base, name);
	return path;
}

static bool
exists(const char *name)
{
	struct stat st;

	return lstat(at(name), &st) == 0;
}

static int
open_at(const char *name, bool create, struct store **out, struct err *e)
{
	char *url = mem_printf("file://%s/%s", base, name);
	int rc = store_open(url, create, out, e);

	free(url);
	return rc;
}

static int
put(struct store *s, const char *key, const char *text, struct err *e)
{
	struct store_body body = { text, -1, strlen(text) };

	return store_put(s, key, &body, e);
}

/* The object's text, "(absent)" or "(error)". */
static const char *
get(struct store *s, const char *key)
{
	static char text[4096];
	struct buf b;
	struct err e;
	int rc;

	buf_init(&b, sizeof(text) - 1);
	rc = store_get_buf(s, key, &b, &e);
	snprintf(text, sizeof(text), "%.*s", (int)b.len, b.len > 0 ? b.data : "");
	buf_release(&b);
	return rc > 0 ? text : rc == 0 ? "(absent)" : "(error)";
}

static int
collect(void *ctx, const char *key, bool is_folder, const struct store_object *o, struct err *e)
{
	if (is_folder != (key[strlen(key) - 1] == '/'))
		return err_set(e, ERR_FAILED, "'%s': folders end with a slash", key);
	text_printf(ctx, "%s=%d%s ", key, (int)o->size, o->strange ? "?" : "");
	return 0;
}

/* "key=size key=size ", with '?' behind what is strange. */
static const char *
list(struct store *s, const char *prefix, int flags)
{
	static char text[8192];
	struct buf b;
	struct err e;

	text_init(&b);
	if (store_list(s, prefix, flags, collect, &b, &e) < 0)
		snprintf(text, sizeof(text), "(error) %s", e.text);
	else
		snprintf(text, sizeof(text), "%s", text_str(&b));
	buf_release(&b);
	return text;
}

static void
test_urls(void)
{
	static const char *const bad[] = { "", "x", "/tmp", "file:/tmp", "file://", "file://host/tmp", "file://tmp",
		"file:///tmp/%", "file:///tmp/%4", "file:///tmp/%zz", "file:///tmp/%00x", "file:///tmp?x", "file:///tmp#x" };
	struct store *s;
	struct err e;

	for (size_t i = 0; i < GPM_ARRAY_LEN(bad); i++)
		ok(store_open(bad[i], true, &s, &e) == -1 && e.code == ERR_USAGE && e.hint[0] != '\0', "'%s' is refused", bad[i]);
	ok(store_open("s3://user:geheim@host/b", true, &s, &e) == -1 && e.code == ERR_USAGE &&
	    strstr(e.text, "geheim") == NULL && strstr(e.hint, "geheim") == NULL, "another scheme is refused without its password");
	ok(open_at("none", false, &s, &e) == -1 && e.code == ERR_FAILED, "a folder that is not there");
	has_str(e.text, at("none"), "the message names it");
	has_str(e.hint, "mount the disk or create the folder", "the hint says what to do");
	ok(open_at("none/deep", true, &s, &e) == -1, "only the last folder is made");
	ok(atomic_write_file(at("file"), "x", 1, &e) == 0 && open_at("file", true, &s, &e) == -1, "a file is no store");
	ok(open_at("bucket%20of%20%c3%b6l///", true, &s, &e) == 0 && exists("bucket of öl"), "a name in %%XX, slashes behind it");
	has_str(store_url(s), "/bucket%20of%20%c3%b6l///", "the URL is kept as given");
	store_close(s);
	store_close(NULL);
	ok(open_at("bucket", true, &store, &e) == 0 && exists("bucket"), "a store is made");
	ok(open_at("bucket", true, &s, &e) == 0, "and opened again");
	store_close(s);
}

static void
test_keys(void)
{
	static const char *const bad[] = { "", "/", "/a", "a/", "a//b", ".", "..", "a/.", "../a", "a/../b", "a/./b",
		"a b", "a\n", "a\\b", "a*", "ä", "a:b", "a\x7f", "~" };
	static const char *const good[] = { "a", "...", "a/..b", "a/b./c", "%41=+-_.z", "data/000001-public.my%20table/1/b0001/7.csv.zst" };
	char longest[STORE_KEY_MAX + 2];
	struct store_body body = { "x", -1, 1 };
	struct store_object o;
	struct buf b;
	struct err e;

	for (size_t i = 0; i < GPM_ARRAY_LEN(bad); i++)
		ok(store_key_check(bad[i], &e) == -1 && e.code == ERR_DIFFERS, "key %zu is refused", i);
	for (size_t i = 0; i < GPM_ARRAY_LEN(good); i++)
		ok(store_key_check(good[i], &e) == 0, "%s", good[i]);
	memset(longest, 'k', sizeof(longest));
	longest[STORE_KEY_MAX + 1] = '\0';
	ok(store_key_check(longest, &e) == -1, "a key of 1025 bytes");
	longest[STORE_KEY_MAX] = '\0';
	ok(store_key_check(longest, &e) == 0, "a key of 1024 bytes");
	ok(store_key_check("a\n\033[31mb", &e) == -1, "a key of control bytes");
	has_str(e.text, "'a%0A%1B%5B31mb'", "the message shows no control bytes");

	ok(atomic_write_file(at("outside"), "secret", 6, &e) == 0, "a file beside the store");
	buf_init(&b, 100);
	ok(store_put(store, "../outside", &body, &e) == -1 && e.code == ERR_DIFFERS, "put checks its key");
	ok(store_head(store, "../outside", &o, &e) == -1 && e.code == ERR_DIFFERS, "so does head");
	ok(store_get_buf(store, "../outside", &b, &e) == -1 && e.code == ERR_DIFFERS, "and get");
	ok(store_remove(store, "../outside", &e) == -1 && e.code == ERR_DIFFERS && exists("outside"), "and remove");
	ok(strncmp(list(store, "../", 0), "(error)", 7) == 0, "and list");
	ok(strncmp(list(store, "a", 0), "(error)", 7) == 0, "a prefix ends with a slash");
	ok(strncmp(list(store, "/", 0), "(error)", 7) == 0, "a prefix is not the root");
	buf_release(&b);
}

static int
add_text(void *ctx, const void *data, size_t len, struct err *e)
{
	return buf_add(ctx, data, len, e);
}

static int
refuse(void *ctx, const void *data, size_t len, struct err *e)
{
	(void)ctx;
	(void)data;
	(void)len;
	return err_set(e, ERR_LIMIT, "no more");
}

static void
test_objects(void)
{
	struct store_object o = { 0, true };
	struct buf b;
	struct err e;

	is_str(get(store, "a/b/c"), "(absent)", "absent");
	ok(store_head(store, "a/b/c", &o, &e) == 0 && store_remove(store, "a/b/c", &e) == 0, "for all");
	ok(put(store, "a/b/c", "hello world", &e) == 0, "put");
	is_str(get(store, "a/b/c"), "hello world", "get");
	ok(store_head(store, "a/b/c", &o, &e) == 1 && o.size == 11 && !o.strange, "head");
	ok(put(store, "a/b/c", "bye", &e) == 0, "put another in its place");
	is_str(get(store, "a/b/c"), "bye", "it is there");
	ok(put(store, "empty", "", &e) == 0 && store_head(store, "empty", &o, &e) == 1 && o.size == 0, "an empty object");
	is_str(get(store, "empty"), "", "comes back");
	is_str(get(store, "a/b"), "(absent)", "a folder is no object");
	ok(store_head(store, "a/b", &o, &e) == 0 && store_remove(store, "a/b", &e) == 0, "for head and remove as well");
	is_str(get(store, "a/b/c/d"), "(absent)", "nothing is below an object");
	ok(put(store, "a/b/c/d", "x", &e) == -1, "and nothing can be put there");
	has_str(e.text, at("bucket/a/b/c/d"), "the message names it");
	ok(put(store, "a/b", "x", &e) == -1, "nor in a folder's place");
	ok(put(store, "a/.gpm-0123", "x", &e) == -1, "nor under a temporary name");

	ok(put(store, "r", "0123456789", &e) == 0, "an object of ten bytes");
	buf_init(&b, 100);
	ok(store_get(store, "r", 3, 4, add_text, &b, &e) == 1 && b.len == 4 && memcmp(b.data, "3456", 4) == 0, "a range of it");
	buf_reset(&b);
	ok(store_get(store, "r", 7, 0, add_text, &b, &e) == 1 && b.len == 3 && memcmp(b.data, "789", 3) == 0, "its end");
	buf_reset(&b);
	ok(store_get(store, "r", 10, 0, add_text, &b, &e) == 1 && b.len == 0, "nothing after its end");
	ok(store_get(store, "r", 7, 4, add_text, &b, &e) == -1 && e.code == ERR_DIFFERS && b.len == 0, "a range past its end");
	ok(store_get(store, "r", 11, 0, add_text, &b, &e) == -1 && e.code == ERR_DIFFERS, "a start past its end");
	ok(store_get(store, "r", 1, UINT64_MAX, add_text, &b, &e) == -1 && e.code == ERR_DIFFERS, "a range that would wrap round");
	ok(store_get(store, "r", 0, 0, refuse, NULL, &e) == -1 && e.code == ERR_LIMIT, "the sink's error is get's");
	buf_release(&b);
	buf_init(&b, 9);
	ok(store_get_buf(store, "r", &b, &e) == -1, "an object larger than the buffer's limit");
	buf_release(&b);

	ok(store_remove(store, "a/b/c", &e) == 1 && !exists("bucket/a") && exists("bucket"), "removed, with its empty folders");
	is_str(get(store, "a/b/c"), "(absent)", "it is gone");
	ok(store_remove(store, "r", &e) == 1 && store_remove(store, "empty", &e) == 1, "the others too");
	is_str(list(store, "", STORE_LIST_RECURSIVE | STORE_LIST_TEMPORARIES), "", "nothing is left, no temporary either");
}

static void
test_files(void)
{
	size_t len = (5 << 20) + 3;
	char *big = mem_alloc(len);
	struct store_body body = { NULL, -1, len };
	struct stat st;
	struct buf b;
	struct err e;

	for (size_t i = 0; i < len; i++)
		big[i] = (char)(i * 2654435761u >> 13);
	ok(atomic_write_file(at("big"), big, len, &e) == 0 && (body.fd = open(at("big"), O_RDONLY | O_CLOEXEC)) >= 0, "a file of 5 MB");
	lseek(body.fd, 77, SEEK_SET);
	umask(027);
	ok(store_put(store, "d/big", &body, &e) == 0 && store_put(store, "d/big", &body, &e) == 0, "put twice from its descriptor");
	umask(022);
	ok(stat(at("bucket/d"), &st) == 0 && (st.st_mode & 07777) == 0750 && stat(at("bucket/d/big"), &st) == 0 &&
	    (st.st_mode & 07777) == 0640, "modes are the umask's");
	buf_init(&b, len);
	ok(store_get_buf(store, "d/big", &b, &e) == 1 && b.len == len && memcmp(b.data, big, len) == 0, "and comes back");
	body.len = len + 1;
	ok(store_put(store, "d/big", &body, &e) == -1, "a file shorter than said fails");
	buf_reset(&b);
	ok(store_get_buf(store, "d/big", &b, &e) == 1 && b.len == len, "the old object stands");
	is_str(list(store, "d/", STORE_LIST_TEMPORARIES), "d/big=5242883 ", "and nothing else");
	buf_release(&b);
	close(body.fd);
	free(big);
	ok(store_remove(store, "d/big", &e) == 1, "removed");
}

static void
test_list(void)
{
	static const char *const keys[] = { "run/b", "run/a/2", "run/a.x", "run/a-x", "run/a/10", "run/Z", "run/a/c/d", "top", "run/a0" };
	struct err e;
	int rc = 0;

	for (size_t i = 0; i < GPM_ARRAY_LEN(keys); i++)
		rc = put(store, keys[i], "x", &e) < 0 ? -1 : rc;
	ok(rc == 0, "nine objects");
	is_str(list(store, "", 0), "run/=0 top=1 ", "one level");
	is_str(list(store, "run/", 0), "run/Z=1 run/a-x=1 run/a.x=1 run/a/=0 run/a0=1 run/b=1 ", "a folder's level, bytewise");
	is_str(list(store, "run/", STORE_LIST_RECURSIVE), "run/Z=1 run/a-x=1 run/a.x=1 run/a/10=1 run/a/2=1 run/a/c/d=1 run/a0=1 run/b=1 ", "all below it, bytewise");
	is_str(list(store, "run/a/c/", STORE_LIST_RECURSIVE), "run/a/c/d=1 ", "deeper");
	is_str(list(store, "none/", STORE_LIST_RECURSIVE), "", "an empty prefix");
	is_str(list(store, "top/", 0), "", "a prefix that is an object");
}

static int
remove_listed(void *ctx, const char *key, bool is_folder, const struct store_object *o, struct err *e)
{
	(void)o;
	return is_folder ? 0 : store_remove(ctx, key, e) < 0 ? -1 : 0;
}

static int
stop_listing(void *ctx, const char *key, bool is_folder, const struct store_object *o, struct err *e)
{
	int *seen = ctx;

	(void)key;
	(void)is_folder;
	(void)o;
	++*seen;
	return err_set(e, ERR_STOPPED, "enough");
}

static void
test_list_callbacks(void)
{
	struct err e;
	int seen = 0;

	ok(store_list(store, "", STORE_LIST_RECURSIVE, stop_listing, &seen, &e) == -1 && e.code == ERR_STOPPED && seen == 1, "the callback's error ends a list");
	ok(store_list(store, "", STORE_LIST_RECURSIVE, remove_listed, store, &e) == 0, "a list that removes what it lists");
	is_str(list(store, "", 0), "", "leaves nothing");
}

static void
test_strangers(void)
{
	char deep[1400] = "bucket/";
	struct store_object o;
	struct err e;

	for (size_t i = 0; i < 5; i++)
		snprintf(deep + strlen(deep), sizeof(deep) - strlen(deep), "%0220d/", 7);
	ok(put(store, "a%20b", "ours", &e) == 0 && atomic_write_file(at("bucket/a b"), "theirs", 6, &e) == 0 &&
	    mkdir(at("bucket/x y"), 0700) == 0 && atomic_write_file(at("bucket/x y/50%"), "1", 1, &e) == 0 &&
	    atomic_write_file(at("bucket/\xff\n"), "12", 2, &e) == 0 && symlink(at("outside"), at("bucket/link")) == 0 &&
	    mkfifo(at("bucket/pipe"), 0600) == 0, "odd names, a link and a pipe");
	is_str(list(store, "", STORE_LIST_RECURSIVE), "%FF%0A=2? a%20b=6? a%20b=4 link=0? pipe=0? x%20y/50%=1? ", "are listed and flagged");
	is_str(list(store, "", 0), "%FF%0A=2? a%20b=6? a%20b=4 link=0? pipe=0? x%20y/=0? ", "on one level as well");
	is_str(get(store, "a%20b"), "ours", "the object itself is the one that is got");
	is_str(get(store, "link"), "(absent)", "a link is not followed");
	ok(store_head(store, "link", &o, &e) == 0, "nor by head");
	is_str(get(store, "pipe"), "(absent)", "a pipe does not stop us");
	ok(put(store, "link", "new", &e) == 0, "a put in the link's place");
	is_str(get(store, "link"), "new", "replaces the link");
	ok(store_remove(store, "link", &e) == 1 && store_remove(store, "pipe", &e) == 1 && exists("outside"), "not what it named");

	ok(file_mkdirs(at(deep), &e) == 0, "folders deeper than a key is long");
	has_str(list(store, "", STORE_LIST_RECURSIVE), "7/=0? ", "are listed as one strange folder");
	ok(file_remove_tree(at("bucket"), &e) == 0, "cleaned up");
	store_close(store);
	ok(open_at("bucket", true, &store, &e) == 0, "made anew");
}

static void
test_links(void)
{
	struct err e;

	ok(mkdir(at("elsewhere"), 0700) == 0 && atomic_write_file(at("elsewhere/x"), "secret", 6, &e) == 0 &&
	    put(store, "d/x", "inside", &e) == 0 && symlink(at("elsewhere"), at("bucket/d/out")) == 0, "a link to a folder outside");
	is_str(get(store, "d/out/x"), "(absent)", "get does not follow it");
	ok(store_remove(store, "d/out/x", &e) == 0 && exists("elsewhere/x"), "nor remove");
	ok(put(store, "d/out/new", "x", &e) == -1 && !exists("elsewhere/new"), "nor put");
	is_str(list(store, "d/out/", STORE_LIST_RECURSIVE), "", "nor list of a prefix");
	is_str(list(store, "", STORE_LIST_RECURSIVE), "d/out=0? d/x=6 ", "nor list of everything");
	ok(store_remove(store, "d/out", &e) == 1 && store_remove(store, "d/x", &e) == 1 && !exists("bucket/d"), "the link itself can be removed");
}

/* Children that are killed while they put: the old object stands, whole. */
static void
test_kill(void)
{
	size_t len = (size_t)64 << 20;
	char *big = mem_alloc(len);
	struct store_body body = { big, -1, len };
	int torn = 0, killed = 0, status;
	struct store_object o;
	struct err e;

	ok(put(store, "k/object", "old", &e) == 0, "an object stands");
	for (int i = 0; i < 10; i++) {
		pid_t pid = fork();

		if (pid == 0)
			_exit(store_put(store, "k/object", &body, &e) < 0);
		usleep((useconds_t)(i * 1500));
		kill(pid, SIGKILL);
		waitpid(pid, &status, 0);
		killed += WIFSIGNALED(status);
		torn += store_head(store, "k/object", &o, &e) != 1 || (o.size != 3 && o.size != len);
		torn += strcmp(list(store, "", STORE_LIST_RECURSIVE), o.size == 3 ? "k/object=3 " : "k/object=67108864 ") != 0;
	}
	free(big);
	ok(killed > 0, "%d of 10 writers of a large one are killed", killed);
	is_u64((uint64_t)torn, 0, "nobody sees a part of it");
	has_str(list(store, "k/", STORE_LIST_TEMPORARIES), "k/.gpm-", "temporaries are left, and listed when asked for");
	ok(store_list(store, "", STORE_LIST_RECURSIVE | STORE_LIST_TEMPORARIES, remove_listed, store, &e) == 0 && !exists("bucket/k"), "and can be removed");
}

struct racer {
	pthread_t thread;
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
		int rc = r->remover ? store_remove(store, "race/deep/object", &e) : store_put(store, "race/deep/object", &body, &e);

		if (rc < 0 && r->failed++ == 0)
			printf("# %c: %s\n", r->letter, e.text);
	}
	free(data);
	return NULL;
}

static void
run_race(bool removers)
{
	struct racer racers[8];
	int failed = 0, mixed = 0;
	struct buf b;
	struct err e;

	for (size_t i = 0; i < GPM_ARRAY_LEN(racers); i++) {
		racers[i] = (struct racer){ .letter = (char)('a' + i), .remover = removers && i % 2 == 1 };
		pthread_create(&racers[i].thread, NULL, race, &racers[i]);
	}
	buf_init(&b, 200000);
	for (int i = 0; i < 500; i++) {
		buf_reset(&b);
		if (store_get_buf(store, "race/deep/object", &b, &e) == 1)
			mixed += b.len != 100000 || memcmp(b.data, b.data + 1, b.len - 1) != 0;
	}
	buf_release(&b);
	for (size_t i = 0; i < GPM_ARRAY_LEN(racers); i++) {
		pthread_join(racers[i].thread, NULL);
		failed += racers[i].failed;
	}
	is_u64((uint64_t)failed, 0, removers ? "4 threads put and 4 remove one key" : "8 threads put one key");
	is_u64((uint64_t)mixed, 0, "a reader sees one of them, whole");
	ok(removers || strcmp(list(store, "", STORE_LIST_RECURSIVE | STORE_LIST_TEMPORARIES), "race/deep/object=100000 ") == 0, "nothing else is left");
	ok(store_remove(store, "race/deep/object", &e) >= 0 && !exists("bucket/race"), "removed");
}

static void
test_full_disk(void)
{
	char *big = mem_alloc(1 << 20);
	struct store_body body = { big, -1, 1 << 20 };
	struct store *s;
	struct err e;

	if (mkdir(at("small"), 0700) < 0 || mount("none", at("small"), "tmpfs", 0, "size=64k") < 0) {
		ok(1, "a full disk # SKIP cannot mount a tmpfs");
		free(big);
		return;
	}
	ok(open_at("small", false, &s, &e) == 0 && put(s, "d/a", "old", &e) == 0, "an object on a small disk");
	ok(store_put(s, "d/a", &body, &e) == -1 && e.code == ERR_SYSTEM, "one that does not fit");
	has_str(e.text, "small/d/a': No space left on device", "the message names it and the reason");
	has_str(e.hint, "free space on", "the hint says what to do");
	is_str(list(s, "", STORE_LIST_RECURSIVE | STORE_LIST_TEMPORARIES), "d/a=3 ", "nothing is left of it");
	is_str(get(s, "d/a"), "old", "the old one stands");
	ok(mount("none", at("small"), "tmpfs", MS_REMOUNT | MS_RDONLY, "size=64k") == 0, "the disk turns read-only");
	ok(put(s, "d/b", "x", &e) == -1 && strstr(e.text, "small/d/b': Read-only file system") != NULL, "a put fails and says so");
	has_str(e.hint, "read-only", "the hint too");
	ok(store_remove(s, "d/a", &e) == -1 && strcmp(get(s, "d/a"), "old") == 0, "so does a remove");
	store_close(s);
	umount(at("small"));
	free(big);
}

/* A folder that the user may not write to; root may, so root becomes somebody else. */
static void
test_no_right(void)
{
	struct err e;
	int status;
	pid_t pid;

	if (geteuid() != 0) {
		ok(1, "a folder of others # SKIP not root");
		return;
	}
	ok(put(store, "mine/a", "x", &e) == 0 && chmod(at("bucket/mine"), 0700) == 0, "a private folder");
	fflush(stdout);
	if ((pid = fork()) == 0) {
		struct store_object o;
		bool fine;

		fine = setgid(65534) == 0 && setuid(65534) == 0 && put(store, "mine/b", "x", &e) == -1 &&
		    strstr(e.text, "mine/b': Permission denied") != NULL && strstr(e.hint, "owner and mode") != NULL &&
		    store_head(store, "mine/a", &o, &e) == -1 && e.code == ERR_SYSTEM &&
		    strcmp(get(store, "mine/a"), "(error)") == 0 && strncmp(list(store, "mine/", 0), "(error)", 7) == 0;
		_exit(!fine);
	}
	ok(waitpid(pid, &status, 0) == pid && status == 0, "is an error to others, not an absence");
	ok(store_remove(store, "mine/a", &e) == 1, "removed");
}

int
main(void)
{
	struct err e;

	umask(022);
	if (mkdtemp(base) == NULL)
		return 99;
	test_urls();
	test_keys();
	test_objects();
	test_files();
	test_list();
	test_list_callbacks();
	test_strangers();
	test_links();
	test_kill();
	run_race(false);
	run_race(true);
	test_full_disk();
	test_no_right();
	store_close(store);
	ok(file_remove_tree(base, &e) == 0, "cleaned up");
	return tap_done();
}
