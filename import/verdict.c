/* verdict.c -- is every row there? */
#include "prelude.h"

#include <inttypes.h>
#include <pthread.h>

#include "aggregates.h"
#include "content.h"
#include "err.h"
#include "keyset.h"
#include "left_over.h"
#include "ledger.h"
#include "opt.h"
#include "parse.h"
#include "pool.h"
#include "session.h"
#include "stop.h"
#include "unchecked.h"
#include "units.h"
#include "verdict.h"

/* What is compared: the number of rows; and the aggregates of their columns; or the rows themselves. */
enum level { BY_COUNT, BY_AGGREGATES, BY_CONTENT, LEVELS };

static const char *const level_names[LEVELS] = { "count", "aggregates", "content" };
static const char unchecked_words[] = "verified by count, NOT content-checked";
static const char *const level_words[LEVELS] = { "verified", "verified by aggregates", "verified by content" };

#define UNKNOWN (-1)

struct judging {
	const struct opts *opts;
	struct run *run;
	const struct entered *entered; /* NULL: nothing was loaded now */
	struct report *report;
	enum level level;
	struct db **sessions;  /* a worker's, opened at its first table */
	struct pool *pool;
	struct content *content; /* BY_CONTENT */
	struct keyset *roots;  /* through which rows went */
	size_t nroots;
	struct units units;    /* what is known of them; under the mutex */
	bool print;
	verdict_tell_fn *tell; /* NULL: nobody */
	void *ctx;             /* its */
	pthread_mutex_t mutex; /* over tell and what follows */
	size_t verified, unchecked;
	int any_unchecked;     /* UNKNOWN, 0, 1 */
	uint64_t rows;
};

/* A line on stdout. */
static void
print_line(const struct verdict_line *l)
{
	char count[FORMAT_SIZE_LEN], *full = mem_printf("%s.%s", l->schema, l->name);

	printf("%-48s %16s  %s\n", full, format_count(l->rows, count), l->state);
	free(full);
}

static void
tell(struct judging *j, const struct verdict_line *l)
{
	pthread_mutex_lock(&j->mutex);
	if (l->good) {
		j->verified++;
		j->unchecked += l->unchecked;
		j->rows += l->rows;
	}
	if (j->print)
		print_line(l);
	if (j->tell != NULL)
		j->tell(j->ctx, l);
	pthread_mutex_unlock(&j->mutex);
}

static enum level
level_of(const struct opts *opts)
{
	enum level level = BY_COUNT;

	while (level < LEVELS && strcmp(level_names[level], opt_string(opts, OPT_ID_verify)) != 0)
		level++;
	return level;
}

int
verdict_check_level(const struct opts *opts, struct err *e)
{
	return level_of(opts) < LEVELS ? 0 : err_set(e, ERR_USAGE,
	    "--verify is count, aggregates or content, not '%s'", opt_string(opts, OPT_ID_verify));
}

int
verdict_check_run(const struct opts *opts, const struct run *run, struct err *e)
{
	if (level_of(opts) != BY_AGGREGATES || json_object_get(run->header.selection, "measure") != NULL)
		return 0;
	err_set(e, ERR_USAGE, "run %s holds no aggregates to compare", run->id);
	return err_hint(e, "they are taken by gpm-export --measure aggregates; --verify content needs none");
}

/* --- one table ------------------------------------------------------------------------------- */

static int
check_content(struct judging *j, struct db *db, const struct run_table *t, struct err *e)
{
	struct content_want want = { .rows = t->done.rows, .plain_bytes = t->done.plain_bytes, .digest = t->done.digest };

	return content_check(j->content, db, &t->table, &want, e);
}

static int
check_aggregates(struct db *db, const struct run_table *t, struct err *e)
{
	json_t *here = NULL;
	uint64_t rows;
	int rc = aggregates_read(db, &t->table, &rows, &here, e);

	if (rc == 0 && rows != t->done.rows)
		rc = err_set(e, ERR_DIFFERS, "%" PRIu64 " rows are here, %" PRIu64 " should be", rows, t->done.rows);
	if (rc == 0)
		rc = aggregates_compare(&t->table, t->done.aggregates, here, e);
	json_decref(here);
	return rc;
}

