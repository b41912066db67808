/* made.c -- what a statement of a schema makes, by its name, and which such things are here. */
#include "prelude.h"

#include "adapt_work.h"
#include "err.h"
#include "made.h"

/* --- what a statement makes ------------------------------------------------------------------ */

/* What CREATE makes, as adapt_object begins; names of the others are not looked for. */
static const char *const kinds[] = { "table ", "view ", "materialized view ", "sequence ", "index ", "trigger ", "policy ", "function ",
	"procedure ", "statistics ", "type ", "domain ", "schema " };

/* "KIND name[ of table]": the name stands at token I, its table at token TABLE, 0 for none. */
static char *
name_thing(const struct work *w, const char *kind, size_t i, size_t table)
{
	struct buf b;

	text_init(&b);
	text_printf(&b, "%s ", kind);
	work_spell(w, i, &b);
	if (table > 0) {
		text_puts(&b, " of ");
		work_spell(w, table, &b);
	}
	return text_take(&b);
}

/* ALTER … ADD and the like. */
static const struct {
	const char *kind;
	const char *name;      /* what stands before the name */
	const char *table;     /* what stands before the table's, NULL: it is on none */
	bool of_table;         /* the table is a part of the name */
} additions[] = {
	{ "constraint", "alter table ?only @ add constraint", "alter table ?only", true },
	{ "partition", "alter table ?only @ attach partition", "alter table ?only", false },
	{ "partition", "alter index @ attach partition", NULL, false },
	{ "publication", "alter publication", "alter publication @ add table ?only", true },
	{ "rule", "create rule", "create rule @ as on select|insert|update|delete to", true },
};

static bool
read_addition(const struct work *w, struct made *out)
{
	for (size_t k = 0; k < GPM_ARRAY_LEN(additions); k++) {
		size_t name = work_match(w, 0, additions[k].name), table = additions[k].table != NULL ? work_match(w, 0, additions[k].table) : 0;

		if (name == 0 || (table == 0 && additions[k].table != NULL))
			continue;
		out->thing = name_thing(w, additions[k].kind, name, additions[k].of_table ? table : 0);
		out->of = table > 0 ? name_thing(w, "table", table, 0) : NULL;
		return true;
	}
	return false;
}

/* ADD GENERATED … AS IDENTITY ( SEQUENCE NAME … */
static bool
read_identity(const struct work *w, struct made *out)
{
	size_t i = work_match(w, 0, "alter table ?only @ alter ?column @ add generated");

	for (; i > 0 && i < w->n; i++) {
		size_t name = work_match(w, i, "sequence name");

		if (name == 0)
			continue;
		out->thing = name_thing(w, "sequence", name, 0);
		out->of = name_thing(w, "table", work_match(w, 0, "alter table ?only"), 0);
		return true;
	}
	return false;
}

static void
read_create(const struct work *w, struct made *out)
{
	char *object = adapt_object(w->s);
	size_t table, at, end;

	for (size_t k = 0; k < GPM_ARRAY_LEN(kinds) && out->thing == NULL; k++)
		if (strncmp(object, kinds[k], strlen(kinds[k])) == 0)
			out->thing = object;
	if (out->thing == NULL) {
		free(object);
		return;
	}
	if ((table = work_match(w, 0, "create ?unlogged table @ partition of")) > 0)
		out->of = name_thing(w, "table", table, 0);
	else if (strstr(object, " of ") != NULL && work_find(w, 1, w->n, "on ?only @", &at, &end))
		out->of = name_thing(w, "table", work_word(w, at + 1, "only") ? at + 2 : at + 1, 0);
}

void
made_read(const struct sql_statement *s, struct made *out)
{
	struct work w = { .s = s };
	struct err ignored;

	*out = (struct made){ NULL, NULL };
	text_init(&w.more);
	if (work_read(&w, &ignored) == 0 && !read_addition(&w, out) && !read_identity(&w, out) && work_word(&w, 0, "create"))
		read_create(&w, out);
	work_release(&w);
}

void
made_release(struct made *m)
{
	free(m->thing);
	free(m->of);
}

