/* anew.c -- a table that earlier runs made and filled, or a view, taken away, so that it can be made as a newer run has it. */
#include "prelude.h"

#include "anew.h"
#include "err.h"
#include "ledger.h"
#include "log.h"
#include "made.h"
#include "quote.h"

/* A table and its partitions, the table first: its own oid, schema, name, thing, has it partitions? */
enum { OID, SCHEMA, NAME, THING, IS_ABOVE };

/* NAME as SQL reads it, or as a thing's name is. */
static int
find_members(struct db *db, const char *name, PGresult **out, struct err *e)
{
	struct buf sql;
	int rc;

	text_init(&sql);
	text_puts(&sql, "WITH RECURSIVE m(oid, level) AS (SELECT pg_catalog.to_regclass(");
	quote_literal(&sql, name);
	text_puts(&sql, ")::oid, 0 UNION ALL SELECT inhrelid, level + 1 FROM m JOIN pg_catalog.pg_inherits ON inhparent = m.oid)"
	    " SELECT c.oid, nspname, relname, 'table ' || " MADE_SPELL_FULL("c.relnamespace", "c.relname") ","
	    " EXISTS (SELECT 1 FROM pg_catalog.pg_inherits WHERE inhparent = c.oid) FROM m JOIN pg_catalog.pg_class c ON c.oid = m.oid"
	    " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace ORDER BY level, 4");
	rc = db_query(db, text_str(&sql), 0, NULL, out, e);
	buf_release(&sql);
	return rc;
}

/* --- may they go? ---------------------------------------------------------------------------- */

/* Only what runs loaded is in it.  A root has no rows of its own, and no entry. */
static int
check_rows(struct db *db, const PGresult *members, int i, struct err *e)
{
	struct rec_table t = { .schema = PQgetvalue(members, i, SCHEMA), .name = PQgetvalue(members, i, NAME) };
	bool is_above = strcmp(PQgetvalue(members, i, IS_ABOVE), "t") == 0;
	int entries = ledger_check_loaded_only(db, &t, e);

	if (entries < 0)
		return i == 0 ? -1 : err_context(e, "%s.%s", t.schema, t.name);
	return entries > 0 || is_above ? 0 : err_set(e, ERR_DATABASE, "%s.%s was loaded by no run", t.schema, t.name);
}

/* Tables whose rows the run brings, all of them. */
struct brought {
	struct run *run;
	const struct keyset *wanted;
	struct keyset *found;
};

static int
add_brought(void *ctx, struct record *r, struct err *e)
{
	struct brought *b = ctx;
	char *thing = made_table(r->u.manifest.schema, r->u.manifest.name);
	struct run_table *t;
	int rc = 0;

	if (keyset_has(b->wanted, thing)) {
		rc = store_key_check(r->u.manifest.key, e) < 0 ? -1 : run_table_open(b->run, &r->u.manifest, &t, e);
		if (rc == 0 && t->table.filter == NULL)
			keyset_add(b->found, thing);
		if (rc == 0)
			run_table_close(t);
	}
	free(thing);
	return rc;
}

/* THING of the members, which is no partition's root, or is the uppermost, ABOVE. */
static int
check_brought(const struct anew *a, const struct brought *b, const char *thing, bool above, struct err *e)
{
	if (keyset_has(b->found, thing) || (keyset_has(a->things, thing) && above))
		return 0;
	if (keyset_has(a->things, thing))
		return err_set(e, ERR_DATABASE, "the run does not bring all rows of %s", thing);
	if (a->gone)
		return 0;
	err_set(e, ERR_DATABASE, "the run does not have %s", thing);
	return err_hint(e, "--drop-gone lets what is gone at the source go here as well");
}