/* ROWS of this run and BEFORE of others. */
static int
check_count(struct db *db, const struct rec_table *t, uint64_t rows, uint64_t before, struct err *e)
{
	uint64_t here;

	if (ledger_count(db, t, &here, e) < 0)
		return -1;
	if (here != before + rows)
		return err_set(e, ERR_DIFFERS, "%" PRIu64 " rows are here, %" PRIu64 " should be%s", here,
		    before + rows, before > 0 ? " (with those that were here before)" : "");
	return 0;
}

/* As many rows as they should be may be another run's. */
static int
check_not_of_other(const struct judging *j, struct db *db, const struct rec_table *t, struct err *e)
{
	char *other;
	int rc = ledger_other(db, j->run->id, t, &other, e);

	if (rc <= 0)
		return rc;
	err_set(e, ERR_DIFFERS, "holds what run %s loaded; this run was not loaded into it", other);
	free(other);
	return -1;
}

static int
check_table(struct judging *j, struct db *db, const struct run_table *t, struct err *e)
{
	uint64_t before = 0;
	int entered = ledger_rows_before(db, j->run->id, &t->table, &before, e);

	if (entered < 0 || (entered == 0 && j->level != BY_CONTENT && check_not_of_other(j, db, &t->table, e) < 0) ||
	    (t->table.since_column != NULL && ledger_check_rest(db, &t->table, t->done.rest, t->done.rows, e) < 0))
		return -1;
	if (j->level != BY_COUNT && before == 0) {
		if (session_set_encoding(j->opts, db, &t->table, e) < 0)
			return -1;
		return j->level == BY_CONTENT ? check_content(j, db, t, e) : check_aggregates(db, t, e);
	}
	if (check_count(db, &t->table, t->done.rows, before, e) < 0)
		return -1;
	if (j->level != BY_COUNT)
		return err_set(e, ERR_DATABASE, "held %" PRIu64 " rows before, so that its %s cannot be proven", before,
		    level_names[j->level]);
	return 0;
}

/* A trouble that concerns the table is reported and the others go on.  T: NULL when it cannot be read. */
static int
settle(struct judging *j, const struct rec_manifest *line, const struct run_table *t, int rc, bool unchecked,
    const struct err *e)
{
	struct verdict_line told = {
		.schema = line->schema, .name = line->name, .rows = line->rows, .line = line, .done = t != NULL ? &t->done : NULL,
		.good = rc == 0, .unchecked = unchecked, .state = unchecked ? unchecked_words : level_words[j->level],
	};

	if (rc < 0 && e->code != ERR_DATABASE && e->code != ERR_DIFFERS)
		return -1;
	if (rc < 0) {
		told.state = "NOT VERIFIED";
		told.trouble = e->text;
		report_trouble(j->report, e, "%s.%s", line->schema, line->name);
	}
	tell(j, &told);
	return 0;
}

/* Did the database read any table of the run itself?  Asked once. */
static int
any_unchecked(struct judging *j, struct db *db, struct err *e)
{
	int any;

	pthread_mutex_lock(&j->mutex);
	if (j->any_unchecked == UNKNOWN)
		j->any_unchecked = unchecked_any(db, j->run->id, e); /* UNKNOWN when that fails */
	any = j->any_unchecked;
	pthread_mutex_unlock(&j->mutex);
	return any;
}

/* RC and E of the table's own check; and was its content looked at, now or as it was loaded? */
static int
settle_content(struct judging *j, struct db *db, const struct rec_manifest *line, const struct run_table *t, int rc,
    struct err *e)
{
	if (rc == 0 && (rc = any_unchecked(j, db, e)) > 0) {
		rc = j->level == BY_CONTENT ? 0 : unchecked_is(db, j->run->id, line->table, e);
		if (j->level == BY_CONTENT)
			unchecked_settle(db, j->run->id, line->table);
	}
	return settle(j, line, t, rc < 0 ? -1 : 0, rc > 0, e);
}