static void
spell(struct buf *b, const char *name)
{
	if (name[0] != '\0' && name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_")] == '\0') {
		text_puts(b, name);
		return;
	}
	text_puts(b, "\"");
	for (; *name != '\0'; name++)
		text_printf(b, *name == '"' ? "\"%c" : "%c", *name);
	text_puts(b, "\"");
}

char *
made_table(const char *schema, const char *name)
{
	struct buf b;

	text_init(&b);
	text_puts(&b, "table ");
	spell(&b, schema);
	text_puts(&b, ".");
	spell(&b, name);
	return text_take(&b);
}

/* --- what is here ---------------------------------------------------------------------------- */

#define C MADE_SPELL_FULL("c.relnamespace", "c.relname")
#define OF_TABLE(kind, name, from, rel) " UNION ALL SELECT '" kind " ' || " MADE_SPELL(name) " || ' of ' || " C " FROM " from \
	" JOIN pg_catalog.pg_class c ON c.oid = " rel

/* By the version from which on the server has such things. */
static const struct {
	int since;
	const char *sql;
} queries[] = {
	{ 0, "SELECT CASE c.relkind WHEN 'v' THEN 'view ' WHEN 'm' THEN 'materialized view ' WHEN 'S' THEN 'sequence ' ELSE 'table ' END || " C
	    " FROM pg_catalog.pg_class c WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S')"
	    " UNION ALL SELECT 'schema ' || " MADE_SPELL("nspname") " FROM pg_catalog.pg_namespace"
	    OF_TABLE("index", "i.relname", "pg_catalog.pg_index x JOIN pg_catalog.pg_class i ON i.oid = x.indexrelid", "x.indrelid")
	    OF_TABLE("constraint", "o.conname", "pg_catalog.pg_constraint o", "o.conrelid")
	    OF_TABLE("trigger", "t.tgname", "pg_catalog.pg_trigger t", "t.tgrelid")
	    OF_TABLE("rule", "r.rulename", "pg_catalog.pg_rewrite r", "r.ev_class")
	    " UNION ALL SELECT 'partition ' || " C " FROM pg_catalog.pg_inherits h JOIN pg_catalog.pg_class c ON c.oid = h.inhrelid"
	    " UNION ALL SELECT k.kind || " MADE_SPELL_FULL("p.pronamespace", "p.proname") " FROM pg_catalog.pg_proc p,"
	    " (VALUES ('function '), ('procedure ')) k(kind) WHERE p.pronamespace <> (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = 'pg_catalog')"
	    " UNION ALL SELECT k.kind || " MADE_SPELL_FULL("y.typnamespace", "y.typname") " FROM pg_catalog.pg_type y,"
	    " (VALUES ('type '), ('domain ')) k(kind) WHERE y.typnamespace <> (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = 'pg_catalog')" },
	{ 90500, OF_TABLE("policy", "l.polname", "pg_catalog.pg_policy l", "l.polrelid") },
	{ 100000, " UNION ALL SELECT 'statistics ' || " MADE_SPELL_FULL("s.stxnamespace", "s.stxname") " FROM pg_catalog.pg_statistic_ext s"
	    OF_TABLE("publication", "b.pubname", "pg_catalog.pg_publication_rel r JOIN pg_catalog.pg_publication b ON b.oid = r.prpubid", "r.prrelid") },
};

int
made_here(struct db *db, struct keyset **out, struct err *e)
{
	struct buf sql;
	PGresult *res;
	int rc;

	text_init(&sql);
	for (size_t i = 0; i < GPM_ARRAY_LEN(queries); i++)
		if (db_version(db) >= queries[i].since)
			text_puts(&sql, queries[i].sql);
	rc = db_query(db, text_str(&sql), 0, NULL, &res, e);
	buf_release(&sql);
	if (rc < 0)
		return -1;
	*out = keyset_new();
	for (int i = 0; i < PQntuples(res); i++)
		keyset_add(*out, PQgetvalue(res, i, 0));
	PQclear(res);
	return 0;
}
