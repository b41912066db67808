/* schema.c -- the schema at the destination: its statements. */
#include "prelude.h"

#include <inttypes.h>

#include "adapt.h"
#include "batch.h"
#include "builds.h"
#include "db_wait.h"
#include "elsewhere.h"
#include "err.h"
#include "keyset.h"
#include "ledger.h"
#include "log.h"
#include "lookback.h"
#include "opt.h"
#include "parse.h"
#include "repeat.h"
#include "schema.h"
#include "schema_step.h"
#include "session.h"
#include "sqlsplit.h"
#include "stop.h"
#include "unpack.h"

/* --- statements ------------------------------------------------------------------------------ */

struct finding {
	const char *key;
	struct rec_file file;
	bool found;
};

/* Take the file record whose key is the name that is looked for and a suffix. */
static int
see_file(void *ctx, struct record *r, struct err *e)
{
	struct finding *f = ctx;

	(void)e; /* cannot fail */
	if (!f->found && strncmp(r->u.file.key, f->key, strlen(f->key)) == 0) {
		record_take(r, &f->file);
		f->found = true;
	}
	return 0;
}

int
schema_fetch_file(struct run *run, const char *name, struct buf *out, struct err *e)
{
	struct finding f = { .key = name };
	int rc = run_each(run, REC_FILE, see_file, &f, e);

	if (rc == 0 && !f.found)
		rc = err_set(e, ERR_DIFFERS, "run %s names no %s", run->id, name);
	if (rc == 0 && (rc = store_key_check(f.file.key, e)) == 0)
		rc = unpack_file(run, &f.file, out, e);
	record_free_fields(REC_FILE, &f.file);
	return rc;
}

int
schema_fetch(struct run *run, const char *section, struct buf *out, struct err *e)
{
	char *name = mem_printf("schema/%s.sql", section);
	int rc = schema_fetch_file(run, name, out, e);

	free(name);
	return rc;
}

static bool
begins_with(const char *text, const char *begin)
{
	return strncmp(text, begin, strlen(begin)) == 0;
}

/* A session that does statements. */
struct lane {
	struct db *db;
	size_t done;           /* of the settings */
	bool as_other;         /* SET SESSION AUTHORIZATION: statements come from a role that cannot see the ledger */
};

/* The statements of one section, and the sessions that do them. */
struct applying {
	const struct opts *opts;
	struct run *run;
	struct adapter *adapter;
	const char *section;
	struct findings *findings;
	struct lane *lanes;    /* the first also does what comes one by one */
	unsigned nlanes;
	struct setting {
		char *text;
		uint64_t line;
	} *settings;           /* SET statements so far: each holds in every session */
	size_t nsettings;
	struct keyset *told;   /* places that are not here and were told of: by the first lane alone */
	bool own_encoding;     /* --source-encoding says what the text's bytes are, not the text */
	struct keyset *done;   /* steps of earlier starts */
	struct lookback *lookback; /* under --replace; else NULL */
	struct elsewhere *elsewhere;
	struct builds *builds;
	struct batch *batch;   /* before the rows there are no indexes to build, but many small statements; else NULL */
};

/* --- settings --- */

/* Where tables and indexes are made.  A setting that fails would leave the last one in force. */
static const struct place {
	const char *set, *what, *without, *reset;
} places[] = {
	{ "SET default_tablespace = ", "tablespace", "what was in it is made in the database's own",
	    "SET default_tablespace = ''" },
	{ "SET default_table_access_method = ", "table access method", "its tables are made by the default one",
	    "RESET default_table_access_method" },
};

static const struct place *
place_of(const char *sql)
{
	for (size_t i = 0; i < GPM_ARRAY_LEN(places); i++)
		if (begins_with(sql, places[i].set))
			return &places[i];
	return NULL;
}

/* A value that this server does not know (22023); else the server does not know the setting. */
static const struct place *
missing_place(struct db *db, const char *sql)
{
	return strcmp(db_sqlstate(db), "22023") == 0 ? place_of(sql) : NULL;
}

bool
schema_is_place(const char *sql)
{
	return place_of(sql) != NULL;
}

char *
schema_missing_place(struct db *db, const char *sql)
{
	const struct place *place = missing_place(db, sql);

	return place == NULL ? NULL : mem_printf("%s %s is not here: %s", place->what, sql + strlen(place->set), place->without);
}

