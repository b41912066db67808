/* load.c -- gpm-import load: a run into the destination, exactly once, and the verdict. */
#include "prelude.h"

#include "account.h"
#include "database_settings.h"
#include "descent.h"
#include "destination.h"
#include "entered.h"
#include "err.h"
#include "find.h"
#include "fits.h"
#include "import.h"
#include "ledger.h"
#include "left_over.h"
#include "load.h"
#include "log.h"
#include "method.h"
#include "opt.h"
#include "pick.h"
#include "pool.h"
#include "progress.h"
#include "report.h"
#include "run_names.h"
#include "schema.h"
#include "session.h"
#include "share.h"
#include "stop.h"
#include "through.h"
#include "verdict.h"

#define SHARES_PER_WORKER 4 /* of a table: so that workers are busy to its end */

struct load {
	const struct opts *opts;
	struct run *run;
	const struct method *method;
	struct db *db;             /* the main session: ledger, lock, sequences, verdict */
	struct report *report;
	struct maps maps;
	struct findings *findings;
	struct schema *schema;     /* NULL when none is applied */
	struct entered *entered;   /* tables, for the verdict */
	struct keyset *roots;      /* through which partitions' rows go, entered so far */
	struct rec_manifest *again; /* --reload */
	size_t nagain;
	size_t nkept;              /* tables that hold their rows out of the same objects already */
	struct keyset *names;      /* where tables may be emptied: what is the run's own (run_names.h); else NULL */
	struct progress *progress;
	struct pool *pool;
	unsigned jobs;
	struct loader *loaders;    /* a worker's */
	void *engine;              /* of the method, while it runs */
};

/* --- shares ---------------------------------------------------------------------------------- */

/* A trouble that concerns the table is reported and the others go on; a lost connection, a store
 * that does not answer or a signal ends the load. */
static int
note_table(struct load *l, const struct rec_table *t, const struct err *e)
{
	struct err told = *e;

	if (e->code != ERR_DATABASE && e->code != ERR_DIFFERS)
		return -1;
	if (strstr(e->text, "violates partition constraint") != NULL || strstr(e->text, "wrong partition") != NULL)
		err_hint(&told, "the partition has other bounds here: --through-root");
	report_trouble(l->report, &told, "%s.%s", t->schema, t->name);
	report_table_failed(l->report, t->table, e->code == ERR_DATABASE);
	return 0;
}

static int
load_share(struct load *l, struct loader *w, const struct share *s, struct err *e)
{
	const struct rec_table *t = &s->table->table;

	if (stop_check(e) < 0 ||
	    (w->db == NULL && session_open_loading(l->opts, l->run->id, &w->db, e) < 0))
		return -1;
	/* what the database refused once it will refuse for every share; a damaged object stops only its own */
	if (report_table_refused(l->report, t->table))
		return 0;
	progress_table(l->progress, t->schema, t->name);
	if (session_set_encoding(l->opts, w->db, t, e) < 0 || share_load(w, l->method, s, e) < 0)
		return note_table(l, t, e);
	progress_add(l->progress, s->rows, s->bytes);
	return 0;
}

static int
worker(void *ctx, unsigned index, void *job, struct err *e)
{
	struct load *l = ctx;
	int rc = load_share(l, &l->loaders[index], job, e);

	share_free(job);
	return rc;
}

static void
drop_share(void *job)
{
	share_free(job);
}

static int
put_share(void *ctx, struct share *s, struct err *e)
{
	struct load *l = ctx;

	return pool_put(l->pool, s, e);
}

/* --- tables ---------------------------------------------------------------------------------- */

static enum ledger_entry
entry_of(const struct load *l, uint64_t table)
{
	for (size_t i = 0; i < l->nagain; i++)
		if (l->again[i].table == table)
			return LEDGER_RELOAD;
	if (opt_flag(l->opts, OPT_ID_replace))
		return LEDGER_REPLACE;
	return opt_flag(l->opts, OPT_ID_append) ? LEDGER_APPEND : LEDGER_NEW;
}