/* Nothing goes whose rows would not come again, unless it is said that what is gone at the source shall. */
static int
check_carried(const struct anew *a, const PGresult *members, struct err *e)
{
	struct keyset *wanted = keyset_new();
	struct brought b = { .run = a->run, .wanted = wanted, .found = keyset_new() };
	int rc;

	for (int i = 0; i < PQntuples(members); i++)
		keyset_add(wanted, PQgetvalue(members, i, THING));
	rc = run_each(a->run, REC_MANIFEST, add_brought, &b, e);
	for (int i = 0; rc == 0 && i < PQntuples(members); i++) {
		bool above = strcmp(PQgetvalue(members, i, IS_ABOVE), "t") == 0;

		if (!above || i == 0)
			rc = check_brought(a, &b, PQgetvalue(members, i, THING), above, e);
	}
	keyset_free(b.found);
	keyset_free(wanted);
	return rc;
}

/* --- what goes with them --------------------------------------------------------------------- */

/* Views of the members, and of those views, last ones first; and foreign keys of other tables: what they are, the statement. */
static int
find_dependents(struct db *db, const char *name, PGresult **out, struct err *e)
{
	struct buf sql;
	int rc;

	text_init(&sql);
	text_puts(&sql, "WITH RECURSIVE m(oid) AS (SELECT pg_catalog.to_regclass(");
	quote_literal(&sql, name);
	text_puts(&sql, ")::oid UNION ALL SELECT inhrelid FROM m JOIN pg_catalog.pg_inherits ON inhparent = m.oid),"
	    " v(oid, level) AS (SELECT oid, 0 FROM m UNION SELECT r.ev_class, v.level + 1 FROM v JOIN pg_catalog.pg_depend d"
	    " ON d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid = v.oid AND d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass"
	    " JOIN pg_catalog.pg_rewrite r ON r.oid = d.objid WHERE r.ev_class <> v.oid AND v.level < 100)"
	    " SELECT CASE c.relkind WHEN 'm' THEN 'materialized view ' ELSE 'view ' END || " MADE_SPELL_FULL("c.relnamespace", "c.relname") " AS thing,"
	    " pg_catalog.format('DROP %s %I.%I', CASE c.relkind WHEN 'm' THEN 'MATERIALIZED VIEW' ELSE 'VIEW' END, n.nspname, c.relname) AS sql, max(level) AS level"
	    " FROM v JOIN pg_catalog.pg_class c ON c.oid = v.oid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
	    " WHERE c.relkind IN ('v', 'm') AND level > 0 GROUP BY 1, 2 UNION ALL"
	    " SELECT 'constraint ' || " MADE_SPELL("o.conname") " || ' of ' || " MADE_SPELL_FULL("c.relnamespace", "c.relname") ","
	    " pg_catalog.format('ALTER TABLE %I.%I DROP CONSTRAINT %I', n.nspname, c.relname, o.conname), 0"
	    " FROM pg_catalog.pg_constraint o JOIN pg_catalog.pg_class c ON c.oid = o.conrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
	    " WHERE o.contype = 'f' AND o.confrelid IN (SELECT oid FROM m) AND o.conrelid NOT IN (SELECT oid FROM m)"
	    " AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_inherits h JOIN pg_catalog.pg_constraint p ON p.conrelid = h.inhparent AND p.conname = o.conname"
	    " WHERE h.inhrelid = o.conrelid)"
	    " ORDER BY 3 DESC, 1");
	rc = db_query(db, text_str(&sql), 0, NULL, out, e);
	buf_release(&sql);
	return rc;
}

/* A view is made again by the run; a foreign key is of a table of it, or gone at the source. */
static bool
may_go(const struct anew *a, const char *thing)
{
	bool is_view = strncmp(thing, "constraint ", strlen("constraint ")) != 0;

	return keyset_has(a->made, thing) && (!is_view || a->gone || keyset_has(a->things, thing));
}

/* What went is told in WITH. */
static int
drop_dependents(const struct anew *a, const char *name, struct buf *with, struct err *e)
{
	PGresult *res;
	int rc = find_dependents(a->db, name, &res, e);

	if (rc < 0)
		return -1;
	for (int i = 0; rc == 0 && i < PQntuples(res); i++) {
		const char *thing = PQgetvalue(res, i, 0);

		if (!may_go(a, thing)) {
			err_set(e, ERR_DATABASE, "%s depends on it, which the run does not make again", thing);
			rc = err_hint(e, "drop that here, load, and make it again where it is needed");
		} else if ((rc = db_exec(a->db, PQgetvalue(res, i, 1), e)) == 0) {
			text_printf(with, "%s%s", with->len > 0 ? ", " : " with ", thing);
		}
	}
	PQclear(res);
	return rc;
}