/* Every session fails as the first one does, which tells of it. */
static int
setting_failed(struct applying *a, struct lane *l, const struct setting *s, const struct err *e)
{
	const struct place *place = missing_place(l->db, s->text);
	struct err ignored;

	if (place != NULL && l == a->lanes) {
		if (!keyset_has(a->told, s->text)) {
			char *text = schema_missing_place(l->db, s->text);

			findings_warn(a->findings, a->section, NULL, "%s", text);
			free(text);
		}
		keyset_add(a->told, s->text);
	} else if (place == NULL && l == a->lanes && begins_with(s->text, "SET SESSION AUTHORIZATION ")) {
		log_warning("%s.sql, line %" PRIu64 ": rights are granted by this user instead: %s", a->section, s->line, e->text);
	} else {
		log_debug("%s.sql, line %" PRIu64 ": %s", a->section, s->line, e->text); /* a setting of another version */
	}
	return place != NULL ? db_exec(l->db, place->reset, &ignored) : 0;
}

static int
apply_setting(struct applying *a, struct lane *l, const struct setting *s, struct err *e)
{
	if (a->own_encoding && begins_with(s->text, "SET client_encoding = "))
		return 0;
	if (db_run(l->db, s->text, NULL, e) < 0)
		return e->code != ERR_DATABASE ? -1 : setting_failed(a, l, s, e);
	if (begins_with(s->text, "SET SESSION AUTHORIZATION "))
		l->as_other = true;
	else if (strcmp(s->text, "RESET SESSION AUTHORIZATION") == 0)
		l->as_other = false;
	return 0;
}

/* A session in which every SET statement so far was done. */
static int
open_lane(struct applying *a, struct lane *l, struct err *e)
{
	if (l->db == NULL) {
		if (session_open(a->opts, a->run->id, "schema", &l->db, e) < 0 ||
		    session_read_names(a->opts, l->db, &a->run->header, e) < 0)
			return -1;
		session_commit_later(l->db);
	}
	for (; l->done < a->nsettings; l->done++)
		if (apply_setting(a, l, &a->settings[l->done], e) < 0)
			return -1;
	return 0;
}

/* --- what is done once --- */

#define AS_OURSELVES "SET LOCAL SESSION AUTHORIZATION DEFAULT"

static bool
is_done(const struct applying *a, const struct sql_statement *s)
{
	char *number = schema_step_number(a->section, s);
	bool done = keyset_has(a->done, number);

	free(number);
	return done;
}

/* Where an earlier run is replaced, what it made word for word is there: only the line is added.  What it said of things a
 * later run may have said otherwise. */
static int
do_statement(const struct applying *a, struct db *db, const struct sql_statement *s, struct err *e)
{
	char *over;
	int rc;

	if (a->lookback == NULL)
		return db_run(db, s->text, NULL, e);
	if (!repeat_is_safe(s) && lookback_stands(a->lookback, a->section, s))
		return 0;
	over = lookback_over(a->lookback, s);
	rc = db_run(db, over != NULL ? over : s->text, NULL, e);
	free(over);
	return rc;
}

/* One statement and its step, together or not at all. */
static int
apply_once(struct applying *a, struct lane *l, const struct sql_statement *s, struct err *e)
{
	char *step;
	int rc;

	if (ledger_begin_step(l->db, e) < 0 || do_statement(a, l->db, s, e) < 0)
		return -1;
	if (l->as_other && db_exec(l->db, AS_OURSELVES, e) < 0)
		return -1;
	step = schema_step(a->section, s);
	rc = ledger_add_step(l->db, a->run->id, step, e);
	free(step);
	return rc < 0 ? -1 : ledger_commit(l->db, e);
}

/* An owner that does not exist here, or that this user cannot give things to: the object stays with
 * the user who loads. */
static bool
is_owner_trouble(const char *sqlstate, const char *sql)
{
	return begins_with(sql, "ALTER ") && strstr(sql, " OWNER TO ") != NULL &&
	    (strcmp(sqlstate, "42704") == 0 || strcmp(sqlstate, "42501") == 0);
}

