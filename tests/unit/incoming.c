/* Goal of this test: a file of rows that came in is whole and safe, or the segment is told; what several threads write at once stays
 * below the limit; and who waits for room does so no longer than his file is there.
 *
 * close and write are this test's own, which may fail, or stand. */
#include "prelude.h"

#include <errno.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "err.h"
#include "incoming.h"
#include "opt.h"
#include "tap.h"
#include "tmpdir.h"

#define NAME "gpm-20261120T231816Z-9f3a1c-000001-sales.lines-a1-0.csv"
#define BODY 700 /* bytes, whose write stands */
#define OTHER "gpm-20261120T231816Z-9f3a1c-000002-sales.odd-a1-0.csv"

static bool failing, standing, stands;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;

int
close(int fd)
{
	int rc = (int)syscall(SYS_close, fd);

	if (rc == 0 && failing) {
		errno = EDQUOT;
		return -1;
	}
	return rc;
}

ssize_t
write(int fd, const void *data, size_t len)
{
	pthread_mutex_lock(&mutex);
	if (standing && len == BODY) {
		stands = true;
		pthread_cond_broadcast(&changed);
		while (standing)
			pthread_cond_wait(&changed, &mutex);
	}
	pthread_mutex_unlock(&mutex);
	return syscall(SYS_write, fd, data, len);
}

static struct incoming *
start(const char *folder, const char *limit, unsigned wait)
{
	const struct opt_tool_info info = { .tool = OPT_EXPORT, .name = "gpm-export", .summary = "", .usage = "" };
	char program[] = "gpm-export", dir_option[] = "--segment-dir", limit_option[] = "--spool-limit", *dir = mem_str(at(folder)),
	    *size = mem_str(limit);
	char *argv[] = { program, dir_option, dir, limit_option, size, NULL };
	struct opts *opts = NULL;
	struct incoming *d = NULL;
	struct err e;

	if (opt_parse(&info, 5, argv, &opts, &e) != 0 || incoming_open(opts, wait, &d, &e) < 0 || incoming_create(d, NAME, &e) != 1 ||
	    incoming_create(d, OTHER, &e) != 1) {
		printf("Bail out! %s\n", e.text);
		exit(99);
	}
	opt_free(opts);
	free(dir);
	free(size);
	return d;
}

struct body {
	struct incoming *d;
	struct err e;
	int rc;
	char rows[BODY];
};

static void *
append(void *arg)
{
	struct body *b = arg;

	b->rc = incoming_append(b->d, NAME, b->rows, sizeof(b->rows), &b->e);
	return NULL;
}

static void
test_close(void)
{
	struct incoming *d = start("close", "0", 1);
	struct err e;

	ok(incoming_append(d, NAME, "1\n", 2, &e) == 0 && incoming_sync(d, NAME, &e) == 0, "rows");
	failing = true;
	ok(incoming_append(d, NAME, "1\n", 2, &e) == -1, "a close that fails: rows are not taken");
	has_str(e.text, "quota", "it is told why");
	ok(incoming_sync(d, NAME, &e) == -1, "nor are they safe");
	failing = false;
	incoming_close(d);
}

/* Rows that were given room, and are not in the file yet, while another thread looks what is there. */
static void
test_under_way(void)
{
	struct incoming *d = start("under-way", "1000", 0);
	struct body b = { .d = d };
	pthread_t thread;
	struct err e;

	standing = true;
	if (pthread_create(&thread, NULL, append, &b) != 0)
		exit(99);
	pthread_mutex_lock(&mutex);
	while (!stands)
		pthread_cond_wait(&changed, &mutex);
	pthread_mutex_unlock(&mutex);
	ok(incoming_append(d, OTHER, b.rows, 400, &e) == -1 && e.code == ERR_LIMIT, "what is under way has its room");
	ok(incoming_append(d, OTHER, b.rows, 300, &e) == 0, "what is left another may have");
	pthread_mutex_lock(&mutex);
	standing = false;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&mutex);
	pthread_join(thread, NULL);
	ok(b.rc == 0, "it is taken");
	ok(incoming_append(d, OTHER, b.rows, 1, &e) == -1 && e.code == ERR_LIMIT, "then it is full");
	unlink(at("under-way/" NAME));
	ok(incoming_append(d, OTHER, b.rows, 700, &e) == 0, "until something is taken away");
	incoming_close(d);
}

/* A newer attempt removed the file of the one that waits, and waits for its end. */
static void
test_over(void)
{
	struct incoming *d = start("over", "500", 3600);
	struct body b = { .d = d };
	pthread_t thread;

	if (pthread_create(&thread, NULL, append, &b) != 0)
		exit(99);
	usleep(100000);
	unlink(at("over/" NAME));
	pthread_join(thread, NULL);
	ok(b.rc == -1, "who waits for room ends when his attempt is over");
	has_str(b.e.text, NAME, "it is told which");
	incoming_close(d);
}

int
main(void)
{
	tmpdir_make();
	test_close();
	test_under_way();
	test_over();
	tmpdir_remove();
	return tap_done();
}
