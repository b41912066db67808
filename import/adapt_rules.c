/* adapt_rules.c -- the table of rules, and what the simple ones do.
 *
 * The order is that in which they are tried.  Partitions come before storage: what they are made of is not
 * looked at again. */
#include "prelude.h"

#include "adapt_rules.h"
#include "quote.h"

/* --- what simple rules do -------------------------------------------------------------------- */

static void
cut(struct work *w, const struct adapt_rule *rule, size_t at, size_t end)
{
	work_replace(w, at, end, rule->with);
	work_note(w, ADAPT_CHANGED, rule->name, "%s", rule->text);
}

/* A setting without a meaning here, and without a loss. */
static void
drop(struct work *w, const struct adapt_rule *rule, size_t at, size_t end)
{
	(void)rule;
	(void)at;
	(void)end;
	w->passed = true;
}

static void
pass(struct work *w, const struct adapt_rule *rule, size_t at, size_t end)
{
	(void)at;
	(void)end;
	w->passed = true;
	work_note(w, ADAPT_PASSED, rule->name, "%s", rule->text);
}

/* The statement makes what its head ends with, which later ones will speak of. */
static void
pass_object(struct work *w, const struct adapt_rule *rule, size_t at, size_t end)
{
	char *name = adapt_full_name(w, work_match(w, 0, rule->with), 0);

	if (name != NULL)
		adapt_add_gone(w->adapter, name);
	free(name);
	pass(w, rule, at, end);
}

/* As Greenplum 7 writes its external tables. */
static void
pass_foreign(struct work *w, const struct adapt_rule *rule, size_t at, size_t end)
{
	if (work_keyword(w, end - 1, "gp_exttable_server"))
		pass_object(w, rule, at, end);
}

/* What matched ends with the name of something, or of a column of it: was that passed over? */
static void
follow(struct work *w, const struct adapt_rule *rule, size_t at, size_t end)
{
	size_t i = work_match(w, at, rule->with);

	(void)end;
	for (unsigned less = 0; less < 2 && !w->passed; less++) {
		char *name = adapt_full_name(w, i, less);

		if (name != NULL && adapt_is_gone(w->adapter, name)) {
			w->passed = true;
			work_note(w, ADAPT_FOLLOWS, rule->name, "%s", rule->text);
		}
		free(name);
	}
}

/* A dump drops the table that it made an external partition of, and gives rights on it later. */
static void
see_dropped(struct work *w, const struct adapt_rule *rule, size_t at, size_t end)
{
	char *name = adapt_full_name(w, work_match(w, 0, rule->with), 0);

	(void)at;
	(void)end;
	if (name != NULL)
		adapt_add_gone(w->adapter, name);
	free(name);
}

/* Rights on a table of Greenplum's own catalog. */
static void
pass_catalog(struct work *w, const struct adapt_rule *rule, size_t at, size_t end)
{
	char *name = adapt_full_name(w, work_match(w, at, "on ?table"), 0);

	if (name != NULL && strncmp(name, "\"pg_catalog\".\"gp_", 17) == 0)
		pass(w, rule, at, end);
	free(name);
}

/* SET default_with_oids = …: no server has it on any more, so that the tables after it are to be told of. */
static void
see_oids(struct work *w, const struct adapt_rule *rule, size_t at, size_t end)
{
	/* behind it stand = or TO, and the value */
	*adapt_with_oids(w->adapter) = !work_word(w, end + 1, "false") && !work_word(w, end + 1, "off");
	drop(w, rule, at, end);
}

static void
tell_oids(struct work *w, const struct adapt_rule *rule, size_t at, size_t end)
{
	(void)at;
	(void)end;
	if (*adapt_with_oids(w->adapter))
		work_note(w, ADAPT_CHANGED, rule->name, "%s", rule->text);
}

/* ALTER TABLE ONLY root ADD CONSTRAINT …: pg_dump writes ONLY whatever the table is, and every server, Greenplum 6 too, would then
 * make the key on the root alone. */
static void
all_partitions(struct work *w, const struct adapt_rule *rule, size_t at, size_t end)
{
	size_t i = work_match(w, 0, "alter table only");
	char *name = adapt_full_name(w, i, 0);
	const struct adapt_root *root = name != NULL ? adapt_find_root(w->adapter, name) : NULL;

	(void)at;
	(void)end;
	if (root != NULL && !root->inherits) {
		work_replace(w, i - 1, i, "");
		work_note(w, ADAPT_CHANGED, rule->name, "%s", rule->text);
	}
	free(name);
}