/* For the report: a step "failed <number> <where>: <object>: <why>", until the next start tries again. */
static void
note_failure(const struct applying *a, struct lane *l, const struct sql_statement *s, const struct err *why)
{
	static const char begin[] = "statement failed: ";
	const char *text = begins_with(why->text, begin) ? why->text + strlen(begin) : why->text;
	char *number = schema_step_number(a->section, s), *object = adapt_object(s);
	char *step = mem_printf(LEDGER_FAILED "%s %s.sql, line %" PRIu64 ": %s: %s", number, a->section, s->line, object, text);
	struct err e;

	if (ledger_begin_step(l->db, &e) < 0 || (l->as_other && db_exec(l->db, AS_OURSELVES, &e) < 0) ||
	    ledger_add_step(l->db, a->run->id, step, &e) < 0 || ledger_commit(l->db, &e) < 0) {
		log_debug("the ledger does not know of it: %s", e.text);
		if (db_exec(l->db, "ROLLBACK", &e) < 0)
			log_debug("%s", e.text); /* the next statement tells of it */
	}
	free(number);
	free(object);
	free(step);
}

#define SQL_UNDEFINED_TABLE "42P01" /* or index, sequence, view */

/* Where an earlier run is replaced, what that one made is there. */
static void
tell_failure(struct applying *a, struct lane *l, const struct sql_statement *s, const char *sqlstate, const struct err *why)
{
	bool there = a->lookback != NULL && repeat_is_there(sqlstate);

	if (there)
		findings_there(a->findings, a->section, s, why);
	else
		findings_failed(a->findings, a->section, s, sqlstate, why);
	if (!there || !repeat_stays(s))
		note_failure(a, l, s, why);
}

/* Something is not here that S names; all of pre-data was seen. */
static int
settle_missing(struct applying *a, struct lane *l, const struct sql_statement *s, const struct err *why, struct err *e)
{
	int rc = elsewhere_is(a->elsewhere, l->db, s, e);

	if (rc > 0)
		findings_elsewhere(a->findings, a->section, s);
	else if (rc == 0)
		tell_failure(a, l, s, SQL_UNDEFINED_TABLE, why);
	return rc < 0 ? -1 : 0;
}

/* What went wrong with a statement is told; -1 when that ends the load. */
static int
settle(struct applying *a, struct lane *l, const struct sql_statement *s, struct err *e)
{
	char sqlstate[6];
	struct err why = *e, ignored;

	if (e->code != ERR_DATABASE)
		return -1;
	snprintf(sqlstate, sizeof(sqlstate), "%s", db_sqlstate(l->db));
	if (db_exec(l->db, "ROLLBACK", &ignored) < 0)
		return -1;
	if (is_owner_trouble(sqlstate, s->text)) {
		findings_warn(a->findings, a->section, s, "an owner stays as it is: %s", e->text);
		return 0;
	}
	if (strcmp(sqlstate, SQL_UNDEFINED_TABLE) == 0) {
		if (a->batch != NULL && elsewhere_wait(a->elsewhere, s, &why))
			return 0;
		return settle_missing(a, l, s, &why, e);
	}
	tell_failure(a, l, s, sqlstate, &why);
	return 0;
}

/* elsewhere_fn: after pre-data, which is done by the first lane alone. */
static int
settle_late(void *ctx, const struct sql_statement *s, const struct err *why, struct err *e)
{
	struct applying *a = ctx;

	return settle_missing(a, &a->lanes[0], s, why, e);
}

/* In a lane of its own, or the first; 1: a deadlock, worth another try ALONE. */
static int
apply_statement(void *ctx, unsigned lane, const struct sql_statement *s, bool alone, struct err *e)
{
	struct applying *a = ctx;
	struct lane *l = &a->lanes[lane];
	struct err ignored;
	int rc = 0;

	if (!is_done(a, s) && (rc = open_lane(a, l, e)) == 0 && (rc = apply_once(a, l, s, e)) < 0) {
		bool again = !alone && strcmp(db_sqlstate(l->db), "40P01") == 0;

		rc = again && db_exec(l->db, "ROLLBACK", &ignored) == 0 ? 1 : settle(a, l, s, e);
	}
	return rc;
}

/* --- several at once --- */

/* Those of the statements that were not done before, and their steps, in the transaction that was begun. */
static int
apply_in_transaction(struct applying *a, struct db *db, const struct sql_statement *at, size_t n, struct err *e)
{
	char **steps = mem_array(n, sizeof(*steps));
	size_t nsteps = 0;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < n; i++) {
		if (is_done(a, &at[i]))
			continue;
		steps[nsteps++] = schema_step(a->section, &at[i]);
		rc = stop_check(e) < 0 ? -1 : do_statement(a, db, &at[i], e);
	}
	if (rc == 0 && nsteps > 0)
		rc = ledger_add_steps(db, a->run->id, steps, nsteps, e);
	while (nsteps > 0)
		free(steps[--nsteps]);
	free(steps);
	return rc;
}

