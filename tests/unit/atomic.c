/* Goal of this test: a file comes into being whole or not at all, nothing is left of a failed one,
 * and what removes trees does not leave them. */
#include "prelude.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "atomic.h"
#include "err.h"
#include "tap.h"
#include "tmpdir.h"

/* The file's content, at most 63 bytes; NULL when there is none. */
static const char *
content(const char *name)
{
	static char text[64];
	int fd = open(at(name), O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return NULL;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[n > 0 ? n : 0] = '\0';
	return text;
}

static void
test_create(void)
{
	struct atomic_file *f;
	struct stat st;
	struct err e;
	char back[3];

	umask(0);
	f = atomic_create(at("a"), &e);
	ok(f != NULL && !exists("a") && exists("a.part"), "a new file has its name only at the end");
	is_str(atomic_path(f), at("a"), "its final name is known");
	ok(atomic_write(f, "one", 3, &e) == 0 && atomic_write(f, "two", 3, &e) == 0, "written in two");
	is_u64(atomic_size(f), 6, "its size");
	ok(file_read_at(atomic_fd(f), back, 3, 2, "a", &e) == 0 && memcmp(back, "etw", 3) == 0, "read back before its commit");
	ok((fcntl(atomic_fd(f), F_GETFD) & FD_CLOEXEC) != 0, "closed on exec");
	ok(atomic_commit(f, &e) == 0 && !exists("a.part"), "committed, nothing else is left");
	is_str(content("a"), "onetwo", "its content");
	ok(stat(at("a"), &st) == 0 && (st.st_mode & 07777) == 0600, "mode 0600 under any umask");

	f = atomic_create(at("a"), &e);
	ok(f != NULL && atomic_write(f, "new", 3, &e) == 0, "a file in another's place");
	is_str(content("a"), "onetwo", "the old one stands until the commit");
	atomic_abort(f);
	ok(!exists("a.part"), "an aborted one is gone");
	is_str(content("a"), "onetwo", "and the old one still stands");
	atomic_abort(NULL);
	ok(atomic_write_file(at("a"), "x", 1, &e) == 0, "all in one");
	is_str(content("a"), "x", "replaces");
	umask(022);
}

static void
test_leftovers(void)
{
	struct err e;

	ok(symlink(at("victim"), at("b.part")) == 0 && atomic_write_file(at("victim"), "safe", 4, &e) == 0, "a link stands at the .part name");
	ok(atomic_write_file(at("b"), "bytes", 5, &e) == 0, "a file is written");
	is_str(content("victim"), "safe", "not through the link");
	is_str(content("b"), "bytes", "but beside it");
	ok(mkdir(at("dir"), 0700) == 0 && atomic_write_file(at("dir"), "x", 1, &e) == -1, "a folder cannot be replaced");
	has_str(e.text, at("dir"), "the message names it");
	ok(!exists("dir.part"), "the .part of a failed commit is removed");
	ok(atomic_create(at("no/such/x"), &e) == NULL && e.code == ERR_SYSTEM, "no folder, no file");
	has_str(e.text, "no/such/x.part': No such file or directory", "the message says why");
}

static void
test_kill(void)
{
	struct err e;
	int status;
	pid_t pid;

	ok(atomic_write_file(at("k"), "old", 3, &e) == 0, "a file stands");
	if ((pid = fork()) == 0) {
		struct atomic_file *f = atomic_create(at("k"), &e);

		if (f == NULL || atomic_write(f, "half", 4, &e) < 0)
			_exit(1);
		raise(SIGKILL);
	}
	waitpid(pid, &status, 0);
	ok(WIFSIGNALED(status), "its writer is killed");
	is_str(content("k"), "old", "the old content stands");
	ok(exists("k.part"), "rubbish is left");
	ok(atomic_write_file(at("k"), "new", 3, &e) == 0 && !exists("k.part"), "the next writer clears it");
	is_str(content("k"), "new", "the new content stands");
}

static void
test_read_write(void)
{
	char data[10];
	int fd, ends[2];
	struct err e;

	fd = open(at("r"), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	ok(file_write_all(fd, "0123456789", 10, "r", &e) == 0, "write all");
	ok(file_read_at(fd, data, 10, 0, "r", &e) == 0 && memcmp(data, "0123456789", 10) == 0, "read all");
	ok(file_read_at(fd, data, 0, 99, "r", &e) == 0, "no bytes from anywhere");
	ok(file_read_at(fd, data, 3, 8, "r", &e) == -1, "a read past the end fails");
	is_str(e.text, "'r' ends at byte 10, 1 more were expected", "and says where the end is");
	close(fd);
	ok(file_read_at(fd, data, 1, 0, "r", &e) == -1 && e.code == ERR_SYSTEM, "a bad descriptor");
	signal(SIGPIPE, SIG_IGN);
	if (pipe(ends) == 0) {
		close(ends[0]);
		ok(file_write_all(ends[1], "x", 1, "pipe", &e) == -1, "nobody reads");
		has_str(e.text, "cannot write to 'pipe': Broken pipe", "and the message says so");
		close(ends[1]);
	}
}

static void
ignore_signal(int number)
{
	(void)number;
}

/* A slow reader that signals twice before it reads: write() comes back short, then interrupted. */
static void
test_interrupted(void)
{
	static char big[1 << 20], back[1 << 20];
	struct sigaction act = { .sa_handler = ignore_signal };
	int ends[2], status;
	struct err e;
	pid_t pid;

	memset(big, 'q', sizeof(big));
	if (pipe(ends) < 0 || sigaction(SIGUSR1, &act, NULL) < 0)
		return;
	if ((pid = fork()) == 0) {
		size_t got = 0;
		ssize_t n = 1;

		close(ends[1]);
		while (n > 0) {
			for (int i = 0; i < 2; i++) {
				kill(getppid(), SIGUSR1);
				usleep(2000);
			}
			if ((n = read(ends[0], back + got, sizeof(back) - got)) > 0)
				got += (size_t)n;
		}
		_exit(got != sizeof(big) || memcmp(big, back, sizeof(big)) != 0);
	}
	close(ends[0]);
	ok(file_write_all(ends[1], big, sizeof(big), "pipe", &e) == 0, "a write that signals interrupt");
	close(ends[1]);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	ok(status == 0, "arrives whole");
}

static void
test_folders(void)
{
	struct stat st;
	struct err e;
	int fd = -1;

	umask(0);
	ok(file_mkdirs(at("p/q//r/"), &e) == 0 && exists("p/q/r"), "folders are made");
	ok(stat(at("p/q"), &st) == 0 && (st.st_mode & 07777) == 0700, "mode 0700");
	umask(022);
	ok(file_mkdirs(at("p/q/r"), &e) == 0, "folders that are there are fine");
	ok(file_mkdirs("/", &e) == 0, "as is the root");
	ok(atomic_write_file(at("p/file"), "x", 1, &e) == 0 && file_mkdirs(at("p/file/x"), &e) == -1, "a file in the way");
	ok(file_mkdirs(at("p/file"), &e) == -1 && strstr(e.text, "is not a folder") != NULL, "or at the end");
	ok(file_sync_dir(at("p"), &e) == 0 && file_sync_parent(at("p"), &e) == 0, "folders are synced");
	ok(file_sync_dir(at("none"), &e) == -1, "a folder that is not there");

	ok(mkdir(at("keep"), 0700) == 0 && atomic_write_file(at("keep/x"), "x", 1, &e) == 0 &&
	    symlink(at("keep"), at("p/link")) == 0 && symlink(at("keep"), at("top")) == 0, "links into another folder");
	ok(file_remove_tree(at("p"), &e) == 0 && !exists("p"), "a tree is removed");
	ok(exists("keep/x"), "what a link in it named is not");
	ok(file_remove_tree(at("top/"), &e) == 0 && !exists("top") && exists("keep/x"), "nor what a link with a slash names");
	ok(file_remove_tree(at("p"), &e) == 0, "absent is fine");
	ok(file_remove_tree(at("keep/x"), &e) == 0 && !exists("keep/x"), "a file is a small tree");

	setenv("TMPDIR", tmpdir, 1);
	ok(file_temp(&fd, &e) == 0 && fstat(fd, &st) == 0 && st.st_nlink == 0, "a temporary file has no name");
	ok((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0 && (st.st_mode & 0777) == 0600, "is closed on exec and private");
	close(fd);
	setenv("TMPDIR", at("none"), 1);
	ok(file_temp(&fd, &e) == -1 && strstr(e.text, at("none")) != NULL, "no folder for it: the message names it");
	unsetenv("TMPDIR");
}

static void
test_full_disk(void)
{
	static char big[1 << 20];
	struct err e;

	if (mkdir(at("small"), 0700) < 0 || mount("none", at("small"), "tmpfs", 0, "size=64k") < 0) {
		ok(1, "a full disk # SKIP cannot mount a tmpfs");
		return;
	}
	ok(atomic_write_file(at("small/a"), "old", 3, &e) == 0, "a file on a small disk");
	ok(atomic_write_file(at("small/a"), big, sizeof(big), &e) == -1 && e.code == ERR_SYSTEM, "a file that does not fit");
	has_str(e.text, "small/a.part': No space left on device", "the message says why");
	has_str(e.hint, "free space on", "the hint what to do");
	is_str(content("small/a"), "old", "the old one stands");
	ok(!exists("small/a.part"), "nothing is left");
	umount(at("small"));
	if (mount("none", at("small"), "tmpfs", MS_RDONLY, "size=64k") == 0) {
		ok(atomic_create(at("small/c"), &e) == NULL, "a read-only disk");
		has_str(e.hint, "mounted read-only", "has its hint");
		umount(at("small"));
	}
}

int
main(void)
{
	tmpdir_make();
	test_create();
	test_leftovers();
	test_kill();
	test_read_write();
	test_interrupted();
	test_folders();
	test_full_disk();
	tmpdir_remove();
	return tap_done();
}
