/* Goal of this test: volumes as a store give back what was put, across processes that die and disks that are full or swapped. */
#include "prelude.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "atomic.h"
#include "err.h"
#include "log.h"
#include "store_contract.h"
#include "tap.h"
#include "volumes.h"

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

/* A volume that another process completes, and its files get other names, after we have looked. */
static void
test_completed_meanwhile(void)
{
	struct store *first, *second;
	struct err e;

	fresh("v");
	first = must_open(NULL, "v?size=1GB");
	ok(put_many(first, 'a', 1000, &e) == 0, "one puts");
	second = must_open(NULL, "v?size=1GB");
	ok(letter(second, "run/a", &e) == 'a', "another one sees it grow");
	ok(store_finish(first, "run/", &e) == 0, "the first completes it");
	ok(letter(second, "run/a", &e) == 'a', "the other one still reads it");
	ok(put_many(second, 'b', 1000, &e) == -1 && e.code == ERR_LOCKED, "but does not go on with it");
	has_str(e.text, "another instance was at work on", "and says why");
	store_close(first);
	store_close(second);
}

/* Objects of a disk that is not here, without a state: they are absent, to all functions alike. */
static void
test_absent_disk(void)
{
	struct store_object o;
	struct store *s;
	struct err e;

	two_disks();
	s = must_open(NULL, "d2?size=1GB");
	ok(store_head(s, "run/a", &o, &e) == 0 && store_remove(s, "run/a", &e) == 0, "what is elsewhere is absent");
	is_str(names("d2"), "run.v0001.jsonl run.v0002.jsonl run.v0002.sha256 run.v0002.tar ", "and its removal nothing to note");
	ok(create(s, "run/a", "new", &e) == 1, "it can be created");
	is_str(get(s, "run/a"), "new", "it is there then");
	store_close(s);
	two_disks();
	s = must_open(NULL, "d2?size=1GB");
	ok(put_many(s, 'a', 1000, &e) == 0, "the same bytes are put");
	ok(letter(s, "run/a", &e) == 'a', "and are there");
	is_str(list(s, "run/", 0), "run/a=1000 run/b=1000 ", "as a list says");
	store_close(s);
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
	test_kill();
	test_file_limit();
	test_next_disk();
	test_full_of_keys();
	test_remove_on_second();
	test_numbers();
	test_two_writers();
	test_completed_meanwhile();
	test_absent_disk();
	tmpdir_remove();
	return tap_done();
}
