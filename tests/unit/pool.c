/* Goal of this test: a pool does every job once, stops at the first error, frees what it does not begin,
 * and ends all its threads. */
#include "prelude.h"

#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "err.h"
#include "pool.h"
#include "stop.h"
#include "tap.h"

#define JOBS 2000

struct job {
	unsigned number;
	bool fails;
};

/* What the workers see.  A gate that is closed holds them where they are. */
static struct {
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	unsigned runs[JOBS];    /* how often each job was done */
	unsigned drops[JOBS];   /* and how often dropped */
	pthread_t worker[64];   /* who a worker is */
	bool known[64];
	bool strange;           /* a worker's number is out of range or somebody else's */
	unsigned inside, begun;
	bool closed;
	unsigned passes;        /* the one job that a closed gate lets through */
} seen = { .mutex = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER };

static unsigned workers;

static void
reset(unsigned n, bool closed)
{
	memset(seen.runs, 0, sizeof(seen.runs));
	memset(seen.drops, 0, sizeof(seen.drops));
	memset(seen.known, 0, sizeof(seen.known));
	seen.strange = false;
	seen.inside = seen.begun = 0;
	seen.closed = closed;
	seen.passes = JOBS;
	workers = n;
}

static struct job *
new_job(unsigned number, bool fails)
{
	struct job *j = mem_alloc(sizeof(*j));

	j->number = number;
	j->fails = fails;
	return j;
}

static int
work(void *ctx, unsigned worker, void *arg, struct err *e)
{
	struct job *j = arg;
	int rc = 0;

	pthread_mutex_lock(&seen.mutex);
	if (worker >= workers || ctx != &seen || (seen.known[worker] && !pthread_equal(seen.worker[worker],
	    pthread_self())))
		seen.strange = true;
	if (worker < GPM_ARRAY_LEN(seen.worker)) {
		seen.worker[worker] = pthread_self();
		seen.known[worker] = true;
	}
	seen.runs[j->number]++;
	seen.inside++;
	seen.begun++;
	pthread_cond_broadcast(&seen.changed);
	while (seen.closed && seen.passes != j->number)
		pthread_cond_wait(&seen.changed, &seen.mutex);
	seen.inside--;
	pthread_mutex_unlock(&seen.mutex);
	if (j->fails)
		rc = err_set(e, ERR_DIFFERS, "job %u failed", j->number);
	free(j);
	return rc;
}

static void
drop(void *arg)
{
	struct job *j = arg;

	pthread_mutex_lock(&seen.mutex);
	seen.drops[j->number]++;
	pthread_mutex_unlock(&seen.mutex);
	free(j);
}

static void
wait_until_begun(unsigned n)
{
	pthread_mutex_lock(&seen.mutex);
	while (seen.begun < n)
		pthread_cond_wait(&seen.changed, &seen.mutex);
	pthread_mutex_unlock(&seen.mutex);
}

static void
open_gate(void)
{
	pthread_mutex_lock(&seen.mutex);
	seen.closed = false;
	pthread_cond_broadcast(&seen.changed);
	pthread_mutex_unlock(&seen.mutex);
}

static void
let_pass(unsigned number)
{
	pthread_mutex_lock(&seen.mutex);
	seen.passes = number;
	pthread_cond_broadcast(&seen.changed);
	pthread_mutex_unlock(&seen.mutex);
}

/* Jobs that were neither done nor dropped, or more than once. */
static unsigned
astray(unsigned n)
{
	unsigned bad = 0;

	for (unsigned i = 0; i < n; i++)
		bad += seen.runs[i] + seen.drops[i] != 1;
	return bad;
}

static unsigned
sum(const unsigned *list)
{
	unsigned n = 0;

	for (size_t i = 0; i < JOBS; i++)
		n += list[i];
	return n;
}

static void
test_all(unsigned n)
{
	struct pool *p;
	struct err e;
	int rc = 0;

	reset(n, false);
	p = pool_start(n, work, drop, &seen);
	for (unsigned i = 0; rc == 0 && i < JOBS; i++)
		rc = pool_put(p, new_job(i, false), &e);
	ok(rc == 0 && pool_finish(p, &e) == 0, "%u workers end well", n);
	ok(astray(JOBS) == 0 && sum(seen.drops) == 0, "every job was done once");
	ok(!seen.strange, "each by the thread of its worker's number");
}

static void
test_empty(void)
{
	struct err e;

	reset(3, false);
	ok(pool_finish(pool_start(3, work, NULL, &seen), &e) == 0, "a pool without jobs ends");
	pool_abort(pool_start(3, work, NULL, &seen));
	pool_abort(NULL);
	is_u64(sum(seen.runs), 0, "nothing was done");
}

/* Two workers are held, two jobs wait; then one of the held fails. */
static void
test_failure(void)
{
	struct pool *p;
	struct err e = { ERR_OK, "", "" };
	int rc = 0;

	reset(2, true);
	p = pool_start(2, work, drop, &seen);
	for (unsigned i = 0; rc == 0 && i < 4; i++) {
		rc = pool_put(p, new_job(i, i == 0), &e);
		if (i == 1)
			wait_until_begun(2);
	}
	ok(rc == 0, "as many jobs wait as there are workers");
	open_gate();
	rc = pool_put(p, new_job(4, false),
	    &e); /* taken or refused: a worker may be free before the failure */
	ok(rc == 0 || e.code == ERR_DIFFERS, "a put that races with the failure");
	ok(pool_finish(p, &e) == -1 && e.code == ERR_DIFFERS, "the pool ends with the error");
	is_str(e.text, "job 0 failed", "of the job that failed");
	ok(astray(5) == 0, "every job was done or dropped once");
	ok(seen.runs[0] == 1 && seen.runs[1] == 1, "what was begun was finished");
}

