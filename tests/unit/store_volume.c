/* Goal of this test: volumes as a store give back what was put, across processes that die, disks that are full or swapped, lists that
 * are lost, and tars and lists that somebody tampered with. */
#include "prelude.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "atomic.h"
#include "err.h"
#include "log.h"
#include "manifest.h"
#include "store.h"
#include "store_contract.h"
#include "tap.h"
#include "tmpdir.h"
#include "volume_sort.h"
#include "volume_tar.h"

static uint64_t sorted; /* keys that in_order has seen */

static int
open_url(const char *state, struct store **out, struct err *e, const char *rest)
{
	struct store_settings settings = { .volume_state = state };
	char *url = mem_printf("volume://%s/%s", tmpdir, rest);
	int rc = store_open(url, false, state != NULL ? &settings : NULL, out, e);

	if (rc < 0)
		printf("# %s\n", e->text);
	free(url);
	return rc;
}

static struct store *
must_open(const char *state, const char *rest)
{
	struct store *s = NULL;
	struct err e;

	ok(open_url(state, &s, &e, rest) == 0, "%s opens", rest);
	return s;
}

static void
fresh(const char *name)
{
	struct err e;

	ok(file_remove_tree(at(name), &e) == 0 && mkdir(at(name), 0700) == 0, "an empty folder %s", name);
}

/* Names in a folder, sorted, a blank behind each. */
static const char *
names(const char *folder)
{
	char *command = mem_printf("cd %s && ls -A | tr '\\n' ' '", at(folder));
	static char text[4096];
	FILE *f = popen(command, "r");
	size_t n = fread(text, 1, sizeof(text) - 1, f);

	text[n] = '\0';
	pclose(f);
	free(command);
	return text;
}

GPM_PRINTF(1, 2) static bool
shell(const char *format, ...)
{
	char command[4000];
	va_list ap;

	va_start(ap, format);
	vsnprintf(command, sizeof(command), format, ap);
	va_end(ap);
	return system(command) == 0;
}

static int
put_many(struct store *s, char letter, size_t len, struct err *e)
{
	char *data = mem_alloc(len), *key = mem_printf("run/%c", letter);
	struct store_body body = { data, -1, len };
	int rc;

	memset(data, letter, len);
	rc = store_put(s, key, &body, e);
	free(key);
	free(data);
	return rc;
}

/* An object of put_many: its letter, '-' absent, '!' it differs, '?' another error. */
static char
letter(struct store *s, const char *key, struct err *e)
{
	char c = key[strlen(key) - 1];
	struct buf b;
	int rc;

	buf_init(&b, 1 << 20);
	rc = store_get_buf(s, key, &b, e);
	if (rc < 0)
		printf("# %s\n", e->text);
	if (rc > 0 && (b.len == 0 || b.data[0] != c || memcmp(b.data, b.data + 1, b.len - 1) != 0))
		c = '!';
	buf_release(&b);
	return rc == 0 ? '-' : rc > 0 ? c : e->code == ERR_DIFFERS ? '!' : '?';
}

static void
test_urls(void)
{
	static const char *const bad[] = { "volume://", "volume://host/x", "volume:///tmp?x", "volume:///tmp?size=", "volume:///tmp?size=1KB",
		"volume:///tmp,", "volume:///tmp?size=4GB&x=1", "volume:///tmp%2" };
	struct store *s;
	struct err e;

	for (size_t i = 0; i < GPM_ARRAY_LEN(bad); i++)
		ok(store_open(bad[i], true, NULL, &s, &e) == -1 && e.code == ERR_USAGE && e.hint[0] != '\0', "'%s' is refused", bad[i]);
	ok(open_url(NULL, &s, &e, "none") == -1 && e.code == ERR_FAILED, "a folder that is not there");
	ok(store_same_place("volume:///a", "volume:///b?size=1GB") && store_same_place("file:///a", "file:///a") &&
	    !store_same_place("file:///a", "file:///b") && !store_same_place("file:///a", "volume:///a"), "what is one place");
}

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