/* ALTER TABLE root OWNER TO …: of its partitions too. */
static void
all_owners(struct work *w, const struct adapt_rule *rule, size_t at, size_t end)
{
	char *name = adapt_full_name(w, work_match(w, 0, "alter table"), 0), *owner = work_name(w, end);
	const struct adapt_root *root = name != NULL ? adapt_find_root(w->adapter, name) : NULL;

	(void)rule;
	(void)at;
	for (size_t k = 0; root != NULL && owner != NULL && k < root->nchildren; k++) {
		struct buf b;

		text_init(&b);
		text_printf(&b, "ALTER TABLE %s OWNER TO ", root->children[k]);
		quote_ident(&b, adapt_name(adapt_owners(w->adapter), owner));
		work_more(w, text_str(&b));
		buf_release(&b);
	}
	free(owner);
	free(name);
}

static void
bitmap(struct work *w, const struct adapt_rule *rule, size_t at, size_t end)
{
	if (work_keyword(w, end, "bitmap"))
		cut(w, rule, end, end + 1);
	(void)at;
}

static void
see_external(struct work *w, const struct adapt_rule *rule, size_t at, size_t end)
{
	char *name = adapt_full_name(w, work_match(w, 0, rule->with), 0), *key = mem_printf("external %s", name);

	(void)at;
	(void)end;
	adapt_add_gone(w->adapter, key);
	free(key);
	free(name);
}

/* There an external table is a foreign table, for COMMENT alone. */
static void
comment_external(struct work *w, const struct adapt_rule *rule, size_t at, size_t end)
{
	size_t i = work_match(w, 0, rule->with);
	char *name = adapt_full_name(w, i, 0), *key = mem_printf("external %s", name);

	(void)at;
	(void)end;
	if (adapt_is_gone(w->adapter, key))
		work_replace(w, i - 1, i, "FOREIGN TABLE");
	free(key);
	free(name);
}

/* A template of a deeper level, addressed by rank; and what needs it. */
static void
lost_template(struct work *w, const struct adapt_rule *rule, size_t at, size_t end)
{
	char *name = adapt_full_name(w, work_match(w, 0, "alter table"), 0), *key = mem_printf("template of %s", name);
	bool lost = adapt_is_gone(w->adapter, key);

	(void)end;
	for (size_t i = 0; i < at && !lost; i++)
		lost = work_match(w, i, "for ()") > 0 && work_word(w, i + 2, "rank");
	if (lost) {
		adapt_add_gone(w->adapter, key);
		pass(w, rule, at, end);
	}
	free(key);
	free(name);
}

/* --- the table ------------------------------------------------------------------------------- */

#define PG   ADAPT_POSTGRESQL
#define GP7  ADAPT_GREENPLUM7
#define GP6  ADAPT_GREENPLUM6
#define NEW  (ADAPT_POSTGRESQL | ADAPT_GREENPLUM7)
#define ALL  (ADAPT_POSTGRESQL | ADAPT_GREENPLUM6 | ADAPT_GREENPLUM7)

#define A_TABLE     "create ?unlogged table @"
#define A_FUNCTION  "create ?or ?replace function @"
#define AN_EXTERNAL "create ?readable|writable external ?web table"

