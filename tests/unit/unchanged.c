/* Goal of this test: gpm-export --base leaves a table to an earlier run only when nothing at all tells of another content or another shape; what
 * a run that went on at another moment says is of the moment in which the rows were read. */
#include "prelude.h"

#include "catalog.h"
#include "err.h"
#include "state.h"
#include "tap.h"
#include "tmpdir.h"
#include "unchanged.h"

#define BASE "20261120T231816Z-000001"
#define NEXT "20261120T231816Z-000002"

static struct spool *spool;

/* What the server says of each table; NULL: nothing. */
static struct change {
	const char *name, *change;
} changes[20];
static size_t nchanges;

int
catalog_changes(const struct catalog *c, struct db *db, const char *condition, catalog_change_fn *fn, void *ctx, struct err *e)
{
	(void)c;
	(void)db;
	(void)condition;
	for (size_t i = 0; i < nchanges; i++)
		if (changes[i].change != NULL && fn(ctx, "public", changes[i].name, changes[i].change, e) < 0)
			return -1;
	return 0;
}

/* A table as it is listed; what is 0 or NULL is as with all others. */
struct listed {
	const char *name, *change;
	uint64_t oid;
	const char *column, *type, *filter, *encoding, *null;
};

static void
must(int rc, const struct err *e)
{
	if (rc >= 0)
		return;
	printf("Bail out! %s\n", e->text);
	exit(99);
}

static const char *
or_else(const char *text, const char *usual)
{
	return text != NULL ? text : usual;
}

static struct state *
begin_run(const char *id, const char *base)
{
	struct state *s;
	struct err e;

	must(state_open(spool, id, true, &s, &e), &e);
	if (s->has_header)
		return s;
	s->header = (struct rec_run){
		.system = mem_str("Greenplum"), .server_version = mem_str("v"), .source_id = mem_str("1/1"), .database = mem_str("d"), .encoding = mem_str("UTF8"),
		.server_time = mem_str("t"), .digest = mem_str("gpm-row-1"), .base = mem_str(base), .settings = json_object(), .selection = json_object(),
	};
	s->has_header = true;
	must(journal_append(s->journal, REC_RUN, &s->header, NULL, &e), &e);
	return s;
}

static void
list(struct state *s, const struct listed *tables, size_t n)
{
	struct rec_moment moment = { .scope = mem_str("run"), .time = mem_str("t") };
	struct err e;

	must(state_begin_listing(s, &moment, &e), &e);
	record_free_fields(REC_MOMENT, &moment);
	nchanges = 0;
	for (size_t i = 0; i < n; i++) {
		const struct listed *l = &tables[i];
		struct rec_table rec = {
			.schema = mem_str("public"), .name = mem_str(l->name), .kind = mem_str("table"), .oid = l->oid != 0 ? l->oid : 17, .filter = mem_str(l->filter),
			.encoding = mem_str(or_else(l->encoding, "UTF8")), .dialect = json_pack("{ss}", "null", or_else(l->null, "")),
		};

		rec.columns.at = mem_array(1, sizeof(struct column));
		rec.columns.at[rec.columns.len++] = (struct column){ .name = mem_str(or_else(l->column, "a")), .type = mem_str(or_else(l->type, "integer")) };
		must(state_list(s, &rec, &e), &e);
		changes[nchanges++] = (struct change){ l->name, l->change };
	}
	must(unchanged_note(NULL, NULL, "", s, &e), &e);
}

static void
finish(struct state *s, const char *name, bool pieces, bool aggregates)
{
	struct table *t = state_find(s, "public", name);
	struct rec_done done = { .chunks = 3, .batches = 2, .rows = 30, .digest = { 5, 7 }, .plain_bytes = 99 };
	struct err e;

	if (pieces)
		numbers_add(&done.pieces, 0);
	if (aggregates)
		done.aggregates = json_object();
	must(state_begin_attempt(s, t, "gpfdist", &e), &e);
	must(state_finish_attempt(s, t, &done, &e), &e);
}

static void
end(struct state *s)
{
	struct err e;

	must(state_end(s, &e), &e);
	state_close(s);
}

/* Is NAME left to the base? */
static bool
is_left(struct state *s, const char *name)
{
	const struct table *t = state_find(s, "public", name);

	return t->is_done && t->done.base != NULL && strcmp(t->done.base, BASE) == 0;
}

#define CHANGED "1 2 2026-11-20"