/* A table as it is here, or the root that its rows go through. */
static int
enter(struct load *l, struct run_table *t, uint64_t *before, struct err *e)
{
	const struct rec_table *r = &t->table;
	enum ledger_entry entry = entry_of(l, r->table);
	int rc = through_root(l->opts, l->db, l->run->id, t, e);
	char *key;

	*before = 0;
	if (rc >= 0 && r->since_column != NULL) {
		if (rc == 0)
			return ledger_enter_since(l->db, l->run->id, r, t->done.rest, entry == LEDGER_RELOAD, e);
		err_set(e, ERR_DATABASE, "is not partitioned as at the source, and has only rows with %s > '%s' in this run", r->since_column, r->since_value);
		return err_hint(e, "export the whole table, and load --replace");
	}
	if (rc <= 0)
		return rc < 0 ? -1 : ledger_enter_table(l->db, l->run->id, r, entry, l->names, before, e);
	key = ledger_root_key(r->schema, r->name);
	if (!keyset_has(l->roots, key))
		log_info("%s.%s is not partitioned as at the source: its rows go through the root", r->schema, r->name);
	rc = ledger_enter_part(l->db, l->run->id, r, !keyset_has(l->roots, key), entry, before, e);
	if (rc == 0)
		keyset_add(l->roots, key);
	free(key);
	return rc;
}

/* What was altered at the source: do the rows fit in what is here? */
static int
check_fits(struct load *l, const struct rec_table *t, struct err *e)
{
	return schema_differs(l->schema, t->schema, t->name) ? fits_check(l->db, t, e) : 0;
}

/* A table's chunks, read beside the share_cut that may come. */
struct chunks {
	struct run *run;
	const struct rec_manifest *line;
	struct run_table *table; /* NULL: not opened yet */
};

static int
next_chunk(void *ctx, struct rec_chunk *out, struct err *e)
{
	struct chunks *c = ctx;

	if (c->table == NULL && run_table_open(c->run, c->line, &c->table, e) < 0)
		return -1;
	return run_table_chunk(c->table, out, e);
}

/* Under --replace: 1 when all of T is here, out of the same objects; 0, -1. */
static int
keep(struct load *l, const struct run_table *t, const struct rec_manifest *line, struct err *e)
{
	struct chunks chunks = { .run = l->run, .line = line };
	bool analyzed;
	int rc;

	if (entry_of(l, t->table.table) != LEDGER_REPLACE || opt_flag(l->opts, OPT_ID_through_root))
		return 0;
	rc = ledger_keep(l->db, l->run->id, &t->table, t->done.chunks, t->done.rows, next_chunk, &chunks, &analyzed, e);
	run_table_close(chunks.table);
	if (rc <= 0)
		return rc;
	l->nkept++;
	progress_add(l->progress, t->done.rows, t->done.plain_bytes);
	entered_add(l->entered, (struct entered_table){ .number = t->table.table, .settled = analyzed });
	return 1;
}

static int
load_table(void *ctx, struct record *r, struct err *e)
{
	struct load *l = ctx;
	const struct rec_manifest *line = &r->u.manifest;
	struct rec_table named = { .table = line->table, .schema = line->schema, .name = line->name };
	struct run_table *t;
	uint64_t before;
	int rc;

	if (store_key_check(line->key, e) < 0 || run_table_open(l->run, line, &t, e) < 0)
		return note_table(l, &named, e);
	if (l->names != NULL && t->table.root_schema != NULL && t->table.root_name != NULL)
		run_names_add(l->names, t->table.root_schema, t->table.root_name);
	/* before it is emptied, or kept */
	if ((rc = check_fits(l, &t->table, e)) == 0 && (rc = keep(l, t, line, e)) == 0 && (rc = enter(l, t, &before, e)) == 0) {
		if (t->table.filter == NULL)
			entered_add(l->entered, (struct entered_table){ .number = t->table.table, .before = before });
		rc = share_cut(t, l->method->by_batch ? UINT64_MAX : t->done.plain_bytes / (SHARES_PER_WORKER * l->jobs),
		    put_share, l, e);
	}
	if (rc < 0)
		rc = note_table(l, &named, e);
	run_table_close(t);
	return rc;
}

static int
load_rows(struct load *l, struct err *e)
{
	bool empties = opt_flag(l->opts, OPT_ID_replace) || l->nagain > 0;
	int rc;

	if (run_expect(l->run, l->progress, e) < 0 || (empties && run_names_read(l->run, l->db, &l->names, e) < 0))
		return -1;
	l->pool = pool_start(l->jobs, worker, drop_share, l);
	rc = run_each(l->run, REC_MANIFEST, load_table, l, e);
	if (rc < 0) {
		pool_abort(l->pool);
		return -1;
	}
	if (l->nkept > 0)
		log_info("%zu tables hold the rows of these very objects already, and keep them", l->nkept);
	return pool_finish(l->pool, e);
}