/* batch_together_fn: what goes wrong is not told yet, for each will be tried by itself. */
static int
apply_together(void *ctx, const struct sql_statement *at, size_t n, struct err *e)
{
	struct applying *a = ctx;
	struct lane *l = &a->lanes[0];
	struct err ignored;

	if (l->as_other)
		return 0;
	if (open_lane(a, l, e) < 0)
		return -1;
	if (ledger_begin_step(l->db, e) == 0 && apply_in_transaction(a, l->db, at, n, e) == 0 && ledger_commit(l->db, e) == 0)
		return 1;
	if (e->code == ERR_STOPPED || db_exec(l->db, "ROLLBACK", &ignored) < 0)
		return -1;
	log_debug("%s.sql, lines %" PRIu64 " to %" PRIu64 ": one by one, because of: %s", a->section, at[0].line, at[n - 1].line,
	    e->text);
	return 0;
}

static int
apply_alone(void *ctx, const struct sql_statement *s, struct err *e)
{
	return apply_statement(ctx, 0, s, true, e);
}

/* For the order in which indexes are built: what cannot be asked is small. */
static uint64_t
table_size(void *ctx, const char *table)
{
	struct applying *a = ctx;
	const char *params[] = { table };
	uint64_t size = 0;
	struct err ignored;
	char *text = NULL;

	if (open_lane(a, &a->lanes[0], &ignored) == 0)
		text = db_value(a->lanes[0].db, "SELECT pg_catalog.pg_relation_size($1::pg_catalog.regclass)", 1, params, &ignored);
	if (text != NULL && parse_u64(text, 0, INT64_MAX, &size, &ignored) < 0)
		size = 0;
	free(text);
	return size;
}

/* Index builds are gathered up to the next statement of another kind, which comes after all of them. */
static int
take_statement(struct applying *a, const struct sql_statement *s, struct err *e)
{
	if (stop_check(e) < 0)
		return -1;
	if (a->batch != NULL && !s->session)
		return batch_add(a->batch, s, e);
	if (a->batch == NULL && builds_add(a->builds, s))
		return 0;
	if ((a->batch != NULL ? batch_run(a->batch, e) : builds_run(a->builds, e)) < 0)
		return -1;
	if (!s->session)
		return apply_statement(a, 0, s, true, e);
	a->settings = mem_grow(a->settings, (a->nsettings + 1) * sizeof(*a->settings));
	a->settings[a->nsettings++] = (struct setting){ .text = mem_str(s->text), .line = s->line };
	return open_lane(a, &a->lanes[0], e); /* at once, for it tells */
}

/* One statement of the text, as what becomes of it here. */
static int
take_adapted(struct applying *a, const struct sql_statement *s, struct err *e)
{
	struct adapted out;
	int rc = 0;

	if (adapter_take(a->adapter, s, &out, e) < 0)
		return err_context(e, "%s.sql, line %" PRIu64, a->section, s->line);
	findings_note(a->findings, a->section, s, &out);
	for (size_t i = 0; rc == 0 && i < out.len; i++) {
		elsewhere_see(a->elsewhere, &out.at[i]);
		rc = take_statement(a, &out.at[i], e);
	}
	adapted_release(&out);
	return rc;
}

static int
apply_text(struct applying *a, const struct buf *text, struct err *e)
{
	struct sqlsplit *split = sqlsplit_new(text->data, text->len);
	struct sql_statement s;
	int rc;

	while ((rc = sqlsplit_next(split, &s, e)) > 0)
		if ((rc = take_adapted(a, &s, e)) < 0)
			break;
	sqlsplit_free(split);
	if (rc < 0)
		return -1;
	if (a->batch == NULL)
		return builds_run(a->builds, e);
	return batch_run(a->batch, e) < 0 ? -1 : elsewhere_each(a->elsewhere, settle_late, a, e);
}

/* --- the whole ------------------------------------------------------------------------------- */

struct schema {
	const struct opts *opts;
	struct run *run;
	enum adapt_to to;
	struct adapter *adapter;
	struct elsewhere *elsewhere;
	struct findings *findings;
	struct lookback *lookback;  /* under --replace; else NULL */
};

struct schema *
schema_new(const struct opts *opts, struct run *run, enum adapt_to to, const struct maps *maps, struct findings *findings)
{
	struct schema *s = mem_alloc(sizeof(*s));

	*s = (struct schema){ .opts = opts, .run = run, .to = to, .findings = findings };
	s->adapter = adapter_new(to, &maps->owners, &maps->tablespaces);
	s->elsewhere = elsewhere_new();
	if (opt_flag(opts, OPT_ID_replace))
		s->lookback = lookback_new(opts, run, to, maps, findings);
	return s;
}

