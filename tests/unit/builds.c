/* Goal of this test: which statements build indexes, what may run beside what, in which order, and what happens
 * when one fails or has to be done again. */
#include "prelude.h"

#include <pthread.h>

#include "builds.h"
#include "err.h"
#include "tap.h"

/* --- which statements ------------------------------------------------------------------------ */

static void
builds(const char *text, enum sql_build want, const char *table)
{
	struct sql_statement s = { .text = text, .len = strlen(text) };
	const char *name = "";
	size_t len = 0;
	enum sql_build got = sqlsplit_builds(&s, &name, &len);

	ok(got == want && (table == NULL || (strlen(table) == len && memcmp(name, table, len) == 0)), "%s", text);
}

static void
test_kinds(void)
{
	builds("CREATE INDEX i ON sales.lines USING btree (sku)", SQL_BUILDS_INDEX, "sales.lines");
	builds("CREATE UNIQUE INDEX \"I x\" ON ONLY \"Odd \"\"S\"\"\".\"T. t\" (a)", SQL_BUILDS_INDEX, "\"Odd \"\"S\"\"\".\"T. t\"");
	builds("create /* c */ index i\ton t(a)", SQL_BUILDS_INDEX, "t");
	builds("ALTER TABLE ONLY sales.lines\tADD CONSTRAINT lines_pkey PRIMARY KEY (id)", SQL_BUILDS_CONSTRAINT, "sales.lines");
	builds("ALTER TABLE s.t ADD CONSTRAINT u UNIQUE (a)", SQL_BUILDS_CONSTRAINT, "s.t");
	builds("ALTER TABLE ONLY s.t ADD CONSTRAINT x EXCLUDE USING gist (a WITH &&)", SQL_BUILDS_CONSTRAINT, "s.t");
	builds("ALTER TABLE ONLY s.t ADD CONSTRAINT f FOREIGN KEY (a) REFERENCES s.u(a)", SQL_BUILDS_NOTHING, NULL);
	builds("ALTER TABLE ONLY s.t ADD CONSTRAINT c CHECK (a > 0) NOT VALID", SQL_BUILDS_NOTHING, NULL);
	builds("ALTER TABLE ONLY s.t REPLICA IDENTITY USING INDEX i", SQL_AFTER_BUILDS, NULL);
	builds("ALTER TABLE s.t CLUSTER ON i", SQL_AFTER_BUILDS, NULL);
	builds("COMMENT ON CONSTRAINT c ON s.t IS 'x'", SQL_AFTER_BUILDS, NULL);
	builds("ALTER TABLE s.t ENABLE TRIGGER x", SQL_BUILDS_NOTHING, NULL);
	builds("ALTER INDEX s.i ATTACH PARTITION s.j", SQL_BUILDS_NOTHING, NULL);
	builds("CREATE INDEX CONCURRENTLY i ON s.t (a)", SQL_BUILDS_NOTHING, NULL);
	builds("CREATE INDEX", SQL_BUILDS_NOTHING, NULL);
	builds("CREATE UNIQUE", SQL_BUILDS_NOTHING, NULL);
	builds("ALTER TABLE", SQL_BUILDS_NOTHING, NULL);
	builds("ALTER TABLE ONLY", SQL_BUILDS_NOTHING, NULL);
	builds("CREATE TRIGGER index ON s.t", SQL_BUILDS_NOTHING, NULL);
	builds("COMMENT ON INDEX s.i IS 'CREATE INDEX i ON s.t'", SQL_AFTER_BUILDS, NULL);
	builds("", SQL_BUILDS_NOTHING, NULL);
}

/* --- what may run beside what ---------------------------------------------------------------- */

/* Statements are told apart by their numbers; each waits at a gate until it is let through. */
static struct {
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	bool closed;
	unsigned passes;         /* the one statement that a closed gate lets through, or 0 */
	unsigned running[32], ended[32];
	unsigned order[32], norder;
	unsigned fails, again;   /* these fail, or are to be done again alone; 0: none */
	bool was_alone;
	unsigned beside;         /* of the table of AGAIN, when it ran alone */
} seen = { .mutex = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER };

static int
run_one(void *ctx, unsigned lane, const struct sql_statement *s, bool alone, struct err *e)
{
	unsigned i = (unsigned)s->number;
	int rc = 0;

	(void)ctx;
	(void)lane;
	pthread_mutex_lock(&seen.mutex);
	if (alone) {
		seen.was_alone = true;
		seen.beside = seen.running[1] + seen.running[2] + seen.running[3];
	}
	seen.running[i]++;
	seen.order[seen.norder++] = i;
	pthread_cond_broadcast(&seen.changed);
	while (seen.closed && seen.passes != i)
		pthread_cond_wait(&seen.changed, &seen.mutex);
	seen.running[i]--;
	if (i == seen.again && !alone) {
		rc = 1;
	} else {
		seen.ended[i]++;
	}
	pthread_cond_broadcast(&seen.changed);
	pthread_mutex_unlock(&seen.mutex);
	return i == seen.fails ? err_set(e, ERR_TEMPORARY, "statement %u", i) : rc;
}

/* "big" is larger than all others. */
static uint64_t
size_of(void *ctx, const char *table)
{
	(void)ctx;
	return strcmp(table, "big") == 0 ? 1000 : 10;
}

static void
let_pass(unsigned i)
{
	pthread_mutex_lock(&seen.mutex);
	seen.passes = i;
	pthread_cond_broadcast(&seen.changed);
	while (seen.ended[i] == 0)
		pthread_cond_wait(&seen.changed, &seen.mutex);
	seen.passes = 0;
	pthread_mutex_unlock(&seen.mutex);
}

