/* Goal of this test: the spool lists its runs and nothing else, a lock keeps other processes out until its
 * holder closes it or dies, and what is removed is what was asked for. */
#include "prelude.h"

#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "atomic.h"
#include "err.h"
#include "spool.h"
#include "tap.h"
#include "tmpdir.h"

#define RUN "20261120T231816Z-9f3a1c"

static void
touch(const char *name)
{
	struct err e;

	if (atomic_write_file(at(name), "x", 1, &e) < 0)
		printf("# %s\n", e.text);
}

static void
make_dir(const char *name)
{
	struct err e;

	if (file_mkdirs(at(name), &e) < 0)
		printf("# %s\n", e.text);
}

static struct spool *
open_spool(void)
{
	struct spool *s = NULL;
	struct err e;

	if (spool_open(at("spool"), true, &s, &e) < 0)
		printf("# %s\n", e.text);
	return s;
}

static void
test_open(void)
{
	struct spool *s;
	struct spool_run *r;
	struct stat st;
	struct err e;

	ok(spool_open(at("spool"), false, &s, &e) == -1, "no spool, no handle");
	ok(strstr(e.text, "spool'") != NULL && strstr(e.hint, "--spool") != NULL,
	    "the message names it and says what to do");
	ok(spool_open(at("deep/er/spool"), true, &s, &e) == 0, "it is made when that is wanted");
	is_str(spool_dir(s), at("deep/er/spool"), "its folder");
	ok(stat(at("deep/er/spool"), &st) == 0 && (st.st_mode & 07777) == 0700, "for nobody else to read");
	spool_close(s);
	touch("file");
	ok(spool_open(at("file"), false, &s, &e) == -1 && e.code == ERR_USAGE, "a file is no spool");
	spool_close(NULL);
	spool_run_close(NULL);

	s = open_spool();
	ok(spool_run_open(s, "latest", true, &r, &e) == -1 && e.code == ERR_USAGE, "no run id");
	ok(spool_run_open(s, "../etc", true, &r, &e) == -1 && e.code == ERR_USAGE, "no way out");
	ok(spool_run_open(s, RUN, false, &r, &e) == -1 && e.code == ERR_NO_RUN && !exists("spool/" RUN),
	    "a run that is not there");
	ok(spool_run_open(s, RUN, true, &r, &e) == 0 && exists("spool/" RUN),
	    "it is made when that is wanted");
	is_str(spool_run_id(r), RUN, "its id");
	spool_run_close(r);
	touch("spool/20261120T231816Z-000001");
	ok(spool_run_open(s, "20261120T231816Z-000001", false, &r, &e) == -1 && e.code == ERR_NO_RUN,
	    "a file is no run");
	ok(unlink(at("spool/20261120T231816Z-000001")) == 0, "the file is gone");
	spool_close(s);
}

static void
test_list(void)
{
	static const char *const ids[] = { "20251231T235959Z-ffffff", RUN, "20270101T000000Z-000000",
	    "20270101T000000Z-000001" };
	static const char *const strange[] = { "lost+found", "20261120T231816Z-9f3a1",
	    "20261120T231816Z-9F3A1C", ".20261120T231816Z-9f3a1c",
		"20261120T231816Z-9f3a1c.part", "20261120T231816Z-9f3a1c~" };
	struct spool *s = open_spool();
	spool_id *runs = NULL;
	size_t n = 0;
	struct err e;

	ok(rmdir(at("spool/" RUN)) == 0 && spool_runs(s, &runs, &n, &e) == 0 && n == 0,
	    "an empty spool has no runs");
	free(runs);
	for (size_t i = 0; i < GPM_ARRAY_LEN(strange); i++) {
		char *name = mem_printf("spool/%s", strange[i]);

		make_dir(name);
		free(name);
	}
	touch("spool/spool.lock");
	ok(spool_runs(s, &runs, &n, &e) == 0 && n == 0, "foreign names are no runs");
	free(runs);
	for (size_t i = 0; i < 4; i++) {
		char *name = mem_printf("spool/%s", ids[(i * 3 + 2) % 4]);

		make_dir(name);
		free(name);
	}
	ok(spool_runs(s, &runs, &n, &e) == 0, "the runs");
	is_u64(n, 4, "all of them");
	for (size_t i = 0; i < n && i < 4; i++)
		is_str(runs[i], ids[i], "oldest first");
	free(runs);
	ok(rename(at("spool"), at("moved")) == 0 && spool_runs(s, &runs, &n, &e) == -1,
	    "a spool that went away is no empty one");
	ok(rename(at("moved"), at("spool")) == 0, "it is back");
	spool_close(s);
}