void
schema_free(struct schema *s)
{
	if (s == NULL)
		return;
	adapter_free(s->adapter);
	elsewhere_free(s->elsewhere);
	lookback_free(s->lookback);
	free(s);
}

bool
schema_differs(const struct schema *s, const char *schema, const char *name)
{
	return s != NULL && s->lookback != NULL && lookback_differs(s->lookback, schema, name);
}

/* Where the source hashed rows in the way of its predecessor, statements that do not name a hash mean that one; no dump of one
 * database says so. */
static int
set_legacy_hash(struct applying *a, enum adapt_to to, struct err *e)
{
	const char *legacy = json_string_value(json_object_get(a->run->header.settings, "gp_use_legacy_hashops"));
	char sql[] = "SET gp_use_legacy_hashops = on";
	struct sql_statement s = { .text = sql, .len = sizeof(sql) - 1, .session = true };

	if (to == ADAPT_POSTGRESQL || legacy == NULL || strcmp(legacy, "on") != 0)
		return 0;
	findings_warn(a->findings, a->section, NULL, "gp_use_legacy_hashops is on, as in the source: tables are distributed by the hash of Greenplum 5");
	return take_statement(a, &s, e);
}

/* What was done here before: by this run, and under --replace by others. */
static int
read_done(struct applying *a, const struct buf *text, struct err *e)
{
	struct db *db = a->lanes[0].db;

	if (ledger_forget_failures(db, a->run->id, a->section, e) < 0 ||
	    (a->lookback != NULL && lookback_section(a->lookback, db, a->section, text, e) < 0))
		return -1;
	return ledger_steps(db, a->run->id, a->done, e);
}

static int
fetch_and_apply(struct applying *a, enum adapt_to to, struct err *e)
{
	struct buf text;
	int rc;

	buf_init(&text, SCHEMA_LIMIT);
	rc = schema_fetch(a->run, a->section, &text, e);
	if (rc == 0 && (rc = read_done(a, &text, e)) == 0 && (rc = set_legacy_hash(a, to, e)) == 0)
		rc = apply_text(a, &text, e);
	buf_release(&text);
	return rc;
}

int
schema_apply(struct schema *s, const char *section, struct err *e)
{
	enum opt_id jobs = opt_is_set(s->opts, OPT_ID_index_jobs) ? OPT_ID_index_jobs : OPT_ID_jobs;
	struct applying a = {
		.opts = s->opts, .run = s->run, .adapter = s->adapter, .elsewhere = s->elsewhere, .section = section, .findings = s->findings, .lookback = s->lookback,
		.nlanes = (unsigned)opt_u64(s->opts, jobs),
		.own_encoding = opt_string(s->opts, OPT_ID_source_encoding) != NULL && strcmp(s->run->header.encoding, "SQL_ASCII") == 0,
	};
	int rc;

	a.lanes = mem_array(a.nlanes, sizeof(*a.lanes));
	a.told = keyset_new();
	a.done = keyset_new();
	a.builds = builds_new(a.nlanes, apply_statement, table_size, &a);
	if (strcmp(section, "pre-data") == 0)
		a.batch = batch_new(apply_together, apply_alone, &a);
	rc = open_lane(&a, &a.lanes[0], e);
	if (rc == 0)
		rc = fetch_and_apply(&a, s->to, e);
	batch_free(a.batch);
	builds_free(a.builds);
	for (size_t i = 0; i < a.nsettings; i++)
		free(a.settings[i].text);
	free(a.settings);
	for (unsigned i = 0; i < a.nlanes; i++)
		db_close(a.lanes[i].db);
	free(a.lanes);
	keyset_free(a.done);
	keyset_free(a.told);
	return rc;
}

static int
see(void *ctx, const struct sql_statement *st, struct err *e)
{
	struct schema *s = ctx;

	(void)e; /* cannot fail */
	elsewhere_see(s->elsewhere, st);
	return 0;
}

int
schema_see(struct schema *s, const char *section, struct err *e)
{
	struct buf text;
	int rc;

	buf_init(&text, SCHEMA_LIMIT);
	rc = schema_fetch(s->run, section, &text, e);
	if (rc == 0)
		rc = adapter_each(s->adapter, section, &text, see, s, e);
	buf_release(&text);
	return rc;
}
