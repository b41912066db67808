/* schema.c -- the schema at the destination: roles and statements. */
#include "prelude.h"

#include <inttypes.h>

#include "err.h"
#include "ledger.h"
#include "log.h"
#include "opt.h"
#include "schema.h"
#include "session.h"
#include "sqlsplit.h"
#include "stop.h"
#include "unpack.h"

/* --- roles ----------------------------------------------------------------------------------- */

static int
make_role(struct db *db, const char *name, struct err *e)
{
	const char *params[] = { name };
	struct buf sql;
	PGresult *res;
	int there, rc;

	if (db_query(db, "SELECT 1 FROM pg_catalog.pg_roles WHERE rolname = $1", 1, params, &res, e) < 0)
		return -1;
	there = PQntuples(res);
	PQclear(res);
	if (there > 0)
		return 0;
	text_init(&sql);
	text_puts(&sql, "CREATE ROLE ");
	rc = db_add_ident(db, &sql, name, e);
	if (rc == 0 && (rc = db_exec(db, text_str(&sql), e)) == 0)
		log_info("role %s was made, without password or attributes", name);
	if (rc < 0 && e->code == ERR_DATABASE) {
		log_warning("role %s cannot be made: %s", name, e->text);
		rc = 0;
	}
	buf_release(&sql);
	return rc;
}

int
schema_roles(struct db *db, struct run *run, struct err *e)
{
	for (size_t i = 0; i < run->header.roles.len; i++)
		if (make_role(db, run->header.roles.at[i], e) < 0)
			return -1;
	return 0;
}

/* --- statements ------------------------------------------------------------------------------ */

struct finding {
	const char *key;
	struct rec_file file;
	bool found;
};

/* Take the file record whose key is "schema/<section>.sql" and a suffix. */
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
schema_fetch(struct run *run, const char *section, struct buf *out, struct err *e)
{
	char *name = mem_printf("schema/%s.sql", section), *key;
	struct finding f = { .key = name };
	int rc = run_each(run, REC_FILE, see_file, &f, e);

	if (rc == 0 && !f.found)
		rc = err_set(e, ERR_DIFFERS, "run %s names no %s", run->id, name);
	free(name);
	if (rc == 0 && (rc = store_key_check(f.file.key, e)) == 0) {
		key = run_key(run, f.file.key);
		rc = unpack_file(run->store, key, &f.file, out, e);
		free(key);
	}
	record_free_fields(REC_FILE, &f.file);
	return rc;
}

static int
execute(struct db *db, const char *sql, struct err *e)
{
	PGresult *res = db_exec_one(db, sql);
	ExecStatusType status = PQresultStatus(res);

	if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
		return db_fail(db, res, e, "statement failed");
	PQclear(res);
	return 0;
}

/* An owner that does not exist here, or that this user cannot give things to: the object stays with
 * the user who loads. */
static bool
is_owner_trouble(struct db *db, const char *sql)
{
	return strncmp(sql, "ALTER ", 6) == 0 && strstr(sql, " OWNER TO ") != NULL &&
	    (strcmp(db_sqlstate(db), "42704") == 0 || strcmp(db_sqlstate(db), "42501") == 0);
}

/* One statement and its step, together or not at all. */
static int
apply_once(struct db *db, const char *run, const char *step, const char *sql, struct err *e)
{
	if (db_exec(db, "BEGIN", e) < 0)
		return -1;
	if (execute(db, sql, e) < 0 || ledger_add_step(db, run, step, e) < 0)
		return -1;
	return db_exec(db, "COMMIT", e);
}

static int
apply_statement(struct db *db, struct run *run, const char *section, const struct sql_statement *s,
    struct report *report, struct err *e)
{
	char *step = mem_printf("%s:%" PRIu64, section, s->number);
	size_t shown = strcspn(s->text, "\n'"); /* what stands in quotes may be a password */
	struct err ignored;
	int rc = s->session ? 0 : ledger_has_step(db, run->id, step, e);

	if (rc == 0)
		rc = s->session ? execute(db, s->text, e) : apply_once(db, run->id, step, s->text, e);
	free(step);
	if (rc >= 0)
		return 0;
	if (e->code != ERR_DATABASE)
		return -1;
	if (is_owner_trouble(db, s->text))
		log_warning("an owner stays as it is: %s", e->text);
	else if (s->session)
		log_debug("%s.sql, line %" PRIu64 ": %s", section, s->line, e->text); /* a setting of another version */
	else
		report_trouble(report, e, "%s.sql, line %" PRIu64 ", '%.*s'", section, s->line,
		    shown < 120 ? (int)shown : 120, s->text);
	return s->session || db_exec(db, "ROLLBACK", &ignored) == 0 ? 0 : -1;
}

static int
apply_text(struct db *db, struct run *run, const char *section, const struct buf *text,
    struct report *report, struct err *e)
{
	struct sqlsplit *split = sqlsplit_new(text->data, text->len);
	struct sql_statement s;
	int rc;

	while ((rc = sqlsplit_next(split, &s, e)) > 0) {
		if (stop_check(e) < 0 || apply_statement(db, run, section, &s, report, e) < 0) {
			rc = -1;
			break;
		}
	}
	sqlsplit_free(split);
	return rc;
}

int
schema_apply(const struct opts *opts, struct run *run, const char *section, struct report *report,
    struct err *e)
{
	struct db *db = NULL;
	struct buf text;
	int rc;

	buf_init(&text, SCHEMA_LIMIT);
	rc = schema_fetch(run, section, &text, e);
	if (rc == 0 && (rc = session_open(opts, run->id, "schema", &db, e)) == 0)
		rc = apply_text(db, run, section, &text, report, e);
	db_close(db);
	buf_release(&text);
	return rc < 0 ? -1 : 0;
}
