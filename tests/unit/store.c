/* Goal of this test: a folder as a store gives back what was put, whole or not at all, whoever dies,
 * races, fills the disk or lays links, pipes and odd names into it. */
#include "prelude.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "atomic.h"
#include "err.h"
#include "store.h"
#include "store_contract.h"
#include "tap.h"
#include "tmpdir.h"

static struct store *store; /* "bucket" in the test's folder */

static int
open_at(const char *name, bool create, struct store **out, struct err *e)
{
	char *url = mem_printf("file://%s/%s", tmpdir, name);
	int rc = store_open(url, create, NULL, out, e);

	free(url);
	return rc;
}

static void
test_urls(void)
{
	static const char *const bad[] = { "", "x", "/tmp", "file:/tmp", "file://", "file://host/tmp", "file://tmp",
		"file:///tmp/%", "file:///tmp/%4", "file:///tmp/%zz", "file:///tmp/%00x", "file:///tmp?x", "file:///tmp#x" };
	struct store *s;
	struct err e;

	for (size_t i = 0; i < GPM_ARRAY_LEN(bad); i++)
		ok(store_open(bad[i], true, NULL, &s, &e) == -1 && e.code == ERR_USAGE && e.hint[0] != '\0', "'%s' is refused", bad[i]);
	ok(store_open("s3://user:geheim@host/b", true, NULL, &s, &e) == -1 && e.code == ERR_USAGE &&
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
	contract_keys(store);
	ok(exists("outside"), "it stands");
}

/* What only a folder does: an object is in the way of those below it, and the other way round. */
static void
test_objects(void)
{
	struct err e;

	ok(put(store, "a/b/c", "x", &e) == 0, "an object");
	ok(put(store, "a/b/c/d", "x", &e) == -1, "nothing can be put below it");
	has_str(e.text, at("bucket/a/b/c/d"), "the message names it");
	ok(put(store, "a/b", "x", &e) == -1, "nor in a folder's place");
	ok(put(store, "a/.gpm-0123", "x", &e) == -1, "nor under a temporary name");
	ok(create(store, "a/b", "x", &e) == 0 && exists("bucket/a/b/c"), "a folder's name is taken");
	ok(create(store, "a/b/c/d", "x", &e) == -1 && create(store, "a/.gpm-0123", "x", &e) == -1, "create fails where put does");
	ok(store_remove(store, "a/b/c", &e) == 1 && !exists("bucket/a") && exists("bucket"), "removed, with its empty folders");
	is_str(list(store, "", STORE_LIST_RECURSIVE | STORE_LIST_TEMPORARIES), "", "nothing is left, no temporary either");
}

/* From here on this process is told NUMBER whenever it makes system call CALL. */
static bool
refuse_call(unsigned call, int number)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned)number),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog filter = { GPM_ARRAY_LEN(code), code };

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

/* In a child, whose kernel refuses what some file systems do not have. */
static void
test_create_elsewhere(void)
{
	struct err e;
	int status;
	pid_t pid;

	ok(put(store, "there", "old", &e) == 0, "an object");
	fflush(stdout);
	if ((pid = fork()) == 0) {
		if (!refuse_call(SYS_renameat2, EINVAL))
			_exit(77);
		if (create(store, "there", "new", &e) != 0 || create(store, "linked", "new", &e) != 1 ||
		    create(store, "linked", "newer", &e) != 0 || store_can_create(store, "probe", &e) != 1)
			_exit(1);
		if (!refuse_call(SYS_linkat, EPERM))
			_exit(77);
		_exit(store_can_create(store, "probe", &e) != 0 || create(store, "other", "x", &e) != -1 || e.code != ERR_FAILED ||
		    strstr(e.text, "cannot create 'other' in 'file:///") == NULL ? 2 : 0);
	}
	waitpid(pid, &status, 0);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77) {
		ok(1, "create without the rename # SKIP seccomp cannot be used");
	} else {
		is_u64((uint64_t)status, 0, "create by a link where there is no such rename, and not at all without links");
		is_str(list(store, "", STORE_LIST_TEMPORARIES), "linked=3 there=3 ", "nothing else is left");
		ok(store_remove(store, "linked", &e) == 1, "removed");
	}
	ok(store_remove(store, "there", &e) == 1, "removed");
}

static void
test_clock(void)
{
	int64_t ahead;

	ok(store_clock_skew(store, &ahead) == 0, "a folder has no clock");
}

static void
test_modes(void)
{
	struct stat st;
	struct err e;

	umask(027);
	ok(put(store, "d/a", "x", &e) == 0, "put with another umask");
	umask(022);
	ok(stat(at("bucket/d"), &st) == 0 && (st.st_mode & 07777) == 0750 && stat(at("bucket/d/a"), &st) == 0 &&
	    (st.st_mode & 07777) == 0640, "modes are the umask's");
	ok(store_remove(store, "d/a", &e) == 1, "removed");
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
	ok(create(store, "link", "new", &e) == 0 && create(store, "pipe", "new", &e) == 0, "their names are taken");
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
	umask(022);
	tmpdir_make();
	test_urls();
	test_keys();
	contract_objects(store);
	contract_ranges(store);
	contract_files(store, at("big"));
	contract_list(store);
	contract_create(store, at("file"));
	test_create_elsewhere();
	test_clock();
	test_objects();
	test_modes();
	test_strangers();
	test_links();
	test_kill();
	contract_race(store, false);
	contract_race(store, true);
	ok(!exists("bucket/race"), "no folder is left of the races");
	test_full_disk();
	test_no_right();
	store_close(store);
	tmpdir_remove();
	return tap_done();
}
