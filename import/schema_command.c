/* schema_command.c -- gpm-import schema: the schema alone, made, rehearsed or printed. */
#include "prelude.h"

#include "destination.h"
#include "database_settings.h"
#include "err.h"
#include "import.h"
#include "ledger.h"
#include "log.h"
#include "opt.h"
#include "rehearse.h"
#include "schema.h"
#include "schema_queues.h"
#include "session.h"

static const char *const sections[] = { "pre-data", "post-data" };

/* What the command holds. */
struct making {
	const struct opts *opts; /* of the database that it is made in */
	struct run *run;
	bool wanted[GPM_ARRAY_LEN(sections)];
	struct report *report;
	struct findings *findings;
	struct maps maps;
	bool rehearsed;
};

static int
read_section(struct making *m, struct err *e)
{
	const char *section = opt_string(m->opts, OPT_ID_section);
	bool any = false;

	for (size_t i = 0; i < GPM_ARRAY_LEN(sections); i++)
		any |= m->wanted[i] = strcmp(section, "all") == 0 || strcmp(section, sections[i]) == 0;
	return any ? 0 : err_set(e, ERR_USAGE, "--section: '%s' is none of pre-data, post-data and all", section);
}

/* --- printed --------------------------------------------------------------------------------- */

static int
print(struct making *m, struct err *e)
{
	const char *destination = opt_string(m->opts, OPT_ID_destination);
	struct adapter *adapter;
	enum adapt_to to;
	int rc;

	if (destination == NULL) {
		err_set(e, ERR_USAGE, "--print needs --destination: which kind of server the statements are for");
		return err_hint(e, "postgresql, greenplum6, greenplum7, whpg7, cloudberry or adbpg7");
	}
	if (destination_named(destination, &to, e) < 0)
		return -1;
	adapter = adapter_new(to, &m->maps.owners, &m->maps.tablespaces);
	rc = 0;
	/* what is not wanted is printed by nobody, but post-data depends on what pre-data says */
	for (size_t i = 0; rc == 0 && i < GPM_ARRAY_LEN(sections); i++)
		rc = schema_print(adapter, m->run, sections[i], m->wanted[i], m->report, e);
	adapter_free(adapter);
	if (rc == 0 && fflush(stdout) != 0)
		rc = err_sys(e, "cannot write the statements");
	return rc;
}

/* --- made ------------------------------------------------------------------------------------ */

/* Those that load would make. */
static int
tell_queues(struct making *m, struct db *db, enum adapt_to to, struct err *e)
{
	struct queues *queues;

	if (queues_open(db, m->run, to, false, m->findings, &queues, e) < 0)
		return -1;
	queues_free(queues);
	return 0;
}

static int
apply(struct making *m, struct db *db, enum adapt_to to, struct schema *schema, struct err *e)
{
	/* in a rehearsal the roles of the whole server are left alone: the missing ones are this user here */
	if (m->rehearsed ? tell_queues(m, db, to, e) < 0 :
	    m->wanted[0] && schema_roles(db, m->run, to, &m->maps.owners, m->findings, e) < 0)
		return -1;
	for (size_t i = 0; i < GPM_ARRAY_LEN(sections); i++)
		if ((m->wanted[i] ? schema_apply(schema, sections[i], e) : schema_see(schema, sections[i], e)) < 0)
			return -1;
	if (m->rehearsed)
		return 0;
	if (m->wanted[GPM_ARRAY_LEN(sections) - 1] && database_settings_apply(db, m->run, m->findings, e) < 0)
		return -1;
	return ledger_make_durable(db, m->run->id, e);
}

static int
make_in(struct making *m, struct db *db, struct err *e)
{
	struct schema *schema;
	enum adapt_to to;
	int rc;

	if (session_read_names(m->opts, db, &m->run->header, e) < 0 || ledger_lock_run(db, e) < 0 || ledger_create(db, e) < 0)
		return -1;
	/* the lock is held: other sessions of an import are those of a dead one */
	if (db_end_orphans(db, "gpm-import ", e) < 0 || ledger_wait_steps(db, e) < 0 || destination_ask(db, &to, e) < 0)
		return -1;
	session_commit_later(db);
	schema = schema_new(m->opts, m->run, to, &m->maps, m->findings);
	rc = apply(m, db, to, schema, e);
	schema_free(schema);
	return rc;
}

static int
make(struct making *m, struct err *e)
{
	struct db *db = NULL;
	int rc = session_open(m->opts, m->run->id, "main", &db, e);

	if (rc == 0)
		rc = make_in(m, db, e);
	db_close(db);
	return rc;
}

/* --- rehearsed ------------------------------------------------------------------------------- */

/* Roles that are not here are made by nobody: what is theirs is this user's. */
static int
lend_roles(struct making *m, struct db *db, struct err *e)
{
	char *self = db_value(db, "SELECT current_user", 0, NULL, e);
	int rc = self == NULL ? -1 : 0;

	for (size_t i = 0; rc == 0 && i < m->run->header.roles.len; i++) {
		const char *name = m->run->header.roles.at[i], *here = adapt_name(&m->maps.owners, name);
		const char *params[] = { here };
		char *n = db_value(db, "SELECT pg_catalog.count(*) FROM pg_catalog.pg_roles WHERE rolname = $1", 1, params, e);

		if (n == NULL)
			rc = -1;
		else if (strcmp(n, "0") == 0) {
			findings_warn(m->findings, NULL, NULL, "role %s is missing: load makes it, without password", here);
			maps_set_owner(&m->maps, name, self);
		}
		free(n);
	}
	free(self);
	return rc;
}

static int
rehearse(struct making *m, struct err *e)
{
	struct rehearsal *r;
	struct err later;
	int rc;

	if (rehearsal_start(m->opts, &r, e) < 0)
		return -1;
	m->rehearsed = true;
	rc = lend_roles(m, rehearsal_db(r), e);
	m->opts = rehearsal_opts(r);
	if (rc == 0)
		rc = make(m, e);
	if (rehearsal_end(r, rc == 0 ? e : &later) < 0) {
		if (rc < 0)
			err_print(&later);
		rc = -1;
	}
	return rc;
}

/* --- the whole ------------------------------------------------------------------------------- */

static int
make_list(struct making *m, struct err *e)
{
	bool rehearsal = opt_flag(m->opts, OPT_ID_rehearse);
	int rc;

	log_info("run %s of %s, exported %s", m->run->id, m->run->header.database, m->run->header.server_time);
	rc = rehearsal ? rehearse(m, e) : make(m, e);
	findings_end(m->findings);
	if (fflush(stdout) != 0 && rc == 0)
		rc = err_sys(e, "cannot write the list");
	return rc;
}

int
import_schema(const struct opts *opts, struct store *store, struct err *e)
{
	struct making m = { .opts = opts };
	int rc;

	if (read_section(&m, e) < 0 || find_run(store, opts, &m.run, e) < 0)
		return -1;
	if (json_is_true(json_object_get(m.run->header.selection, "data_only"))) {
		err_set(e, ERR_FAILED, "run %s holds rows only: there is no schema in it", m.run->id);
		run_close(m.run);
		return -1;
	}
	m.report = report_new();
	m.findings = findings_new(m.report, true);
	maps_init(&m.maps, opts);
	rc = opt_flag(opts, OPT_ID_print) ? print(&m, e) : make_list(&m, e);
	if (rc == 0)
		rc = report_result(m.report, "the schema is not complete", e);
	maps_release(&m.maps);
	findings_free(m.findings);
	report_free(m.report);
	run_close(m.run);
	return rc;
}