/* What this load has compared with the table's manifest as it came to the table: its line of the root manifest. */
static int
check_entered(struct db *db, const struct rec_manifest *line, const struct entered_table *x, struct err *e)
{
	struct rec_table t = { .table = line->table, .schema = line->schema, .name = line->name };

	return check_count(db, &t, line->rows, x->before, e);
}

static bool
is_part(const struct judging *j, const struct rec_table *t)
{
	char *key;
	bool part;

	if (j->nroots == 0 || t->root_schema == NULL || t->root_name == NULL)
		return false;
	key = ledger_root_key(t->root_schema, t->root_name);
	part = keyset_has(j->roots, key);
	free(key);
	return part;
}

/* A partition is judged with its root, when all of them are known. */
static int
put_off(struct judging *j, struct db *db, const struct rec_manifest *line, const struct run_table *t, struct err *e)
{
	uint64_t before = 0;

	if (ledger_rows_before(db, j->run->id, &t->table, &before, e) < 0)
		return -1;
	pthread_mutex_lock(&j->mutex);
	units_add(&j->units, line, t, before);
	pthread_mutex_unlock(&j->mutex);
	return 0;
}

/* It is not whole, which its line says; a root that its rows should be in cannot be judged then.  One whose manifest cannot be read has
 * brought none. */
static void
judge_not_loaded(struct judging *j, const struct rec_manifest *line)
{
	struct run_table *t;
	struct err ignored;

	if (j->nroots > 0 && store_key_check(line->key, &ignored) == 0 && run_table_open(j->run, line, &t, &ignored) == 0) {
		pthread_mutex_lock(&j->mutex);
		if (is_part(j, &t->table))
			units_lack(&j->units, t);
		pthread_mutex_unlock(&j->mutex);
		run_table_close(t);
	}
	tell(j, &(struct verdict_line){ .schema = line->schema, .name = line->name, .rows = line->rows, .line = line, .state = "NOT LOADED" });
}

static int
judge(struct judging *j, struct db *db, const struct rec_manifest *line, struct err *e)
{
	const struct entered_table *x = j->level == BY_COUNT && j->entered != NULL && j->nroots == 0 ? entered_find(j->entered, line->table) : NULL;
	struct run_table *t;
	int rc;

	if (report_table_has_failed(j->report, line->table)) {
		judge_not_loaded(j, line);
		return 0;
	}
	if (x != NULL)
		return settle_content(j, db, line, NULL, check_entered(db, line, x, e), e);
	if (store_key_check(line->key, e) < 0 || run_table_open(j->run, line, &t, e) < 0)
		return settle(j, line, NULL, -1, false, e);
	rc = is_part(j, &t->table) ? put_off(j, db, line, t, e) : settle_content(j, db, line, t, check_table(j, db, t, e), e);
	run_table_close(t);
	return rc;
}

/* --- roots ----------------------------------------------------------------------------------- */

/* A root as far as it can be proven. */
static int
check_unit(struct judging *j, struct db *db, const struct unit *u, struct err *e)
{
	if (u->lacks)
		return err_set(e, ERR_DATABASE, "cannot be compared, for a partition of the run is not loaded");
	if (j->level == BY_COUNT || u->before > 0) {
		if (check_count(db, &u->root, u->rows, u->before, e) < 0)
			return -1;
		return j->level == BY_COUNT ? 0 : err_set(e, ERR_DATABASE, "held %" PRIu64 " rows before, so that its %s cannot be proven", u->before, level_names[j->level]);
	}
	if (j->level == BY_AGGREGATES || u->orders_differ) {
		err_set(e, ERR_DATABASE, j->level == BY_AGGREGATES ? "was loaded through its root, of which the run has no aggregates" :
		    "was loaded through its root, and its partitions had their columns in several orders");
		return err_hint(e, j->level == BY_AGGREGATES ? "--verify content proves it" : "--verify count, or business checks");
	}
	if (session_set_encoding(j->opts, db, &u->root, e) < 0)
		return -1;
	return content_check(j->content, db, &u->root, &(struct content_want){ .rows = u->rows, .plain_bytes = u->plain_bytes, .digest = u->digest }, e);
}

