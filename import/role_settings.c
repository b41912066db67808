/* role_settings.c -- what globals.sql says of roles, for those that were made here. */
#include "prelude.h"

#include "adapt_work.h"
#include "carried.h"
#include "err.h"
#include "role_settings.h"
#include "schema.h"

struct settings {
	struct db *db;
	struct run *run;
	enum adapt_to to;
	const struct adapt_map *owners;
	const struct strings *made;
	struct findings *findings;
};

static bool
is_made(const struct settings *s, const char *old)
{
	for (size_t i = 0; i < s->made->len; i++)
		if (strcmp(s->made->at[i], old) == 0)
			return true;
	return false;
}

/* A statement of its own: the transaction outlives its failure. */
static int
run_one(const struct settings *s, struct buf *sql, const char *old, struct err *e)
{
	struct err why;
	int rc = db_exec(s->db, "SAVEPOINT gpm_role", e);

	if (rc < 0)
		return -1;
	if (db_exec(s->db, text_str(sql), &why) == 0)
		return db_exec(s->db, "RELEASE SAVEPOINT gpm_role", e);
	if (why.code != ERR_DATABASE) {
		*e = why;
		return -1;
	}
	findings_warn(s->findings, NULL, NULL, "role %s: %s", adapt_name(s->owners, old), why.text);
	return db_exec(s->db, "ROLLBACK TO SAVEPOINT gpm_role", e);
}

/* --- attributes ------------------------------------------------------------------------------ */

static const char *const plain[] = {
	"inherit", "noinherit", "nocreaterole", "createdb", "nocreatedb", "login", "nologin", NULL,
};
/* Who may make roles may become who reads the server's files and runs programs there. */
static const char *const mighty[] = { "superuser", "createrole", "replication", "bypassrls", NULL };

static bool
is_among(const struct work *w, size_t i, const char *const *words)
{
	while (*words != NULL && !work_word(w, i, *words))
		words++;
	return *words != NULL;
}

/* Where the attribute at token I ends; *WANTED: it is one that is given here. */
static size_t
read_attribute(const struct settings *s, const struct work *w, size_t i, const char *role, bool *wanted)
{
	size_t end;

	*wanted = true;
	if (is_among(w, i, plain))
		return i + 1;
	if (work_match(w, i, "connection limit") > 0)
		return i + (work_char(w, i + 2, '-') ? 4 : 3);
	if (work_match(w, i, "valid until") > 0)
		return i + 3;
	*wanted = false;
	if ((end = work_match(w, i, "createexttable|nocreateexttable ()")) > 0) {
		*wanted = s->to != ADAPT_POSTGRESQL;
		return end;
	}
	if (is_among(w, i, mighty)) {
		struct sql_token t = work_token(w, i);

		findings_warn(s->findings, NULL, NULL, "role %s had %.*s; that is not given here", role, (int)t.len, t.text);
	}
	return i + 1; /* what is not known, and the values of it, say nothing by themselves */
}

/* ALTER ROLE … WITH …; its attributes begin at token I. */
static int
give_attributes(const struct settings *s, const struct work *w, const char *old, size_t i, struct err *e)
{
	const char *role = adapt_name(s->owners, old);
	struct buf sql;
	size_t none;
	int rc;

	text_init(&sql);
	text_puts(&sql, "ALTER ROLE ");
	rc = db_add_ident(s->db, &sql, role, e);
	text_puts(&sql, " WITH");
	none = sql.len;
	while (rc == 0 && i < w->n) {
		bool wanted;
		size_t end = read_attribute(s, w, i, role, &wanted);

		if (wanted && end <= w->n) {
			text_puts(&sql, " ");
			work_add_text(w, i, end, &sql);
		}
		i = end;
	}
	if (rc == 0 && sql.len > none)
		rc = run_one(s, &sql, old, e);
	buf_release(&sql);
	return rc;
}

/* --- settings and memberships ---------------------------------------------------------------- */

/* The one that SET, token I, is about; told when it is not given here. */
static bool
is_given(const struct settings *s, const struct work *w, const char *old, size_t i)
{
	char *name = carried_name(w, i);
	const char *why = name != NULL ? carried_setting(name) : NULL;

	if (why != NULL)
		findings_warn(s->findings, NULL, NULL, "role %s had its own %s; that is not set here, for %s", adapt_name(s->owners, old), name, why);
	free(name);
	return why == NULL;
}