/* What the method needs for as long as rows are loaded.  One that was not asked for makes way for copy. */
static int
start_method(struct load *l, struct err *e)
{
	if (l->method->prepare != NULL && l->method->prepare(l->db, e) < 0)
		return -1;
	if (l->method->start != NULL && l->method->start(l->opts, l->db, &l->engine, e) < 0) {
		if (e->code != ERR_FAILED || opt_string(l->opts, OPT_ID_method) != NULL)
			return -1;
		log_warning("rows go through the coordinator: %s", e->text);
		l->method = &method_copy;
		l->engine = NULL;
	}
	for (unsigned i = 0; i < l->jobs; i++)
		l->loaders[i].engine = l->engine;
	return 0;
}

static int
load_by_method(struct load *l, struct err *e)
{
	int rc;

	if (start_method(l, e) < 0)
		return -1;
	rc = load_rows(l, e);
	if (l->method->stop != NULL)
		l->method->stop(l->engine);
	return rc;
}

/* --- the whole ------------------------------------------------------------------------------- */

/* Unless only rows are wanted here, or the run holds nothing else. */
static int
open_schema(struct load *l, struct err *e)
{
	enum adapt_to to;

	if (opt_flag(l->opts, OPT_ID_data_only) ||
	    json_is_true(json_object_get(l->run->header.selection, "data_only")))
		return 0;
	if (destination_ask(l->db, &to, e) < 0)
		return -1;
	l->schema = schema_new(l->opts, l->run, to, &l->maps, l->findings);
	return schema_roles(l->db, l->run, to, &l->maps.owners, l->findings, e);
}

static int
apply_schema(struct load *l, const char *section, struct err *e)
{
	return l->schema == NULL ? 0 : schema_apply(l->schema, section, e);
}

static int
set_database(struct load *l, struct err *e)
{
	return l->schema == NULL ? 0 : database_settings_apply(l->db, l->run, l->findings, e);
}

/* business_tell_fn */
static void
tell_check(void *account, const struct business_line *line)
{
	business_print(NULL, line);
	if (account != NULL)
		account_check(account, line);
}

/* The business checks and the verdict; A: also for --html, else NULL. */
static int
compare(struct load *l, struct account *a, struct err *e)
{
	if (business_wanted(l->opts) && business_check(l->opts, l->run, l->report, tell_check, a, e) < 0)
		return -1;
	return verdict(l->opts, l->run, l->entered, l->report, a != NULL ? account_take : NULL, a, e);
}

/* The same, with all that belongs to it, as a page. */
static int
compare_on_page(struct load *l, const char *path, struct err *e)
{
	struct account a;
	struct err trouble;
	int rc;

	account_begin(&a, l->opts, l->run);
	rc = compare(l, &a, e);
	if ((rc == 0 || e->code == ERR_DIFFERS || e->code == ERR_PARTIAL) &&
	    (account_end(&a, l->opts, l->run, rc == 0, &trouble) < 0 || account_write_page(&a, path, &trouble) < 0)) {
		if (rc == 0)
			*e = trouble;
		else
			err_print(&trouble); /* the verdict is the greater trouble */
		rc = -1;
	}
	account_release(&a);
	return rc;
}

/* Nothing is called loaded that a crash of the server could take back. */
static int
judge(struct load *l, struct err *e)
{
	const char *page = opt_string(l->opts, OPT_ID_html);

	if (ledger_make_durable(l->db, l->run->id, e) < 0 || (page != NULL ? compare_on_page(l, page, e) : compare(l, NULL, e)) < 0)
		return -1;
	return verdict_note(l->opts, l->run, l->db, e);
}

static int
tell_left(void *ctx, const struct left_over *left, struct err *e)
{
	(void)ctx;
	(void)e; /* cannot fail */
	log_warning("%s.%s was loaded by run %s; this run has no table of that name, and it stays as it is", left->schema, left->name, left->run);
	return 0;
}

/* Under --replace: what the newer run does not have any more.  A table that was refused, or whose rows go elsewhere, it has. */
static int
tell_left_over(struct load *l, struct err *e)
{
	return opt_flag(l->opts, OPT_ID_replace) ? left_over_each(l->db, l->run, l->names, tell_left, l, e) : 0;
}