/* Each part's line says what was found of the root; the trouble counts once. */
static int
settle_unit(struct judging *j, struct db *db, const struct unit *u, int rc, struct err *e)
{
	const char *found = level_words[j->level];
	char *state;

	if (rc < 0 && e->code != ERR_DATABASE && e->code != ERR_DIFFERS)
		return -1;
	if (rc < 0 && !u->lacks) /* that is counted already */
		report_trouble(j->report, e, "%s.%s", u->root.schema, u->root.name);
	state = mem_printf("%s, in %s.%s", rc == 0 ? found : "NOT VERIFIED", u->root.schema, u->root.name);
	for (size_t i = 0; i < u->nparts; i++) {
		const struct rec_manifest *line = &u->parts[i].line;

		if (rc == 0 && j->level == BY_CONTENT)
			unchecked_settle(db, j->run->id, line->table);
		tell(j, &(struct verdict_line){ .schema = line->schema, .name = line->name, .rows = line->rows, .line = line, .good = rc == 0,
		    .state = state, .trouble = rc < 0 ? e->text : NULL });
	}
	free(state);
	return 0;
}

static int
judge_units(struct judging *j, struct err *e)
{
	struct db *db;
	int rc = 0;

	if (j->units.len == 0)
		return 0;
	if (session_open_reading(j->opts, j->run->id, &db, e) < 0)
		return -1;
	rc = session_read_names(j->opts, db, &j->run->header, e);
	for (size_t i = 0; rc == 0 && i < j->units.len; i++) {
		rc = stop_check(e) < 0 ? -1 : settle_unit(j, db, &j->units.at[i], check_unit(j, db, &j->units.at[i], e), e);
		if (rc == 0)
			rc = session_read_names(j->opts, db, &j->run->header, e);
	}
	db_close(db);
	return rc;
}

/* Before the first table: which roots, and how contents are read. */
static int
begin(struct judging *j, unsigned jobs, struct err *e)
{
	struct db *db;
	int rc;

	if (session_open_reading(j->opts, j->run->id, &db, e) < 0)
		return -1;
	rc = ledger_roots(db, j->run->id, j->roots, &j->nroots, e);
	if (rc == 0)
		rc = left_over_judge(db, j->run, j->report, e);
	if (rc == 0 && j->level == BY_CONTENT)
		rc = content_open(j->opts, db, jobs, &j->content, e);
	db_close(db);
	return rc;
}

/* --- all tables ------------------------------------------------------------------------------ */

static void
free_line(void *job)
{
	record_free_fields(REC_MANIFEST, job);
	free(job);
}

static int
worker(void *ctx, unsigned index, void *job, struct err *e)
{
	struct judging *j = ctx;
	struct db **db = &j->sessions[index];
	int rc = stop_check(e);

	if (rc == 0 && *db == NULL)
		rc = session_open_reading(j->opts, j->run->id, db, e);
	if (rc == 0)
		rc = session_read_names(j->opts, *db, &j->run->header, e);
	if (rc == 0)
		rc = judge(j, *db, job, e);
	free_line(job);
	return rc;
}

static int
put_table(void *ctx, struct record *r, struct err *e)
{
	struct judging *j = ctx;
	struct rec_manifest *line = mem_alloc(sizeof(*line));

	record_take(r, line);
	return pool_put(j->pool, line, e);
}

/* A table that could not be taken out at the source is missing here. */
static int
judge_failed(void *ctx, struct record *r, struct err *e)
{
	struct judging *j = ctx;
	const struct rec_failed *f = &r->u.failed;

	err_set(e, ERR_DATABASE, "was not taken out of the source: %s", f->reason);
	report_trouble(j->report, e, "%s.%s", f->schema, f->name);
	tell(j, &(struct verdict_line){ .schema = f->schema, .name = f->name, .state = "NOT EXPORTED", .trouble = f->reason });
	return 0;
}

