/* schema_roles.c -- roles at the destination, and what globals.sql says (schema.h). */
#include "prelude.h"

#include "err.h"
#include "log.h"
#include "role_settings.h"
#include "schema.h"
#include "schema_queues.h"

int
schema_each_global(struct run *run, schema_global *take, void *ctx, struct err *e)
{
	struct sqlsplit *split;
	struct sql_statement s;
	struct buf text;
	int rc;

	buf_init(&text, SCHEMA_LIMIT);
	if (schema_fetch(run, "globals", &text, e) < 0) {
		buf_release(&text);
		return -1;
	}
	split = sqlsplit_new(text.data, text.len);
	while ((rc = sqlsplit_next(split, &s, e)) > 0 && (rc = take(ctx, &s, e)) == 0)
		continue;
	sqlsplit_free(split);
	buf_release(&text);
	return rc < 0 ? -1 : 0;
}

/* OLD is its name at the source.  1: it was made, in the transaction under way; 0; -1. */
static int
make_role(struct db *db, const char *old, const char *name, const struct queues *queues, struct err *e)
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
	if (rc == 0)
		rc = queues_add_clause(queues, db, old, &sql, e);
	if (rc == 0)
		rc = db_exec(db, "SAVEPOINT gpm_role", e);
	if (rc == 0 && (rc = db_exec(db, text_str(&sql), e)) == 0) {
		log_info("role %s was made, without password", name);
		rc = 1;
	} else if (rc < 0 && e->code == ERR_DATABASE) {
		log_warning("role %s cannot be made: %s%s", name, e->text,
		    strcmp(db_sqlstate(db), "42939") == 0 ? "; --owner-map gives it another name" : "");
		rc = db_exec(db, "ROLLBACK TO SAVEPOINT gpm_role", e);
	}
	buf_release(&sql);
	return rc;
}

/* All of it, or nothing: who is there the next start takes for the destination's own. */
static int
make_all(struct db *db, struct run *run, enum adapt_to to, const struct adapt_map *owners, const struct queues *queues,
    struct findings *findings, struct err *e)
{
	const struct strings *roles = &run->header.roles;
	struct strings made = { mem_array(roles->len, sizeof(char *)), 0 };
	int rc = db_exec(db, "BEGIN", e);

	for (size_t i = 0; rc >= 0 && i < roles->len; i++)
		if ((rc = make_role(db, roles->at[i], adapt_name(owners, roles->at[i]), queues, e)) > 0)
			made.at[made.len++] = roles->at[i];
	if (rc >= 0)
		rc = made.len == 0 ? 0 : role_settings_apply(db, run, to, owners, &made, findings, e);
	free(made.at);
	return rc < 0 ? -1 : db_exec(db, "COMMIT", e);
}

int
schema_roles(struct db *db, struct run *run, enum adapt_to to, const struct adapt_map *owners, struct findings *findings, struct err *e)
{
	struct queues *queues;
	int rc = queues_open(db, run, to, true, findings, &queues, e);

	if (rc == 0)
		rc = make_all(db, run, to, owners, queues, findings, e);
	queues_free(queues);
	return rc;
}