/* --- locks --- */

enum which { SPOOL_LOCK, EXPORT_LOCK, PUSH_LOCK };

static int
take(struct spool *s, struct spool_run *r, enum which which, struct err *e)
{
	return which == SPOOL_LOCK ? spool_lock(s, e) : spool_run_lock(r,
	    which == EXPORT_LOCK ? "export" : "push", e);
}

/* A child that takes the lock by handles of its own, says so, and holds it until it is killed or FD is
 * closed.  Its exit status is 0 when it had the lock, else the error's code. */
static pid_t
holder(enum which which, int *said, int *let_go)
{
	int up[2], down[2];
	pid_t pid;

	if (pipe(up) != 0 || pipe(down) != 0)
		return -1;
	if ((pid = fork()) == 0) {
		struct spool_run *r;
		struct spool *s;
		struct err e;
		char c;

		/* a lock of the parent's would be this process's too as long as it had the file open */
		if (dup2(down[0], 0) != 0 || dup2(up[1], 1) != 1 || close_range(3, ~0U, 0) != 0)
			_exit(100);
		s = open_spool();
		if (spool_run_open(s, RUN, true, &r, &e) < 0 || take(s, r, which, &e) < 0)
			_exit((int)e.code);
		if (write(1, "+", 1) == 1 && read(0, &c, 1) == 0)
			spool_run_close(r);
		spool_close(s);
		_exit(0);
	}
	close(up[1]);
	close(down[0]);
	*said = up[0];
	*let_go = down[1];
	return pid;
}

static bool
has_it(int said)
{
	char c;

	return read(said, &c, 1) == 1;
}