const struct adapt_rule adapt_rules[] = {
	/* names */
	{ "owner", ALL, "alter", "owner to", names_owner, NULL, NULL },
	{ "authorization", ALL, "create schema @ authorization", NULL, names_owner, NULL, NULL },
	{ "authorization", ALL, "set session authorization", NULL, names_owner, NULL, NULL },
	{ "mapping", ALL, "create|alter|drop user mapping ?if ?not ?exists for", NULL, names_owner, NULL, NULL },
	{ "default-rights", ALL, "alter default privileges for role|user", NULL, names_roles, NULL, NULL },
	{ "rights", ALL, "grant|revoke", "to|from", names_roles, NULL, NULL },
	{ "rights", ALL, "alter default privileges", "to|from", names_roles, NULL, NULL },
	{ "grantor", ALL, "grant|revoke", "granted by", names_owner, NULL, NULL },
	{ "policy", ALL, "create|alter policy @ on @", "to", names_roles, NULL, NULL },

	/* what has no place in PostgreSQL */
	{ "external-table", PG, AN_EXTERNAL " @", NULL, pass_object, AN_EXTERNAL,
	    "PostgreSQL has no external tables: make a foreign table in its place, if it is still needed" },
	{ "external-table", PG, "alter external table @", NULL, follow, "alter external table", "the external table is passed over" },
	{ "external-table", PG, "create foreign table @", "server @", pass_foreign, "create foreign table",
	    "PostgreSQL has no external tables: make a foreign table in its place, if it is still needed" },
	{ "protocol", PG, "create ?trusted protocol", NULL, pass, NULL, "PostgreSQL has no protocols for external tables" },
	{ "protocol", PG, "alter protocol", NULL, pass, NULL, "PostgreSQL has no protocols for external tables" },
	{ "protocol", PG, "grant|revoke", "on protocol", pass, NULL, "PostgreSQL has no protocols for external tables" },
	{ "protocol", PG, "comment on protocol", NULL, pass, NULL, "PostgreSQL has no protocols for external tables" },
	{ "resource", PG, "create|alter|drop|comment ?on resource queue|group", NULL, pass, NULL, "PostgreSQL has no resource queues and groups" },
	{ "gone", PG, "comment on ?foreign table @", NULL, follow, "comment on ?foreign table", "what it is about is passed over" },
	{ "gone", PG, "comment on column @", NULL, follow, "comment on column", "what it is about is passed over" },
	{ "gone", PG, "alter|drop ?external|foreign table ?only @", NULL, follow, "alter|drop ?external|foreign table ?only", "what it is about is passed over" },
	{ "gone", ALL, "grant|revoke", "on ?table @", follow, "on ?table", "what it is about is passed over, or dropped before" },
	{ "gone", ALL, "drop table @", NULL, see_dropped, "drop table", NULL },
	{ "catalog", PG, "grant|revoke", "on ?table @", pass_catalog, NULL, "the table is of Greenplum's own catalog" },
	{ "type-encoding", PG, "alter type @ set default encoding", NULL, pass, NULL, "PostgreSQL does not compress by type" },
	{ "setting", PG, "set gp_default_storage_options", NULL, drop, NULL, NULL },
	{ "external-partition", PG, "alter table @", "exchange ?default partition", pass, NULL,
	    "the partition's rows are outside of the source: it stays empty here" },
	{ "template", PG, "alter table @", "set subpartition template", pass, NULL,
	    "PostgreSQL has no templates: name the partitions of a new partition yourself" },
	{ "distribution", PG, "alter table ?only @ set distributed", NULL, pass, NULL, "PostgreSQL does not distribute rows" },

	/* what is not there any more */
	{ "oids", NEW, "set default_with_oids", NULL, see_oids, NULL, NULL },
	{ "oids", NEW, A_TABLE, NULL, tell_oids, NULL, "it is made without OIDs: the column oid does not come along" },
	{ "types", NEW, A_TABLE, NULL, columns_retype, NULL, NULL },
	{ "external-comment", GP7, AN_EXTERNAL " @", NULL, see_external, AN_EXTERNAL, NULL },
	{ "external-comment", GP7, "comment on table @", NULL, comment_external, "comment on table", NULL },
	{ "rank", GP7, "alter table @ alter partition", "set subpartition template", lost_template, NULL,
	    "partitions are not named by their rank any more: the template of the deeper levels is lost, the partitions are all there" },
	{ "template", GP7, "alter table @", "set subpartition template", lost_template, NULL,
	    "it needs the template of the next level, which is lost; the partitions are all there" },

	/* partitions */
	{ "partitions", PG, A_TABLE, "partition by range|list ()", partitions_declare, NULL,
	    "its partitions are declared in PostgreSQL's way, under their names" },
	{ "partitions", GP6 | GP7, A_TABLE, "partition by range|list ()", partitions_keep, NULL, NULL },
	{ "only", ALL, "alter table only @", NULL, all_partitions, NULL, "ONLY is left out: its partitions have it as well" },
	{ "partitions", PG, "alter table @ owner to", NULL, all_owners, NULL, NULL },

	/* how rows are stored */
	{ "distribution", PG, "create", "distributed by ()", cut, "", "PostgreSQL does not distribute rows: DISTRIBUTED is left out" },
	{ "distribution", PG, "create", "distributed randomly|replicated", cut, "",
	    "PostgreSQL does not distribute rows: DISTRIBUTED is left out" },
	{ "storage", PG, A_TABLE, "with ()", storage_leave_out, NULL, "storage options of Greenplum are left out" },
	{ "storage", PG, "create materialized view @", "with ()", storage_leave_out, NULL, "storage options of Greenplum are left out" },
	{ "encoding", PG, A_TABLE, NULL, columns_leave_out_encoding, NULL, "storage options of columns are left out" },
	{ "storage", GP7, A_TABLE, NULL, storage_renew, NULL, NULL },
	{ "bitmap", PG, "create index @ on ?only @ using", NULL, bitmap, "\"btree\"", "PostgreSQL has no bitmap indexes on disk: it is a btree" },

	/* functions */
	{ "sql-access", PG, A_FUNCTION, "no|contains sql", cut, "", "NO SQL, CONTAINS SQL and the like are left out" },
	{ "sql-access", PG, A_FUNCTION, "reads|modifies sql data", cut, "", "NO SQL, CONTAINS SQL and the like are left out" },
	{ "execute-on", PG, A_FUNCTION, "execute on any|master|coordinator|initplan", cut, "", "EXECUTE ON is left out: there is one server" },
	{ "execute-on", PG, A_FUNCTION, "execute on all segments", cut, "",
	    "EXECUTE ON ALL SEGMENTS is left out: it runs once, and gives its rows once" },

	/* names again: partitions have taken theirs along */
	{ "tablespace", ALL, "create", NULL, names_tablespace, NULL, NULL },
	{ "tablespace", ALL, "set", NULL, names_tablespace, NULL, NULL },
};

const size_t adapt_nrules = GPM_ARRAY_LEN(adapt_rules);