/* ALTER ROLE … [IN DATABASE …] SET …; SET is token I. */
static int
give_setting(const struct settings *s, const struct work *w, const char *old, bool in_database, size_t i, struct err *e)
{
	struct buf sql;
	int rc;

	if (!is_given(s, w, old, i))
		return 0;
	text_init(&sql);
	text_puts(&sql, "ALTER ROLE ");
	rc = db_add_ident(s->db, &sql, adapt_name(s->owners, old), e);
	if (rc == 0 && in_database) {
		text_puts(&sql, " IN DATABASE ");
		rc = db_add_ident(s->db, &sql, PQdb(db_conn(s->db)), e);
	}
	text_puts(&sql, " ");
	work_add_text(w, i, w->n, &sql);
	if (rc == 0)
		rc = run_one(s, &sql, old, e);
	buf_release(&sql);
	return rc;
}

static int
is_there(const struct settings *s, const char *role, struct err *e)
{
	const char *params[] = { role };
	char *n = db_value(s->db, "SELECT pg_catalog.count(*) FROM pg_catalog.pg_roles WHERE rolname = $1", 1, params, e);
	int rc = n == NULL ? -1 : strcmp(n, "0") != 0;

	free(n);
	return rc;
}

/* GRANT group TO member; who granted it at the source means nothing here. */
static int
give_membership(const struct settings *s, const char *group, const char *member, bool admin, struct err *e)
{
	const char *here = adapt_name(s->owners, group);
	bool carried;
	struct buf sql;
	int rc = is_there(s, here, e);

	if (rc <= 0)
		return rc;
	if (carried_group(s->db, here, &carried, e) < 0)
		return -1;
	if (!carried) {
		findings_warn(s->findings, NULL, NULL, "role %s was a member of %s; that is not given here", adapt_name(s->owners, member), here);
		return 0;
	}
	text_init(&sql);
	text_puts(&sql, "GRANT ");
	rc = db_add_ident(s->db, &sql, here, e);
	text_puts(&sql, " TO ");
	if (rc == 0)
		rc = db_add_ident(s->db, &sql, adapt_name(s->owners, member), e);
	text_puts(&sql, admin ? " WITH ADMIN OPTION" : "");
	if (rc == 0)
		rc = run_one(s, &sql, member, e);
	buf_release(&sql);
	return rc;
}

/* --- the text -------------------------------------------------------------------------------- */

static int
take_alter(const struct settings *s, const struct work *w, size_t end, struct err *e)
{
	char *old = work_name(w, end - 1), *database = NULL;
	size_t in = work_match(w, end, "in database @");
	int rc = 0;

	if (in > 0)
		database = work_name(w, in - 1);
	if (old != NULL && is_made(s, old)) {
		if (in == 0 && work_word(w, end, "with"))
			rc = give_attributes(s, w, old, end + 1, e);
		else if (work_word(w, in > 0 ? in : end, "set") && (database == NULL || strcmp(database, s->run->header.database) == 0))
			rc = give_setting(s, w, old, in > 0, in > 0 ? in : end, e);
	}
	free(database);
	free(old);
	return rc;
}

static int
take_grant(const struct settings *s, const struct work *w, size_t end, struct err *e)
{
	char *group = work_name(w, 1), *member = work_name(w, end - 1);
	int rc = 0;

	if (group != NULL && member != NULL && is_made(s, member))
		rc = give_membership(s, group, member, work_match(w, end, "with admin") > 0, e);
	free(member);
	free(group);
	return rc;
}

static int
take(void *ctx, const struct sql_statement *statement, struct err *e)
{
	const struct settings *s = ctx;
	struct work w = { .s = statement };
	size_t end;
	int rc;

	text_init(&w.more);
	if ((rc = work_read(&w, e)) == 0) {
		if ((end = work_match(&w, 0, "alter role @")) > 0)
			rc = take_alter(s, &w, end, e);
		else if ((end = work_match(&w, 0, "grant @ to @")) > 0)
			rc = take_grant(s, &w, end, e);
	}
	work_release(&w);
	return rc;
}

int
role_settings_apply(struct db *db, struct run *run, enum adapt_to to, const struct adapt_map *owners, const struct strings *made,
    struct findings *findings, struct err *e)
{
	struct settings s = { db, run, to, owners, made, findings };

	return schema_each_global(run, take, &s, e);
}