/* A file system that knows no large files: the volume is left, not the folder. */
static void
test_file_limit(void)
{
	struct store *s;
	struct err e;
	int status;
	pid_t pid;

	fresh("v");
	fflush(stdout);
	if ((pid = fork()) == 0) {
		struct rlimit limit = { 200000, 200000 };
		int rc = 0;

		signal(SIGXFSZ, SIG_IGN);
		setrlimit(RLIMIT_FSIZE, &limit);
		if (open_url(NULL, &s, &e, "v?size=1GB") < 0)
			_exit(1);
		for (char c = 'a'; c <= 'e'; c++)
			if (put_many(s, c, 80000, &e) < 0 && rc++ == 0)
				printf("# %c: %s\n", c, e.text);
		rc += put_many(s, 'x', 300000, &e) != -1 || e.code != ERR_LIMIT;
		store_close(s);
		_exit(rc);
	}
	ok(waitpid(pid, &status, 0) == pid && status == 0, "files of 200000 bytes at most: five objects fit, one that no file can hold does not");
	s = must_open(NULL, "v");
	is_str(list(s, "", STORE_LIST_RECURSIVE), "run/a=80000 run/b=80000 run/c=80000 run/d=80000 run/e=80000 ", "they are there");
	ok(exists("v/run.v0003.tar") && !exists("v/run.v0004.tar.part"), "in three volumes");
	store_close(s);
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

static void
test_contract(void)
{
	struct store *s;

	fresh("v");
	s = must_open(NULL, "v?size=1GB");
	contract_keys(s);
	contract_objects(s);
	is_str(names("v"), "", "a set of which nothing is left leaves no file");
	contract_ranges(s);
	contract_files(s, at("big"));
	contract_list(s);
	contract_create(s, at("file"));
	contract_race(s, false);
	contract_race(s, true);
	store_close(s);
}

/* What one process puts the next one has; the tar is the same as if one had written it. */
static void
test_processes(void)
{
	struct store *s;
	struct err e;

	fresh("v");
	for (char c = 'a'; c <= 'e'; c++) {
		s = must_open(NULL, "v?size=1GB");
		ok(put_many(s, c, 1000u * (unsigned)(c - 'a'), &e) == 0, "a process puts %c", c);
		store_close(s);
	}
	is_str(names("v"), "run.v0001.journal run.v0001.tar.part ", "they write one volume");
	ok(shell("head -c 20000 /dev/urandom >>%s/run.v0001.tar.part", at("v")), "what a dead process wrote and did not note");
	s = must_open(NULL, "v?size=1GB");
	is_str(list(s, "", STORE_LIST_RECURSIVE), "run/a=0 run/b=1000 run/c=2000 run/d=3000 run/e=4000 ", "with all in it");
	ok(put_many(s, 'c', 2000, &e) == 0, "put again");
	ok(store_finish(s, "run/", &e) == 0 && store_finish(s, "run/", &e) == 0 && store_finish(s, "other/", &e) == 0, "finished");
	is_str(names("v"), "run.v0001.jsonl run.v0001.sha256 run.v0001.tar ", "it is complete");
	is_str(get(s, "run/a"), "", "and read");
	store_close(s);
	ok(shell("cd %s && sha256sum -c --quiet *.sha256", at("v")), "sha256sum finds it as its hash says");
	ok(shell("test \"$(stat -c %%s %s/run.v0001.tar)\" = 13824", at("v")), "what was not noted is cut off");
	ok(shell("test \"$(bsdtar -tf %s/run.v0001.tar | tr '\\n' ' ')\" = 'run/a run/b run/c run/d run/e '", at("v")), "bsdtar lists each once");
	s = must_open(NULL, "v?size=1GB");
	ok(put_many(s, 'c', 2001, &e) == 0 && put_many(s, 'f', 10, &e) == 0 && store_remove(s, "run/a", &e) == 1 && store_finish(s, "run/", &e) == 0,
	    "other bytes, a new key, and one that goes");
	is_str(list(s, "run/", 0), "run/b=1000 run/c=2001 run/d=3000 run/e=4000 run/f=10 ", "the newer volume counts");
	store_close(s);
	s = must_open(NULL, "v?size=1GB");
	is_str(list(s, "run/", 0), "run/b=1000 run/c=2001 run/d=3000 run/e=4000 run/f=10 ", "for the next as well");
	while (store_list(s, "", STORE_LIST_RECURSIVE, remove_listed, s, &e) == 0 && *list(s, "", 0) != '\0')
		continue;
	store_close(s);
	is_str(names("v"), "", "all of it removed, no file is left");
}

/* Children that are killed while they put. */
static void
test_kill(void)
{
	int torn = 0, killed = 0, status;
	struct store *s;
	struct err e;

	fresh("v");
	for (int i = 0; i < 12; i++) {
		size_t len = (size_t)1 << 20;
		pid_t pid = fork();

		if (pid == 0) {
			int n = 0;

			log_setup("child", LOG_LEVEL_ERROR, LOG_FORMAT_TEXT);
			if (open_url(NULL, &s, &e, "v?size=8MB") < 0)
				_exit(1);
			for (char c = 'a'; c <= 'z'; c++, n++)
				if (put_many(s, c, len + (size_t)i, &e) < 0)
					_exit(1);
			_exit(store_finish(s, "run/", &e) < 0);
		}
		usleep((useconds_t)(2000 + i * 9000));
		kill(pid, SIGKILL);
		waitpid(pid, &status, 0);
		killed += WIFSIGNALED(status);
		torn += WIFEXITED(status) && WEXITSTATUS(status) != 0;
		if (open_url(NULL, &s, &e, "v?size=8MB") < 0) {
			torn++;
			continue;
		}
		for (char c = 'a'; c <= 'z'; c++) {
			char key[] = { 'r', 'u', 'n', '/', c, '\0' };
			struct buf b;
			int rc;

			buf_init(&b, 2 << 20);
			rc = store_get_buf(s, key, &b, &e);
			if (rc < 0 || (rc > 0 && (b.len < len || b.data[0] != c || memcmp(b.data, b.data + 1, b.len - 1) != 0)))
				printf("# %s: %d %s\n", key, ++torn, rc < 0 ? e.text : "");
			buf_release(&b);
		}
		store_close(s);
	}
	ok(killed > 0, "%d of 12 writers are killed", killed);
	is_u64((uint64_t)torn, 0, "what is there is whole, and each goes on");
	s = must_open(NULL, "v?size=8MB");
	for (char c = 'a'; c <= 'z'; c++)
		if (put_many(s, c, 1 << 20, &e) < 0)
			printf("# %s\n", e.text);
	ok(store_finish(s, "run/", &e) == 0, "finished");
	store_close(s);
	ok(shell("cd %s && sha256sum -c --quiet *.sha256 && ! ls *.part *.journal 2>/dev/null", at("v")), "every volume is as its sums say");
}

/* --- several disks --- */

static void
test_next_disk(void)
{
	struct store *s;
	struct err e;

	fresh("d1");
	fresh("d2");
	fresh("state");
	if (mount("none", at("d1"), "tmpfs", 0, "size=448k") < 0) {
		ok(1, "a full disk # SKIP cannot mount a tmpfs");
		return;
	}
	s = must_open(at("state"), "d1?size=200KB");
	ok(put_many(s, 'a', 90000, &e) == 0 && put_many(s, 'b', 90000, &e) == 0 && put_many(s, 'c', 90000, &e) == 0, "three objects on a small disk");
	ok(put_many(s, 'x', 300000, &e) == -1 && e.code == ERR_FAILED && strstr(e.text, "never split") != NULL, "one that no volume can hold");
	has_str(e.hint, "larger size=", "the hint says what to do");
	ok(put_many(s, 'd', 150000, &e) == -1 && e.code == ERR_LIMIT, "one that the disk has no room for");
	has_str(e.text, "d1' is full: the next object, of 146.5 KB, does not fit; 2 volumes of run are complete there", "the message says so");
	has_str(e.hint, "mount the next disk", "the hint says what to do");
	ok(put_many(s, 'e', 1, &e) == -1 && e.code == ERR_LIMIT, "a small one is not put there either");
	store_close(s);
	is_str(names("d1"), "run.v0001.jsonl run.v0001.sha256 run.v0001.tar run.v0002.jsonl run.v0002.sha256 run.v0002.tar ", "what is there is complete");

	s = must_open(at("state"), "d2?size=400KB");
	is_str(list(s, "run/", 0), "run/a=90000 run/b=90000 run/c=90000 ", "on the next disk what the first holds is known");
	ok(put_many(s, 'a', 90000, &e) == 0 && put_many(s, 'd', 150000, &e) == 0, "what is there is not written again, what is not is");
	ok(store_get(s, "run/a", 0, 0, refuse, NULL, &e) == -1 && e.code == ERR_FAILED && strstr(e.text, "in volume 1 of run, which is on a disk that is not here") != NULL,
	    "to get it takes its disk");
	store_close(s);
	is_str(names("d2"), "run.v0001.jsonl run.v0002.jsonl run.v0003.tar.part ", "the lists of the first are there");

	s = must_open(at("state"), "d1?size=400KB");
	ok(put_many(s, 'e', 1, &e) == -1 && e.code == ERR_FAILED, "the first disk again, while a volume grows on the second");
	has_str(e.text, "volume 3 of run was begun on a disk that is not here", "is told");
	store_close(s);
	s = must_open(at("state"), "d2?size=400KB");
	ok(put_many(s, 'e', 1, &e) == 0 && store_finish(s, "run/", &e) == 0, "it is finished on the second");
	store_close(s);

	s = must_open(NULL, "d2");
	is_str(list(s, "run/", 0), "run/d=150000 run/e=1 ", "a reader of the second sees what is there");
	ok(store_get(s, "run/a", 0, 0, add_text, NULL, &e) == 0, "and no more");
	store_close(s);
	{
		char *both = mem_printf("d2,%s/d1", tmpdir);

		s = must_open(NULL, both);
		is_str(list(s, "run/", 0), "run/a=90000 run/b=90000 run/c=90000 run/d=150000 run/e=1 ", "of both, in any order, everything");
		ok(strncmp(get(s, "run/e"), "e", 1) == 0, "and reads it");
		store_close(s);
		free(both);
	}
	umount(at("d1"));
	fresh("d1");
	fresh("d2");
	{
		char *both = mem_printf("d1,%s/d2?size=200KB", tmpdir);

		ok(mount("none", at("d1"), "tmpfs", 0, "size=256k") == 0, "a small disk and a larger one");
		s = must_open(NULL, both);
		for (char c = 'a'; c <= 'e'; c++)
			ok(put_many(s, c, 90000, &e) == 0, "put %c", c);
		store_close(s);
		ok(exists("d1/run.v0001.tar") && exists("d2/run.v0002.tar"), "both at once: the second comes when the first is full");
		free(both);
	}
	umount(at("d1"));
}

/* The Nth key of the greatest length. */
static const char *
long_key(unsigned n)
{
	static char key[STORE_KEY_MAX + 1];

	snprintf(key, sizeof(key), "run/%0*u", STORE_KEY_MAX - 4, n);
	return key;
}

/* Keys as long as they may be, whose list takes nearly as much room as their tar. */
static void
test_full_of_keys(void)
{
	struct store_body body = { "x", -1, 1 };
	unsigned n = 0, gone = 0;
	struct store *s;
	struct err e;

	fresh("d1");
	fresh("state");
	if (mount("none", at("d1"), "tmpfs", 0, "size=1m") < 0) {
		ok(1, "a disk full of long keys # SKIP cannot mount a tmpfs");
		return;
	}
	s = must_open(at("state"), "d1?size=1GB");
	while (store_put(s, long_key(n), &body, &e) == 0)
		n++;
	ok(n > 100 && e.code == ERR_LIMIT, "%u keys of %d bytes, then the disk is full", n, STORE_KEY_MAX);
	store_close(s);
	is_str(names("d1"), "run.v0001.jsonl run.v0001.sha256 run.v0001.tar ", "the volume is complete");
	ok(shell("cd %s && sha256sum -c --quiet *.sha256", at("d1")), "as its sums say");

	n = 50;
	ok(shell("rm %s/run.*", at("d1")), "fewer of them");
	s = must_open(NULL, "d1?size=1GB");
	for (unsigned i = 0; i < n; i++)
		if (store_put(s, long_key(i), &body, &e) < 0)
			ok(0, "%s", e.text);
	ok(store_finish(s, "run/", &e) == 0, "are in a volume");
	store_close(s);
	ok(shell("cd %s && head -c 2M /dev/zero >full 2>/dev/null; test -s full", at("d1")), "then no byte of the disk is free");
	s = must_open(NULL, "d1");
	ok(store_remove(s, long_key(0), &e) == -1 && e.code == ERR_LIMIT && e.hint[0] != '\0', "nothing can be noted as removed");
	store_close(s);
	is_str(names("d1"), "full run.v0001.jsonl run.v0001.sha256 run.v0001.tar ", "nothing is begun");
	ok(shell("truncate -s -200K %s/full", at("d1")), "with some room");
	s = must_open(NULL, "d1");
	while (gone < n && store_remove(s, long_key(gone), &e) == 1)
		gone++;
	is_u64(gone, n, "all of them are removed");
	store_close(s);
	is_str(names("d1"), "full ", "and their files");
	umount(at("d1"));
}

/* A file that is called as the journal, on the disk: the real one is with the state. */
static void
test_stray_journal(void)
{
	struct store *s;
	struct err e;

	fresh("d1");
	fresh("state");
	s = must_open(at("state"), "d1?size=1GB");
	ok(put_many(s, 'a', 1000, &e) == 0, "a volume grows");
	store_close(s);
	ok(shell("echo x >%s/d1/run.v0001.journal", tmpdir), "a stray lies beside it");
	s = must_open(at("state"), "d1?size=1GB");
	is_str(list(s, "run/", 0), "run/a=1000 ", "what was put is there");
	ok(put_many(s, 'b', 1000, &e) == 0 && store_finish(s, "run/", &e) == 0, "and it goes on");
	store_close(s);
	s = must_open(NULL, "d1");
	is_str(list(s, "run/", 0), "run/a=1000 run/b=1000 ", "a reader sees all of it");
	store_close(s);
}

/* A growing volume with a, b and c on the first disk, its journal with the state, and something on the second. */
static void
grown(const char *on_second)
{
	struct store *s;
	struct err e;
	int rc = 0;

	fresh("d1");
	fresh("d2");
	fresh("state");
	s = must_open(at("state"), "d1?size=1GB");
	for (char c = 'a'; c <= 'c'; c++)
		rc += put_many(s, c, 1000, &e) < 0;
	ok(rc == 0, "a volume grows on the first disk");
	store_close(s);
	ok(shell("cd %s && %s", at("d2"), on_second), "on the second: %s", on_second);
}

/* What is called as a volume that grows elsewhere takes nothing away from it. */
static void
test_other_files(void)
{
	static const char *const strays[] = { "echo x >run.v0001.jsonl", "touch run.v0001.tar", "echo x >run.v0001.tar; echo x >run.v0001.jsonl" };
	struct store *s;
	struct err e;

	for (size_t i = 0; i < GPM_ARRAY_LEN(strays); i++) {
		grown(strays[i]);
		s = must_open(at("state"), "d2?size=1GB");
		ok(put_many(s, 'd', 1000, &e) == -1, "nothing is begun there");
		has_str(e.text, i == 0 ? "was begun on a disk that is not here" : "state/run.v0001.journal'", "the message says why");
		if (i > 0)
			has_str(e.text, "d2/run.v0001.tar'", "and names the other file");
		has_str(e.hint, i == 0 ? "mount that disk" : "move the one away that is a stray", "the hint says what to do");
		store_close(s);
		ok(shell("cd %s && rm run.*", at("d2")), "the stray goes");
		s = must_open(at("state"), "d1?size=1GB");
		is_str(list(s, "run/", 0), "run/a=1000 run/b=1000 run/c=1000 ", "all is known");
		ok(put_many(s, 'd', 1000, &e) == 0 && store_finish(s, "run/", &e) == 0, "and goes on");
		store_close(s);
	}
}

/* A volume whose journal is elsewhere is neither cut nor begun anew. */
static void
test_other_journal(void)
{
	char *both = mem_printf("d2,%s/d1?size=1GB", tmpdir);
	struct store *s;
	struct err e;

	grown("mv ../state/run.v0001.journal ../d1");
	for (int i = 0; i < 2; i++) {
		s = must_open(at("state"), i == 0 ? "d1?size=1GB" : both);
		ok(put_many(s, 'd', 1000, &e) == -1 && e.code == ERR_FAILED, "a journal that is beside the volume, not with the state");
		has_str(e.text, "d1/run.v0001.tar.part' is there; '", "the volume is named");
		has_str(e.text, "d1/run.v0001.journal'", "and the journal");
		has_str(e.hint, "go on with that", "the hint says what to do");
		store_close(s);
	}
	is_str(names("state"), "", "nothing was begun");
	is_str(names("d2"), "", "on no disk");

	grown("sed 4q ../state/run.v0001.journal >x; sed 2q x >y; for f in x y; do cp ../d1/run.v0001.tar.part $f.part; done");
	for (const char *f = "xy"; *f != '\0'; f++) {
		ok(shell("cd %s && cp %c ../state/run.v0001.journal && cp %c.part ../d1/run.v0001.tar.part", at("d2"), *f, *f), "a journal with some lines less");
		s = must_open(at("state"), "d1?size=1GB");
		if (*f == 'x') {
			ok(put_many(s, 'd', 1000, &e) == 0, "one member is what a dead process may have left");
		} else {
			ok(put_many(s, 'd', 1000, &e) == -1 && e.code == ERR_DIFFERS, "more were noted elsewhere");
			has_str(e.text, "d1/run.v0001.tar.part' holds more than '", "the volume is named");
			has_str(e.text, "state/run.v0001.journal' lists", "and the journal");
			ok(shell("cmp %s/d2/y.part %s/d1/run.v0001.tar.part", tmpdir, tmpdir), "nothing is cut");
		}
		store_close(s);
	}
	free(both);
}

/* A process died after its volume was complete, before it removed the journal. */
static void
test_stale_journal(void)
{
	struct store *s;
	struct err e;

	grown("cp ../state/run.v0001.journal x");
	s = must_open(at("state"), "d1?size=1GB");
	ok(store_finish(s, "run/", &e) == 0, "finished");
	store_close(s);
	ok(shell("cp %s/d2/x %s/state/run.v0001.journal", tmpdir, tmpdir), "the journal is still there");
	s = must_open(at("state"), "d1?size=1GB");
	ok(put_many(s, 'd', 1000, &e) == 0, "the next volume begins");
	store_close(s);
	is_str(names("state"), "run.v0001.jsonl run.v0002.journal ", "the old journal is gone");
}

/* On a disk that somebody had in hand. */
static void
test_damaged_journal(void)
{
	struct store *s;
	struct err e;

	fresh("v");
	s = must_open(NULL, "v?size=1GB");
	ok(put_many(s, 'a', 1000, &e) == 0 && store_finish(s, "run/", &e) == 0 && put_many(s, 'b', 1000, &e) == 0 && put_many(s, 'c', 1000, &e) == 0,
	    "a volume that is complete, and one that grows");
	store_close(s);
	ok(shell("cd %s && cp run.v0002.journal x && sed 's,run/b,run/x,' x >run.v0002.journal", at("v")), "whose journal is damaged");
	s = must_open(NULL, "v?size=1GB");
	ok(letter(s, "run/a", &e) == 'a', "the other is read");
	ok(put_many(s, 'd', 1000, &e) == -1 && e.code == ERR_DIFFERS, "nothing is put");
	has_str(e.text, "v/run.v0002.journal'", "the message names it");
	store_close(s);
	ok(shell("cd %s && rm run.v0002.journal && mkfifo run.v0002.journal", at("v")), "a pipe in its place");
	s = must_open(NULL, "v?size=1GB");
	ok(letter(s, "run/a", &e) == 'a', "stops nobody");
	store_close(s);
}

/* A journal that was cut or removed behind the writer's back: its volume is not completed by half a list. */
static void
test_lost_lines(void)
{
	static const char *const harms[] = { "rm run.v0001.journal", "sed '$d' run.v0001.journal >x && cat x >run.v0001.journal && rm x" };
	struct store *s;
	struct err e;

	for (size_t i = 0; i < GPM_ARRAY_LEN(harms); i++) {
		fresh("v");
		s = must_open(NULL, "v?size=1GB");
		ok(put_many(s, 'a', 1000, &e) == 0 && put_many(s, 'b', 1000, &e) == 0, "two objects");
		ok(shell("cd %s && %s", at("v"), harms[i]), "%s", harms[i]);
		ok(store_finish(s, "run/", &e) == -1 && e.code == ERR_DIFFERS, "the volume is not completed");
		has_str(e.text, "is not what was written", "and told why");
		store_close(s);
		ok(!exists("v/run.v0001.tar") && !exists("v/run.v0001.jsonl"), "there is no list of half of it");
	}
}

/* A file whose number leaves no next one. */
static void
test_numbers(void)
{
	struct store *s;
	struct err e;

	fresh("v");
	ok(shell("touch %s/run.v999999999.jsonl %s/run.v1000000000.jsonl", at("v"), at("v")), "files of huge numbers");
	s = must_open(NULL, "v?size=1GB");
	ok(put_many(s, 'a', 1000, &e) == -1 && e.code == ERR_FAILED && e.hint[0] != '\0', "there is no volume behind them");
	has_str(e.text, "no volume behind number 999999999 of run", "it is told");
	store_close(s);
	is_str(names("v"), "run.v1000000000.jsonl run.v999999999.jsonl ", "nothing was made");
	ok(shell("cd %s && mv run.v999999999.jsonl run.v999999998.jsonl", at("v")), "one less");
	s = must_open(NULL, "v?size=1GB");
	ok(put_many(s, 'a', 1000, &e) == 0 && store_finish(s, "run/", &e) == 0, "the last one there can be");
	store_close(s);
	s = must_open(NULL, "v");
	is_str(list(s, "run/", 0), "run/a=1000 ", "is read");
	store_close(s);
}

/* Disks d1 and d2 with a and b, of which the second has the list of the first. */
static void
two_disks(void)
{
	struct store *s;
	struct err e;

	fresh("d1");
	fresh("d2");
	fresh("state");
	for (char c = 'a'; c <= 'b'; c++) {
		s = must_open(at("state"), c == 'a' ? "d1?size=1GB" : "d2?size=1GB");
		ok(put_many(s, c, 1000, &e) == 0 && store_finish(s, "run/", &e) == 0, "a disk with %c", c);
		store_close(s);
	}
}

static void
test_remove_on_second(void)
{
	struct store *s;
	struct err e;

	two_disks();
	s = must_open(NULL, "d2");
	ok(store_remove(s, "run/b", &e) == 1, "all that is on the second disk is removed there");
	store_close(s);
	is_str(names("d2"), "", "no file is left");
	s = must_open(NULL, "d1");
	is_str(list(s, "run/", 0), "run/a=1000 ", "nothing happened to the first");
	store_close(s);
}

/* Two writers that know nothing of each other: the second one is refused, and harms nothing. */
static void
test_two_writers(void)
{
	struct store *first, *second;
	struct err e;

	fresh("d1");
	fresh("d2");
	fresh("state");
	first = must_open(at("state"), "d1?size=1GB");
	second = must_open(at("state"), "d2?size=1GB");
	ok(put_many(first, 'a', 1000, &e) == 0, "one begins a volume");
	ok(put_many(second, 'b', 1000, &e) == -1 && e.code == ERR_LOCKED, "another one, on another disk, is refused");
	is_str(names("d2"), "", "and leaves nothing there");
	ok(put_many(first, 'c', 1000, &e) == 0 && store_finish(first, "run/", &e) == 0, "the first goes on");
	store_close(first);
	store_close(second);
	is_str(names("state"), "run.v0001.jsonl ", "no journal is left");
	first = must_open(NULL, "d1");
	is_str(list(first, "run/", 0), "run/a=1000 run/c=1000 ", "all is there");
	store_close(first);

	fresh("v");
	first = must_open(NULL, "v?size=1GB");
	second = must_open(NULL, "v?size=1GB");
	ok(put_many(first, 'a', 1000, &e) == 0 && store_finish(first, "run/", &e) == 0, "one completes a volume");
	ok(put_many(second, 'b', 1000, &e) == -1 && e.code == ERR_LOCKED, "one that has not seen it does not begin another one of that number");
	store_close(first);
	store_close(second);
	is_str(names("v"), "run.v0001.jsonl run.v0001.sha256 run.v0001.tar ", "nothing else is there");
}

/* --- what was lost, cut or tampered with --- */

/* Two volumes with a, b and c, d, and a third with e, in a folder that is copied for each case. */
static void
three_volumes(void)
{
	struct store *s;
	struct err e;
	int rc = 0;

	fresh("three");
	s = must_open(NULL, "three?size=200KB");
	for (char c = 'a'; c <= 'e'; c++)
		rc += put_many(s, c, 80000, &e) < 0;
	ok(rc == 0 && store_finish(s, "run/", &e) == 0 && exists("three/run.v0003.tar"), "three volumes");
	store_close(s);
}

/* That of each of a to e. */
static const char *
read_all(void)
{
	static char text[6];
	struct store *s;
	struct err e;

	if (open_url(NULL, &s, &e, "v") < 0)
		return "it does not open";
	for (char c = 'a'; c <= 'e'; c++) {
		char key[] = { 'r', 'u', 'n', '/', c, '\0' };

		text[c - 'a'] = letter(s, key, &e);
	}
	store_close(s);
	return text;
}

struct harm {
	const char *command; /* in the folder of the volumes */
	const char *want;    /* of read_all */
	const char *name;
};

/* LIST rewritten by EDIT, a program in python that has lines in "l", with a new seal: what a forger would do. */
#define FORGE(edit) "python3 - <<'E'\n" \
	"import hashlib, json, re\n" \
	"l = open('run.v0001.jsonl').read().splitlines()\n" edit "\n" \
	"e = json.loads(l[-1]); e.pop('sha256'); e['lines'] = len(l) - 1\n" \
	"body = ''.join(x + '\\n' for x in l[:-1]) + json.dumps(e, separators=(',', ':'))[:-1]\n" \
	"open('run.v0001.jsonl', 'w').write(body + ',\"sha256\":\"' + hashlib.sha256(body.encode()).hexdigest() + '\"}\\n')\nE"
#define EDIT_MEMBER(from, to) FORGE("l[2] = re.sub(r'" from "', r'" to "', l[2])")

static void
test_harm(void)
{
	static const struct harm harms[] = {
		{ "true", "abcde", "nothing" },
		{ "rm run.v0002.*", "ab--e", "a volume that is lost, with its list" },
		{ "rm run.v0002.tar", "ab--e", "one that is lost, without" },
		{ "rm run.v0002.jsonl", "abcde", "a list that is lost" },
		{ "truncate -s 90000 run.v0002.jsonl", "abcde", "a list that is cut" },
		{ "echo x >run.v0002.jsonl", "abcde", "a list that is none" },
		{ "rm run.v0002.jsonl; mkfifo run.v0002.jsonl", "abcde", "a list that is a pipe" },
		{ "cp run.v0001.jsonl run.v0002.jsonl", "abcde", "the list of another volume" },
		{ "mv run.v0001.tar x; mv run.v0002.tar run.v0001.tar; mv x run.v0002.tar", "!!!!e", "two tars that changed names" },
		{ "truncate -s 100000 run.v0002.tar", "abc!e", "a tar that is cut" },
		{ "truncate -s 100000 run.v0002.tar; rm run.v0002.jsonl", "abc!e", "and without its list" },
		{ "printf X | dd of=run.v0002.tar bs=1 seek=1000 conv=notrunc status=none", "ab!de", "a byte that flipped" },
		{ "printf X | dd of=run.v0002.tar bs=1 seek=3 conv=notrunc status=none", "ab!de", "one in a header" },
		{ "rm run.v0002.tar; mkfifo run.v0002.tar", "ab!!e", "a tar that is a pipe" },
		{ "rm run.v0002.tar; ln -s run.v0001.tar run.v0002.tar", "ab!!e", "one that is a link" },
		{ "dd if=/dev/zero of=run.v0002.tar bs=1 count=0 seek=300000 status=none", "abcde", "one with zeros behind it" },
		{ "head -c 200000 /dev/urandom >run.v0002.tar", "ab!!e", "one that is none" },
		{ "head -c 200000 /dev/urandom >run.v0002.tar; rm run.v0002.jsonl", "ab--e", "and without its list" },
		/* a forged list: the tar has the last word */
		{ FORGE(""), "abcde", "a list with another seal" },
		{ EDIT_MEMBER("run/a", "run/e"), "-bcde", "a member by another name, which a later volume has, too" },
		{ EDIT_MEMBER("run/a", "../a"), "abcde", "a name that leads out" },
		{ EDIT_MEMBER("run/a", "/etc/passwd"), "abcde", "an absolute one" },
		{ EDIT_MEMBER("run/a", "other/a"), "abcde", "one of another run" },
		{ EDIT_MEMBER("run/a", "runaway/a"), "abcde", "one that only begins like this run" },
		{ EDIT_MEMBER("\"bytes\":80000", "\"bytes\":79999"), "!bcde", "another size" },
		{ EDIT_MEMBER("\"bytes\":80000", "\"bytes\":9223372036854775807"), "abcde", "a huge size" },
		{ EDIT_MEMBER("\"bytes\":80000", "\"bytes\":80001"), "!bcde", "one that reaches no further than the padding" },
		{ EDIT_MEMBER("\"bytes\":80000", "\"bytes\":80897"), "abcde", "one that reaches into the next member" },
		{ EDIT_MEMBER("\"offset\":0", "\"offset\":9223372036854775296"), "abcde", "a place past the end" },
		{ EDIT_MEMBER("\"offset\":0", "\"offset\":1"), "abcde", "a place that is no block" },
		{ EDIT_MEMBER("\"header\":512", "\"header\":1024"), "abcde", "a header of another length" },
		{ EDIT_MEMBER("\"header\":512", "\"header\":0"), "abcde", "no header" },
		{ EDIT_MEMBER("\"header\":512", "\"header\":9223372036854775296"), "abcde", "a huge header" },
		{ EDIT_MEMBER("\"sha256\":\"..", "\"sha256\":\"00"), "!bcde", "another hash" },
		{ FORGE("l[3:3] = [l[2]]"), "abcde", "a member twice" },
		{ FORGE("l[2], l[3] = l[3], l[2]"), "abcde", "members out of order" },
		{ FORGE("l[3:4] = []"), "a-cde", "one left out" },
		{ FORGE("l[1] = l[1].replace('\"volume\":1', '\"volume\":9')"), "abcde", "the number of another volume" },
		{ FORGE("l[1] = re.sub('\"bytes\":[0-9]*', '\"bytes\":9223372036854775807', l[1]); l[2] = re.sub('80000', '9223372036854775807', l[2])"),
		    "abcde", "sizes whose sum would wrap round" },
		{ FORGE("l[0] = l[0].replace('\"run\":\"run\"', '\"run\":\"x\"')"), "abcde", "the head of another run" },
		{ FORGE("l[3] = '{\"rec\":\"removed\",\"key\":\"run/c\"}'"), "a-cde", "what an earlier one says is gone, and a later one brings" },
	};

	three_volumes();
	for (size_t i = 0; i < GPM_ARRAY_LEN(harms); i++) {
		if (!shell("cd %s && rm -rf v && cp -a three v && cd v && %s", tmpdir, harms[i].command))
			ok(0, "%s", harms[i].command);
		is_str(read_all(), harms[i].want, harms[i].name);
	}
}

/* Two copies, each damaged in another place. */
static void
test_copies(void)
{
	char *both = mem_printf("v,%s/w", tmpdir);
	struct store *s;
	struct err e;

	ok(shell("cd %s && rm -rf v w && cp -a three v && cp -a three w && printf X | dd of=v/run.v0001.tar bs=1 seek=1000 conv=notrunc status=none && "
	    "rm w/run.v0002.tar && truncate -s 1000 w/run.v0003.tar && printf X | dd of=v/run.v0003.tar bs=1 seek=3 conv=notrunc status=none", tmpdir),
	    "two copies, each with its own damage");
	s = must_open(NULL, both);
	ok(letter(s, "run/a", &e) == 'a' && letter(s, "run/c", &e) == 'c', "what one has whole is read");
	ok(letter(s, "run/e", &e) == '!', "what none has is not");
	ok(store_get(s, "run/e", 0, 0, refuse, NULL, &e) == -1 && e.code == ERR_DIFFERS && strstr(e.text, "is damaged") != NULL, "and told");
	store_close(s);
	free(both);
}

/* Tars of others, without a list. */
static void
test_strange_tars(void)
{
	static const struct harm harms[] = {
		{ "ln -s /etc/passwd run/b && bsdtar -cf run.v0001.tar run/b", "", "a symbolic link" },
		{ "ln run/a run/b && bsdtar -cf run.v0001.tar run/a run/b", "run/a=80000 ", "a hard link" },
		{ "bsdtar -cf run.v0001.tar run", "run/a=80000 ", "a folder" },
		{ "bsdtar -cPf run.v0001.tar -s ,run/a,../../evil, run/a", "", "a path that leads out" },
		{ "bsdtar -cPf run.v0001.tar -s ,run,/run, run/a", "", "an absolute one" },
		{ "bsdtar -cf run.v0001.tar -s ,run,other, run/a", "", "one of another run" },
		{ "bsdtar -cf run.v0001.tar run/a && echo hi >run/a && bsdtar -rf run.v0001.tar run/a", "run/a=3 ", "a member twice: the last counts" },
		{ "truncate -s 1M run/s && printf x >>run/s && tar -S -cf run.v0001.tar run/s run/a", "run/a=80000 ", "one with holes" },
		{ "tar --format=gnu -cf run.v0001.tar run/a", "run/a=80000 ", "GNU tar's own format" },
		{ "tar -czf run.v0001.tar run/a", "", "a compressed one" },
		{ "mkfifo run/p && tar -cf run.v0001.tar run/p run/a", "run/a=80000 ", "a pipe" },
		{ "python3 -c \"import tarfile; t = tarfile.open('run.v0001.tar', 'w', format=tarfile.PAX_FORMAT); i = tarfile.TarInfo('run/a'); i.size = 1 << 62; t.addfile(i)\"",
		    "run/a=2147483647 ", "a huge size" },
	};

	for (size_t i = 0; i < GPM_ARRAY_LEN(harms); i++) {
		struct store *s;
		struct err e;
		const char *got;

		if (!shell("cd %s && rm -rf v && mkdir v && cd v && mkdir run && head -c 80000 /dev/zero >run/a && %s && rm -rf run", tmpdir, harms[i].command))
			ok(0, "%s", harms[i].command);
		if (open_url(NULL, &s, &e, "v") < 0) {
			ok(0, "%s", harms[i].name);
			continue;
		}
		got = list(s, "", STORE_LIST_RECURSIVE);
		if (strstr(harms[i].name, "huge") != NULL)
			ok(strncmp(got, "run/a=", 6) == 0 && store_get(s, "run/a", 0, 0, refuse, NULL, &e) == -1 && e.code == ERR_DIFFERS, "a huge size is not read");
		else
			is_str(got, harms[i].want, harms[i].name);
		store_close(s);
	}
}

int
main(void)
{
	umask(022);
	log_setup("store_volume", LOG_LEVEL_ERROR, LOG_FORMAT_TEXT);
	tmpdir_make();
	test_urls();
	test_contract();
	test_processes();
	test_headers();
	test_sort();
	test_kill();
	test_file_limit();
	test_next_disk();
	test_full_of_keys();
	test_stray_journal();
	test_other_files();
	test_other_journal();
	test_stale_journal();
	test_damaged_journal();
	test_remove_on_second();
	test_lost_lines();
	test_numbers();
	test_two_writers();
	test_harm();
	test_copies();
	test_strange_tars();
	tmpdir_remove();
	return tap_done();
}
