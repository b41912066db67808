/* database_settings.c -- what the source set for its database, at the destination's. */
#include "prelude.h"

#include "adapt_work.h"
#include "carried.h"
#include "database_settings.h"
#include "err.h"
#include "log.h"
#include "schema.h"

struct settings {
	struct db *db;
	struct run *run;
	struct findings *findings;
};

/* Has the database here a value for NAME?  1, 0, -1. */
static int
is_set(struct db *db, const char *name, struct err *e)
{
	const char *params[] = { name };
	char *n = db_value(db, "SELECT pg_catalog.count(*) FROM pg_catalog.pg_db_role_setting s, pg_catalog.pg_database d,"
	    " pg_catalog.unnest(s.setconfig) c WHERE d.datname = pg_catalog.current_database() AND s.setdatabase = d.oid AND s.setrole = 0"
	    " AND pg_catalog.split_part(c, '=', 1) = $1", 1, params, e);
	int rc = n == NULL ? -1 : strcmp(n, "0") != 0;

	free(n);
	return rc;
}

/* ALTER DATABASE … SET …; SET is token I. */
static int
set(struct db *db, const struct work *w, size_t i, const char *name, struct findings *findings, struct err *e)
{
	struct buf sql;
	int rc;

	text_init(&sql);
	text_puts(&sql, "ALTER DATABASE ");
	rc = db_add_ident(db, &sql, PQdb(db_conn(db)), e);
	text_puts(&sql, " ");
	work_add_text(w, i, w->n, &sql);
	if (rc == 0 && (rc = db_exec(db, text_str(&sql), e)) == 0) {
		log_info("the database has %s as at the source", name);
	} else if (rc < 0 && e->code == ERR_DATABASE) {
		findings_warn(findings, NULL, NULL, "setting %s of the database: %s", name, e->text);
		rc = 0;
	}
	buf_release(&sql);
	return rc;
}

/* The setting NAME of the run's database; SET is token I. */
static int
take_setting(const struct settings *s, const struct work *w, size_t i, const char *name, struct err *e)
{
	const char *why = carried_setting(name);
	int there;

	if (why != NULL) {
		findings_warn(s->findings, NULL, NULL, "the database had its own %s; that is not set here, for %s", name, why);
		return 0;
	}
	there = is_set(s->db, name, e);
	if (there != 0)
		return there < 0 ? -1 : 0;
	return set(s->db, w, i, name, s->findings, e);
}

static int
take(void *ctx, const struct sql_statement *statement, struct err *e)
{
	const struct settings *s = ctx;
	struct work w = { .s = statement };
	char *database = NULL, *name = NULL;
	size_t end;
	int rc;

	text_init(&w.more);
	if ((rc = work_read(&w, e)) == 0 && (end = work_match(&w, 0, "alter database @")) > 0 && work_word(&w, end, "set")) {
		database = work_name(&w, end - 1);
		name = carried_name(&w, end);
		if (database != NULL && name != NULL && strcmp(database, s->run->header.database) == 0)
			rc = take_setting(s, &w, end, name, e);
	}
	free(name);
	free(database);
	work_release(&w);
	return rc;
}

int
database_settings_apply(struct db *db, struct run *run, struct findings *findings, struct err *e)
{
	struct settings s = { db, run, findings };

	return schema_each_global(run, take, &s, e);
}
