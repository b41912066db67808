/* Goal of this test: an export that died anywhere around the beginning of an attempt, however often, leaves no file of
 * an earlier attempt behind once a later one has begun. */
#include "prelude.h"

#include "atomic.h"
#include "err.h"
#include "state.h"
#include "tap.h"
#include "tmpdir.h"

#define RUN "20261120T231816Z-9f3a1c"
#define TABLE "spool/" RUN "/data/000001-public.t"

static struct spool *spool;

/* The run as an export finds it that is started anew, with its one table listed. */
static struct state *
start(void)
{
	struct rec_moment moment = { .scope = mem_str("run"), .time = mem_str("20261120T231816Z") };
	struct rec_table table = { .schema = mem_str("public"), .name = mem_str("t"), .kind = mem_str("table"),
		.encoding = mem_str("UTF8"), .dialect = json_object() };
	struct state *s = NULL;
	struct err e;

	if (state_open(spool, RUN, true, &s, &e) < 0 || state_begin_listing(s, &moment, &e) < 0 || state_list(s, &table, &e) < 0) {
		printf("Bail out! %s\n", e.text);
		exit(99);
	}
	record_free_fields(REC_MOMENT, &moment);
	return s;
}

static void
write_rows(const char *name)
{
	char *folder = mem_printf("%s/%s/b0001", TABLE, name), *file = mem_printf("%s/000001.csv.part", folder);
	struct err e;

	if (file_mkdirs(at(folder), &e) < 0 || atomic_write_file(at(file), "1\n", 2, &e) < 0)
		printf("# %s\n", e.text);
	free(folder);
	free(file);
}

static void
begin(struct state *s, const char *what)
{
	struct err e = { 0 };

	ok(state_begin_attempt(s, s->tables[0], "copy", &e) == 0, "%s begins %s", what, e.text);
}

/* Killed after the line of an attempt was written and before files went: the line is there and so are they. */
static void
test_killed_before_files_went(void)
{
	struct state *s = start();

	begin(s, "attempt 1");
	write_rows("a1");
	state_close(s);

	s = start();
	begin(s, "attempt 2");
	ok(!exists(TABLE "/a1"), "the files of attempt 1 went");
	state_close(s);
	write_rows("a1");

	s = start();
	ok(s->tables[0]->attempts == 2, "2 attempts are known");
	begin(s, "attempt 3");
	ok(!exists(TABLE "/a1"), "files of attempt 1 that attempt 2 had no time for go with attempt 3");
	state_close(s);
}

/* The line of attempt 4 was lost with the power, its files were not. */
static void
test_files_without_a_line(void)
{
	struct state *s = start();

	write_rows("a4");
	begin(s, "attempt 4");
	ok(!exists(TABLE "/a4"), "files under its own number are not taken for its own");
	state_close(s);
}

int
main(void)
{
	struct err e;

	tmpdir_make();
	ok(spool_open(at("spool"), true, &spool, &e) == 0, "a spool");
	test_killed_before_files_went();
	test_files_without_a_line();
	spool_close(spool);
	tmpdir_remove();
	return tap_done();
}