static int
load_all(struct load *l, struct err *e)
{
	if (business_wanted(l->opts) && business_look(l->opts, l->run, e) < 0)
		return -1;
	if (verdict_check_run(l->opts, l->run, e) < 0 || session_open(l->opts, l->run->id, "main", &l->db, e) < 0 ||
	    session_read_names(l->opts, l->db, &l->run->header, e) < 0)
		return -1;
	if (ledger_lock_run(l->db, e) < 0 || ledger_create(l->db, e) < 0)
		return -1;
	/* the lock is held: other sessions of an import are those of a dead one */
	if (db_end_orphans(l->db, "gpm-import ", e) < 0 || ledger_wait_steps(l->db, e) < 0)
		return -1;
	if (descent_check(l->opts, l->run, l->db, e) < 0)
		return -1;
	session_commit_later(l->db);
	if ((l->method = method_choose(l->opts, l->run, l->db, e)) == NULL)
		return -1;
	if (l->method->check != NULL && l->method->check(l->db, e) < 0)
		return -1;
	if (open_schema(l, e) < 0 || apply_schema(l, "pre-data", e) < 0)
		return -1;
	if (opt_flag(l->opts, OPT_ID_schema_only)) {
		if (apply_schema(l, "post-data", e) < 0 || set_database(l, e) < 0 || ledger_make_durable(l->db, l->run->id, e) < 0)
			return -1;
		return report_result(l->report, "the schema is not complete", e);
	}
	if (load_by_method(l, e) < 0 || tell_left_over(l, e) < 0)
		return -1;
	if (report_any_table_failed(l->report)) {
		/* a foreign key made now would never see the rows that are missing, a view would lack them */
		log_warning("some tables are not loaded: indexes, constraints, sequences, views and statistics wait for the next start");
		return judge(l, e);
	}
	if (apply_schema(l, "post-data", e) < 0 ||
	    schema_sequences(l->db, l->run, l->report, e) < 0 ||
	    schema_matviews(l->db, l->run, l->report, e) < 0 ||
	    schema_analyze(l->opts, l->db, l->run, l->entered, l->report, e) < 0 ||
	    set_database(l, e) < 0)
		return -1;
	return judge(l, e);
}

/* Everything that a load holds, made before and freed after it. */
static int
load_run(struct load *l, struct err *e)
{
	int rc;

	l->report = report_new();
	maps_init(&l->maps, l->opts);
	l->findings = findings_new(l->report, false);
	l->entered = entered_new();
	l->roots = keyset_new();
	l->loaders = mem_array(l->jobs, sizeof(*l->loaders));
	for (unsigned i = 0; i < l->jobs; i++)
		l->loaders[i] = (struct loader){ .opts = l->opts, .run = l->run, .ahead = ahead_new(l->run) };
	l->progress = progress_start("loaded", opt_u64(l->opts, OPT_ID_progress_interval));
	rc = opt_list_len(l->opts, OPT_ID_reload) == 0 ? 0 : pick_tables(l->opts, OPT_ID_reload, l->run, &l->again, &l->nagain, e);
	if (rc == 0)
		rc = load_all(l, e);
	findings_end(l->findings);
	progress_stop(l->progress);
	for (unsigned i = 0; i < l->jobs; i++) {
		ahead_free(l->loaders[i].ahead);
		db_close(l->loaders[i].db);
	}
	free(l->loaders);
	db_close(l->db);
	schema_free(l->schema);
	findings_free(l->findings);
	maps_release(&l->maps);
	entered_free(l->entered);
	keyset_free(l->roots);
	keyset_free(l->names);
	pick_free(l->again, l->nagain);
	report_free(l->report);
	return rc;
}

int
load_opened(const struct opts *opts, struct run *run, struct err *e)
{
	struct load l = { .opts = opts, .run = run, .jobs = (unsigned)opt_u64(opts, OPT_ID_jobs) };

	log_info("run %s of %s, exported %s", run->id, run->header.database, run->header.server_time);
	if (run_need_key(run, e) < 0 || (l.method = method_find(opts, run, e)) == NULL)
		return -1;
	if (l.method->put == NULL)
		return err_set(e, ERR_USAGE, "--method %s is for plan", l.method->name);
	return load_run(&l, e);
}

int
import_load(const struct opts *opts, struct store *store, struct err *e)
{
	struct run *run;
	int rc;

	if (find_run(store, opts, &run, e) < 0)
		return -1;
	rc = load_opened(opts, run, e);
	run_close(run);
	return rc;
}