/* --- the whole ------------------------------------------------------------------------------- */

/* Nobody reads or writes them any more, so that nothing comes behind the count. */
static int
settle_members(const struct anew *a, const PGresult *members, struct err *e)
{
	for (int i = 0; i < PQntuples(members); i++)
		if (check_rows(a->db, members, i, e) < 0)
			return -1;
	if (check_carried(a, members, e) < 0)
		return -1;
	for (int i = 0; i < PQntuples(members); i++)
		if (ledger_forget(a->db, &(struct rec_table){ .schema = PQgetvalue(members, i, SCHEMA), .name = PQgetvalue(members, i, NAME) }, e) < 0)
			return -1;
	return 0;
}

static int
drop_table(const struct anew *a, const char *name, struct buf *with, struct err *e)
{
	struct buf table;
	PGresult *members;
	int rc;

	if (find_members(a->db, name, &members, e) < 0)
		return -1;
	text_init(&table);
	if (PQntuples(members) > 0) {
		quote_name(&table, PQgetvalue(members, 0, SCHEMA), PQgetvalue(members, 0, NAME));
		rc = db_execf(a->db, e, "LOCK TABLE %s IN ACCESS EXCLUSIVE MODE", text_str(&table));
		if (rc == 0 && (settle_members(a, members, e) < 0 || drop_dependents(a, name, with, e) < 0 ||
		    db_execf(a->db, e, "DROP TABLE %s", text_str(&table)) < 0))
			rc = -1;
	} else {
		rc = err_set(e, ERR_DATABASE, "is not here any more");
	}
	buf_release(&table);
	PQclear(members);
	return rc;
}

static int
drop_view(const struct anew *a, const char *kind, const char *name, struct buf *with, struct err *e)
{
	struct buf sql;
	char *quoted;
	int rc = drop_dependents(a, name, with, e);

	if (rc < 0)
		return -1;
	text_init(&sql);
	text_puts(&sql, "SELECT pg_catalog.format('%I.%I', nspname, relname) FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n"
	    " ON n.oid = relnamespace WHERE c.oid = pg_catalog.to_regclass(");
	quote_literal(&sql, name);
	text_puts(&sql, ")");
	quoted = db_value(a->db, text_str(&sql), 0, NULL, e);
	buf_release(&sql);
	rc = quoted == NULL ? -1 : db_execf(a->db, e, "DROP %s %s", kind, quoted);
	free(quoted);
	return rc;
}

static const char *const kinds[] = { "table", "view", "materialized view" };

static int
drop_in_transaction(const struct anew *a, const char *thing, struct buf *with, struct err *e)
{
	size_t kind = 0;
	const char *name;

	while (strncmp(thing, kinds[kind], strlen(kinds[kind])) != 0)
		kind++;
	name = thing + strlen(kinds[kind]) + 1;
	if (ledger_begin_step(a->db, e) < 0 || (kind == 0 ? drop_table(a, name, with, e) : drop_view(a, kinds[kind], name, with, e)) < 0)
		return -1;
	/* what comes after the rows is about it, too */
	return ledger_forget_after(a->db, a->run->id, e) < 0 ? -1 : ledger_commit(a->db, e);
}

int
anew_drop(const struct anew *a, const char *thing, struct err *e)
{
	struct buf with;
	int rc;

	if (!keyset_has(a->made, thing))
		return err_set(e, ERR_DATABASE, "was made by no run of this database");
	text_init(&with);
	if ((rc = drop_in_transaction(a, thing, &with, e)) < 0)
		ledger_roll_back(a->db, e);
	else
		log_info("%s was dropped%s: %s", thing, text_str(&with), keyset_has(a->things, thing) ? "made anew, as the run has it" : "it is gone at the source");
	buf_release(&with);
	return rc;
}