static void
wait_until_runs(unsigned i)
{
	pthread_mutex_lock(&seen.mutex);
	while (seen.running[i] == 0)
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
add(struct builds *b, unsigned number, const char *text)
{
	struct sql_statement s = { .text = text, .len = strlen(text), .number = number };

	if (!builds_add(b, &s))
		ok(false, "added: %s", text);
}

static void
reset(bool closed)
{
	memset(seen.running, 0, sizeof(seen.running));
	memset(seen.ended, 0, sizeof(seen.ended));
	seen.norder = 0;
	seen.closed = closed;
	seen.passes = seen.fails = seen.again = 0;
	seen.was_alone = false;
}

static struct err error;

static void *
run_all(void *b)
{
	return builds_run(b, &error) == 0 ? NULL : &error;
}

static unsigned
runs(unsigned i)
{
	unsigned n;

	pthread_mutex_lock(&seen.mutex);
	n = seen.running[i];
	pthread_mutex_unlock(&seen.mutex);
	return n;
}

static void
test_table(void)
{
	struct builds *b = builds_new(8, run_one, size_of, NULL);
	pthread_t thread;
	void *rc;

	reset(true);
	add(b, 1, "ALTER TABLE t ADD CONSTRAINT p PRIMARY KEY (a)");
	add(b, 2, "CREATE INDEX i ON t (a)");
	add(b, 3, "CREATE INDEX j ON t (b)");
	add(b, 4, "ALTER TABLE t ADD CONSTRAINT u UNIQUE (b)");
	add(b, 6, "COMMENT ON INDEX i IS ''");
	add(b, 5, "CREATE INDEX k ON other (b)");
	add(b, 7, "ALTER TABLE t CLUSTER ON i");
	pthread_create(&thread, NULL, run_all, b);
	wait_until_runs(1);
	wait_until_runs(5);
	ok(runs(2) + runs(3) + runs(4) == 0, "the rest of a table waits for its constraint, another table does not");
	let_pass(1);
	wait_until_runs(2);
	wait_until_runs(3);
	ok(runs(4) == 0, "indexes of a table are built beside each other, a constraint waits for them");
	let_pass(2);
	ok(runs(4) == 0, "for all of them");
	let_pass(3);
	wait_until_runs(4);
	open_gate();
	pthread_join(thread, &rc);
	ok(rc == NULL && seen.norder == 7, "each is done once");
	ok(seen.order[5] == 6 && seen.order[6] == 7, "what may wait comes last, in its order");

	reset(false);
	ok(builds_run(b, &error) == 0 && seen.norder == 0, "nothing is left");
	builds_free(b);
}

static void
test_size(void)
{
	struct builds *b = builds_new(2, run_one, size_of, NULL);
	pthread_t thread;
	void *rc;

	reset(true);
	add(b, 1, "CREATE INDEX i ON small (a)");
	add(b, 2, "CREATE INDEX i ON big (a)");
	add(b, 3, "CREATE INDEX i ON middle (a)");
	pthread_create(&thread, NULL, run_all, b);
	wait_until_runs(2);
	wait_until_runs(1);
	ok(runs(3) == 0, "the largest table first, then in their order, no more than there are lanes");
	open_gate();
	pthread_join(thread, &rc);
	ok(rc == NULL && seen.ended[3] == 1, "and the last");
	builds_free(b);
}

static void
test_failure(void)
{
	struct builds *b = builds_new(1, run_one, size_of, NULL);

	reset(false);
	seen.fails = 2;
	add(b, 1, "CREATE INDEX i ON t (a)");
	add(b, 2, "CREATE INDEX j ON t (a)");
	add(b, 3, "CREATE INDEX k ON t (a)");
	ok(builds_run(b, &error) < 0 && error.code == ERR_TEMPORARY, "a statement ends all of them");
	ok(seen.norder == 2, "nothing begins after it");
	reset(false);
	ok(builds_run(b, &error) == 0 && seen.norder == 0, "what was not begun is forgotten");
	builds_free(b);
}

static void
test_again(void)
{
	struct builds *b = builds_new(3, run_one, size_of, NULL);
	pthread_t thread;
	void *rc;

	reset(true);
	seen.again = 2;
	add(b, 1, "CREATE INDEX i ON t (a)");
	add(b, 2, "CREATE INDEX j ON t (a)");
	add(b, 3, "CREATE INDEX k ON t (a)");
	add(b, 4, "CREATE INDEX l ON t (a)");
	pthread_create(&thread, NULL, run_all, b);
	wait_until_runs(1);
	wait_until_runs(2);
	wait_until_runs(3);
	pthread_mutex_lock(&seen.mutex);
	seen.passes = 2; /* its first try; the second is let through as well */
	pthread_cond_broadcast(&seen.changed);
	while (seen.running[2] > 0)
		pthread_cond_wait(&seen.changed, &seen.mutex);
	pthread_mutex_unlock(&seen.mutex);
	open_gate();
	pthread_join(thread, &rc);
	ok(rc == NULL && seen.was_alone && seen.beside == 0, "what is to be done again waits until nothing runs on its table");
	ok(seen.norder == 5 && seen.ended[1] + seen.ended[2] + seen.ended[3] + seen.ended[4] == 4, "each is done");
	builds_free(b);
}

int
main(void)
{
	test_kinds();
	test_table();
	test_size();
	test_failure();
	test_again();
	return tap_done();
}