static int
judge_all(struct judging *j, unsigned jobs, struct err *e)
{
	int rc;

	j->pool = pool_start(jobs, worker, free_line, j);
	rc = run_each(j->run, REC_MANIFEST, put_table, j, e);
	if (rc < 0) {
		pool_abort(j->pool);
		return -1;
	}
	if (pool_finish(j->pool, e) < 0 || judge_units(j, e) < 0)
		return -1;
	return run_each(j->run, REC_FAILED, judge_failed, j, e);
}

/* All tables, by as many sessions as there are jobs. */
static int
settle_all(struct judging *j, struct err *e)
{
	unsigned jobs = (unsigned)opt_u64(j->opts, OPT_ID_jobs);
	int rc;

	j->level = level_of(j->opts);
	j->any_unchecked = UNKNOWN;
	j->sessions = mem_array(jobs, sizeof(struct db *));
	pthread_mutex_init(&j->mutex, NULL);
	j->roots = keyset_new();
	rc = begin(j, jobs, e);
	if (rc == 0)
		rc = judge_all(j, jobs, e);
	keyset_free(j->roots);
	units_release(&j->units);
	for (unsigned i = 0; i < jobs; i++)
		db_close(j->sessions[i]);
	free(j->sessions);
	content_close(j->content);
	pthread_mutex_destroy(&j->mutex);
	return rc;
}

int
verdict_told(const struct opts *opts, struct run *run, struct report *report, verdict_tell_fn *fn, void *ctx, struct err *e)
{
	struct judging j = { .opts = opts, .run = run, .report = report, .tell = fn, .ctx = ctx };

	if (settle_all(&j, e) < 0)
		return -1;
	return report_result(report, "not everything is verified", e);
}

int
verdict(const struct opts *opts, struct run *run, const struct entered *entered, struct report *report, verdict_tell_fn *also, void *ctx,
    struct err *e)
{
	struct judging j = { .opts = opts, .run = run, .entered = entered, .report = report, .print = true, .tell = also, .ctx = ctx };
	char rows[FORMAT_SIZE_LEN];

	if (settle_all(&j, e) < 0)
		return -1;
	if (fflush(stdout) != 0)
		return err_sys(e, "cannot write the verdict");
	if (report_result(report, "not everything is verified", e) < 0)
		return -1;
	printf("run %s of %s is %s: %zu tables, %s rows, the same as at the source\n", run->id, run->header.database,
	    level_words[j.level], j.verified, format_count(j.rows, rows));
	if (j.unchecked > 0)
		printf("%zu of the tables are NOT content-checked: the database read their objects itself; gpm-import check --verify content"
		    " compares every row\n", j.unchecked);
	return fflush(stdout) != 0 ? err_sys(e, "cannot write the verdict") : 0;
}

/* --- verdicts that were given ---------------------------------------------------------------- */

/* The step of the ledger that says so. */
static char *
step_of(enum level level)
{
	return mem_printf("verified %s", level_names[level]);
}

int
verdict_is_noted(const struct opts *opts, const struct run *run, struct db *db, struct err *e)
{
	int rc = ledger_is_there(db, e);

	if (rc <= 0)
		return rc;
	rc = 0;
	for (enum level level = level_of(opts); rc == 0 && level < LEVELS; level++) {
		char *step = step_of(level);

		rc = ledger_has_step(db, run->id, step, e);
		free(step);
	}
	return rc;
}

int
verdict_note(const struct opts *opts, const struct run *run, struct db *db, struct err *e)
{
	char *step = step_of(level_of(opts));
	int rc = ledger_has_step(db, run->id, step, e);

	if (rc == 0)
		rc = ledger_add_step(db, run->id, step, e);
	free(step);
	return rc < 0 ? -1 : 0;
}