static const struct listed before[] = {
	{ .name = "same", .change = CHANGED }, { .name = "written", .change = CHANGED }, { .name = "untold", .change = CHANGED }, { .name = "never", .change = NULL },
	{ .name = "other", .change = CHANGED, .oid = 18 }, { .name = "renamed", .change = CHANGED }, { .name = "retyped", .change = CHANGED },
	{ .name = "encoded", .change = CHANGED }, { .name = "spoken", .change = CHANGED }, { .name = "filtered", .change = CHANGED },
	{ .name = "part", .change = CHANGED, .filter = "WHERE a > 1" }, { .name = "shared", .change = CHANGED }, { .name = "failed", .change = CHANGED },
	{ .name = "late", .change = "0 2 2026-11-20" },
};
static const struct listed after[] = {
	{ .name = "same", .change = CHANGED }, { .name = "written", .change = "2 2 2026-11-20" }, { .name = "untold", .change = NULL }, { .name = "never", .change = CHANGED },
	{ .name = "other", .change = CHANGED, .oid = 19 }, { .name = "renamed", .change = CHANGED, .column = "b" }, { .name = "retyped", .change = CHANGED, .type = "text" },
	{ .name = "encoded", .change = CHANGED, .encoding = "LATIN1" }, { .name = "spoken", .change = CHANGED, .null = "\\N" },
	{ .name = "filtered", .change = CHANGED, .filter = "WHERE a > 1" }, { .name = "part", .change = CHANGED, .filter = "WHERE a > 1" }, { .name = "shared", .change = CHANGED },
	{ .name = "failed", .change = CHANGED }, { .name = "late", .change = CHANGED }, { .name = "new", .change = CHANGED },
};

static void
make_base(void)
{
	struct listed again[GPM_ARRAY_LEN(before)];
	struct state *s = begin_run(BASE, NULL);

	list(s, before, GPM_ARRAY_LEN(before));
	finish(s, "late", false, false);
	state_close(s);
	/* it goes on at another moment, in which somebody has written to what is out already */
	s = begin_run(BASE, NULL);
	memcpy(again, before, sizeof(again));
	again[GPM_ARRAY_LEN(before) - 1].change = CHANGED;
	list(s, again, GPM_ARRAY_LEN(again));
	ok(state_find(s, "public", "late")->is_done, "a table that is out stays out");
	for (size_t i = 0; i + 1 < GPM_ARRAY_LEN(before); i++)
		if (strcmp(before[i].name, "failed") != 0)
			finish(s, before[i].name, strcmp(before[i].name, "shared") == 0, false);
	end(s);
}

static void
test_each(void)
{
	struct state *s = begin_run(NEXT, BASE);
	const struct rec_done *d;
	struct err e;

	list(s, after, GPM_ARRAY_LEN(after));
	must(unchanged_take(s, false, spool, &e), &e);
	ok(is_left(s, "same"), "a table that is as it was is left");
	d = &state_find(s, "public", "same")->done;
	ok(d->chunks == 3 && d->batches == 2 && d->rows == 30 && d->digest.high + d->digest.low == 12 && d->plain_bytes == 99 && d->base_table == 1, "with its numbers");
	is_str(d->change, CHANGED, "and what the next one compares with");
	for (size_t i = 1; i < GPM_ARRAY_LEN(after); i++)
		ok(!is_left(s, after[i].name), "%s is read", after[i].name);
	state_close(s);
	s = begin_run(NEXT, BASE);
	ok(is_left(s, "same"), "the journal knows");
	list(s, after, GPM_ARRAY_LEN(after));
	ok(is_left(s, "same"), "also at another moment");
	state_close(s);
}

/* Settings, or what is measured, of the run ID. */
static void
differs(const char *id, bool measure, const char *setting, const char *what)
{
	struct state *s = begin_run(id, BASE);
	struct err e;

	json_object_set_new(s->header.settings, setting, json_string("x"));
	list(s, after, GPM_ARRAY_LEN(after));
	must(unchanged_take(s, measure, spool, &e), &e);
	ok(!is_left(s, "same"), "%s: the table is read", what);
	state_close(s);
}

/* The base was removed from the spool since the run began. */
static void
test_lost(void)
{
	struct state *s = begin_run("20261120T231816Z-000005", "20261120T231816Z-000000");
	struct err e;

	list(s, after, GPM_ARRAY_LEN(after));
	ok(unchanged_take(s, false, spool, &e) == 0, "without its base a run goes on");
	ok(!state_find(s, "public", "same")->is_done, "and reads every table");
	state_close(s);
}

int
main(void)
{
	struct err e;

	tmpdir_make();
	must(spool_open(at("spool"), true, &spool, &e), &e);
	make_base();
	test_each();
	differs("20261120T231816Z-000003", true, "a", "aggregates that the base has not");
	differs("20261120T231816Z-000004", false, "DateStyle", "other settings");
	test_lost();
	spool_close(spool);
	tmpdir_remove();
	return tap_done();
}