static int
status_of(pid_t pid)
{
	int status = -1;

	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* Is the lock free for another process? */
static bool
is_free(enum which which)
{
	int said, let_go, status;
	pid_t pid = holder(which, &said, &let_go);
	bool had = has_it(said);

	close(let_go);
	close(said);
	status = status_of(pid);
	if (had != (status == 0) || (status != 0 && status != ERR_LOCKED))
		printf("# status %d\n", status);
	return had && status == 0;
}

static void
test_run_locks(void)
{
	struct spool *s = open_spool();
	struct spool_run *r, *again;
	struct err e;
	int said, let_go;
	pid_t pid;

	ok(spool_run_open(s, RUN, true, &r, &e) == 0 && spool_run_lock(r, "export", &e) == 0,
	    "the export's lock");
	ok(!is_free(EXPORT_LOCK), "no other process gets it");
	ok(is_free(PUSH_LOCK), "but the push's");
	ok(spool_run_open(s, RUN, false, &again, &e) == 0 && spool_run_lock(again, "export", &e) == -1 &&
	    e.code == ERR_LOCKED,
	    "nor another handle of this process");
	has_str(e.text, RUN "/export.lock", "the message names the lock");
	ok(err_is_transient(&e), "it may be free later");
	spool_run_close(again);
	ok(!is_free(EXPORT_LOCK), "a handle that did not get it does not drop it");
	ok(spool_run_lock(r, "push", &e) == 0 && !is_free(PUSH_LOCK), "one handle can hold both");
	ok(exists("spool/" RUN "/export.lock"), "the file is there");
	spool_run_close(r);
	ok(is_free(EXPORT_LOCK) && is_free(PUSH_LOCK), "closed, they are free");
	ok(exists("spool/" RUN "/export.lock"), "the file stays");

	pid = holder(PUSH_LOCK, &said, &let_go);
	ok(has_it(said), "another process has the lock");
	ok(spool_run_open(s, RUN, false, &r, &e) == 0 && spool_run_lock(r, "push", &e) == -1 &&
	    e.code == ERR_LOCKED, "it keeps us out");
	kill(pid, SIGKILL);
	is_u64((uint64_t)status_of(pid), (uint64_t)-1, "it is killed");
	ok(spool_run_lock(r, "push", &e) == 0, "its lock died with it");
	spool_run_close(r);
	close(said);
	close(let_go);
	spool_close(s);
}

static void
test_spool_lock(void)
{
	struct spool *s = open_spool();
	struct err e;
	int said, let_go;
	struct pollfd early;
	char c;
	pid_t pid;

	ok(spool_lock(s, &e) == 0, "the spool's lock");
	pid = holder(SPOOL_LOCK, &said, &let_go);
	early = (struct pollfd){ .fd = said, .events = POLLIN };
	is_u64((uint64_t)poll(&early, 1, 100), 0, "another process does not get it");
	spool_unlock(s);
	ok(has_it(said), "and gets it when it is dropped");
	close(let_go);
	is_u64((uint64_t)status_of(pid), 0, "it ends well");
	ok(read(said, &c, 1) == 0, "having said so once");
	ok(spool_lock(s, &e) == 0, "the lock can be taken again");
	spool_close(s);
	ok(is_free(SPOOL_LOCK), "closing the spool drops it");
	close(said);
}

/* --- files --- */

#define OTHER "20300101T000000Z-000001" /* nobody locked it */

static void
test_files(void)
{
	struct spool *s = open_spool();
	struct spool_run *r;
	struct err e;
	char *path;

	ok(spool_run_open(s, OTHER, true, &r, &e) == 0, "a run");
	path = spool_run_path(r, "schema/pre-data.sql");
	is_str(path, at("spool/" OTHER "/schema/pre-data.sql"), "a path in it");
	free(path);
	ok(spool_run_make_dirs(r, "data/l/a1/b0001/000001.csv", &e) == 0 &&
	    exists("spool/" OTHER "/data/l/a1/b0001"), "folders for a key");
	ok(!exists("spool/" OTHER "/data/l/a1/b0001/000001.csv"), "not the file itself");
	ok(spool_run_make_dirs(r, "manifest.jsonl", &e) == 0 && !exists("spool/" OTHER "/manifest.jsonl"),
	    "a key that needs none");
	touch("spool/" OTHER "/data/l/a1/b0001/000001.csv");
	make_dir("spool/" OTHER "/data/l/a1/b0002");
	ok(spool_run_remove(r, "data/l/a1/b0001/000001.csv", &e) == 0 &&
	    !exists("spool/" OTHER "/data/l/a1/b0001/000001.csv"),
	    "a file is removed");
	ok(spool_run_remove(r, "data/l/a1/b0001/000001.csv", &e) == 0, "an absent one is no error");
	ok(spool_run_remove(r, "data", &e) == 0 && !exists("spool/" OTHER "/data"), "nor are folders left");
	ok(spool_run_make_dirs(r, "data/l/a1/x", &e) == 0, "and they can be made again");
	ok(spool_run_begin_dirs(r, "data/m/a1/b0001/000001.csv", &e) == 0 && exists("spool/" OTHER "/data/m/a1/b0001"),
	    "folders that are synced later");
	ok(spool_run_sync_dirs(r, "data/m/a1/b0001/000001.csv", &e) == 0, "now");
	ok(spool_run_sync_dirs(r, "data/n/a1/b0001/000001.csv", &e) == -1, "but not those that nobody made");
	ok(spool_run_sync_dirs(r, "manifest.jsonl", &e) == 0, "nor is there one to sync for a key that needs none");
	make_dir("outside");
	touch("outside/precious");
	touch("spool/" OTHER "/data/l/a1/x");
	ok(symlink(at("outside"), at("spool/" OTHER "/data/l/link")) == 0, "a link out of the spool");
	ok(spool_run_remove(r, "data", &e) == 0 && !exists("spool/" OTHER "/data"),
	    "a folder is removed with all in it");
	ok(exists("outside/precious"), "and nothing outside");
	spool_run_close(r);
	spool_close(s);
}

int
main(void)
{
	tmpdir_make();
	test_open();
	test_list();
	test_run_locks();
	test_spool_lock();
	test_files();
	tmpdir_remove();
	return tap_done();
}