/* Two fail, one after the other: the first is told. */
static void
test_two_failures(void)
{
	struct pool *p;
	struct err e = { ERR_OK, "", "" };
	int rc = 0;

	reset(2, true);
	p = pool_start(2, work, drop, &seen);
	for (unsigned i = 0; rc == 0 && i < 4; i++) {
		rc = pool_put(p, new_job(i, i < 2), &e);
		if (i == 1)
			wait_until_begun(2);
	}
	ok(rc == 0, "two jobs are held, two wait");
	let_pass(1);
	ok(pool_put(p, new_job(4, false), &e) == -1, "the second fails");
	is_str(e.text, "job 1 failed", "and is told");
	open_gate();
	ok(pool_finish(p, &e) == -1 && seen.runs[0] == 1, "then the first, which was begun before");
	is_str(e.text, "job 1 failed", "the error that came first is the pool's");
	ok(astray(5) == 0, "every job was done or dropped once");
}

/* One worker: nothing is begun after a failure, whatever waits. */
static void
test_first_error_stops(void)
{
	struct pool *p;
	struct err e = { ERR_OK, "", "" };
	int rc;

	reset(1, true);
	p = pool_start(1, work, drop, &seen);
	rc = pool_put(p, new_job(0, true), &e);
	wait_until_begun(1);
	if (rc == 0)
		rc = pool_put(p, new_job(1, true), &e);
	ok(rc == 0, "a job is done, one waits");
	open_gate();
	rc = pool_put(p, new_job(2, false), &e);
	ok(rc == -1 && e.code == ERR_DIFFERS, "a third is refused");
	is_str(e.text, "job 0 failed", "with the worker's error");
	is_u64(seen.drops[2], 1, "and dropped at once");
	err_clear(&e);
	ok(pool_put(p, new_job(3, false), &e) == -1 && e.code == ERR_DIFFERS && seen.drops[3] == 1,
	    "so is a fourth");
	err_clear(&e);
	ok(pool_finish(p, &e) == -1 && e.code == ERR_DIFFERS, "the pool ends with the error");
	ok(seen.runs[0] == 1 && seen.runs[1] == 0 && seen.drops[1] == 1 && astray(4) == 0,
	    "what waited was dropped, not begun");
}

static void
test_abort(void)
{
	struct pool *p;
	struct err e;
	pthread_t late;
	int rc = 0;

	reset(2, true);
	p = pool_start(2, work, drop, &seen);
	for (unsigned i = 0; rc == 0 && i < 4; i++) {
		rc = pool_put(p, new_job(i, false), &e);
		if (i == 1)
			wait_until_begun(2);
	}
	ok(rc == 0, "two jobs are held, two wait");
	/* the gate opens some time after the abort has begun to wait, or before: both must do */
	rc = pthread_create(&late, NULL, (void *(*)(void *))(void (*)(void))open_gate, NULL);
	pool_abort(p);
	if (rc == 0)
		pthread_join(late, NULL);
	ok(seen.runs[0] == 1 && seen.runs[1] == 1 && seen.inside == 0, "those that were begun were finished");
	ok(astray(4) == 0, "the others done or dropped once");

	reset(1, false);
	p = pool_start(1, work, NULL, &seen);
	pool_abort(p);
	ok(true, "nothing to free, no function to free it");
}

/* Many jobs of which one fails, many times: every job ends somewhere, once. */
static void
test_storm(void)
{
	unsigned bad = 0, good_ends = 0;

	for (unsigned round = 0; round < 100; round++) {
		unsigned n = 1 + round % 8, put = 0, fails = round * 3 % 60;
		struct pool *p;
		struct err e;
		int rc = 0;

		reset(n, false);
		p = pool_start(n, work, drop, &seen);
		for (; rc == 0 && put < 50; put++)
			rc = pool_put(p, new_job(put, put == fails), &e);
		rc = pool_finish(p, &e);
		good_ends += rc == 0;
		bad += astray(put) + (rc == 0) != (seen.runs[fails] == 0) || seen.inside != 0;
		if (rc < 0)
			bad += e.code != ERR_DIFFERS;
	}
	is_u64(bad, 0, "jobs are neither lost nor done twice");
	ok(good_ends > 0 && good_ends < 100, "with and without a failure (%u)", good_ends);
}

/* In a process of its own, because a signal is not taken back. */
static void
test_signal(void)
{
	int status = -1;
	pid_t pid;

	fflush(stdout);
	if ((pid = fork()) == 0) {
		struct pool *p;
		struct err e = { ERR_OK, "", "" };
		int rc;

		stop_install();
		reset(1, false);
		p = pool_start(1, work, drop, &seen);
		rc = pool_put(p, new_job(0, false), &e);
		raise(SIGTERM);
		if (rc == 0 && pool_put(p, new_job(1, false), &e) == -1 && e.code == ERR_STOPPED &&
		    seen.drops[1] == 1 &&
		    pool_finish(p, &e) == 0 && astray(2) == 0)
			_exit(0);
		_exit(1);
	}
	waitpid(pid, &status, 0);
	is_u64((uint64_t)status, 0, "after a signal no job is taken, those that were are done");
}

int
main(void)
{
	static const unsigned sizes[] = { 1, 2, 7, 64 };

	for (size_t i = 0; i < GPM_ARRAY_LEN(sizes); i++)
		test_all(sizes[i]);
	test_empty();
	test_failure();
	test_two_failures();
	test_first_error_stops();
	test_abort();
	test_storm();
	test_signal();
	return tap_done();
}
