/* assess_checks.c -- the table of checks, and the pieces of SQL that it is written with. */
#include "prelude.h"

#include "assess_check.h"
#include "catalog_sql.h"

/* Sources. */
#define PG CATALOG_POSTGRESQL
#define GP4 CATALOG_GREENPLUM4
#define GP5 CATALOG_GREENPLUM5
#define GP6 CATALOG_GREENPLUM6
#define GP7 CATALOG_GREENPLUM7
#define OLD_GP (GP4 | GP5 | GP6)
#define ANY_GP (OLD_GP | GP7)
#define ANY (PG | ANY_GP)

/* Names of objects, written for servers from 8.2 on. */
#define NAMED(n, name) "quote_ident(" #n ".nspname) || '.' || quote_ident(" name ")"
#define REL NAMED(n, "c.relname")
#define COLUMN REL " || '.' || quote_ident(a.attname) || ' ' || format_type(a.atttypid, a.atttypmod)"
#define FUNCTION "textin(regprocedureout(p.oid))"

/* Where they are. */
#define RELATIONS "pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
#define COLUMNS RELATIONS " JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped" \
    " JOIN pg_type t ON t.oid = a.atttypid"
#define KEYS "gp_distribution_policy p JOIN pg_class c ON c.oid = p.localoid JOIN pg_namespace n ON n.oid = c.relnamespace" \
    " JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY (p.{key}) JOIN pg_type t ON t.oid = a.atttypid"
#define FUNCTIONS "pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace JOIN pg_language l ON l.oid = p.prolang"
/* r is a rule of partitioning, c its relation, pc the root */
#define PARTS "pg_partition_rule r JOIN pg_partition pp ON pp.oid = r.paroid JOIN pg_class c ON c.oid = r.parchildrelid" \
    " JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_class pc ON pc.oid = pp.parrelid"

#define USERS "{user} AND NOT {of_extension}"
#define NO_EXTENSION(class, oid) "NOT EXISTS (SELECT 1 FROM pg_depend x WHERE x.classid = '" class "'::regclass AND x.objid = " oid \
    " AND x.deptype = 'e')"
#define USERS_FUNCTION "{user} AND " NO_EXTENSION("pg_proc", "p.oid")

/* TEXT holds one of WORDS as a whole word. */
#define HOLDS(text, words) text " ~ '(^|[^a-z0-9_])(" words ")([^a-z0-9_]|$)'"
#define VIEWS RELATIONS " WHERE c.relkind IN ('v', 'm') AND " USERS
/* views that call an aggregate or window function FROM … */
#define CALLS(kind, from) "EXISTS (SELECT 1 FROM pg_rewrite w WHERE w.ev_class = c.oid AND w.ev_action ~" \
    " (SELECT ':" kind " (' || array_to_string(ARRAY(SELECT textin(oidout(f.oid)) FROM pg_proc f WHERE " from "), '|') || ') :'))"
#define ACTIVITY(text) "(" text " ~ 'pg_stat_activity' AND " HOLDS(text, "procpid|current_query|waiting") ")"
#define OLD_NAMES(text) "(" ACTIVITY(text) " OR " HOLDS(text, "reltoastidxid|relhasoids|relstorage|adsrc|proisagg|proiswindow|attrnums" \
    "|pg_filespace|pg_filespace_entry|pg_partition|pg_partition_rule|pg_partitions|pg_partition_columns|pg_partition_templates" \
    "|pg_partition_encoding|pg_current_xlog_location|pg_xlogfile_name") ")"

const struct check assess_checks[] = {
#define CHECK(id, sources, destinations, severity, needs, title, why, hint, sql) \
	{ id, sources, destinations, severity, needs, title, why, hint, sql },
#include "assess_checks.def"
#undef CHECK
};
const size_t assess_nchecks = GPM_ARRAY_LEN(assess_checks);

static const struct {
	const char *name, *title;
} severities[SEVERITIES] = {
	[BREAKS_DDL] = { "ddl", "breaks DDL" },
	[BREAKS_DATA] = { "data", "breaks or changes data" },
	[CHANGES_QUERIES] = { "queries", "changes query results" },
	[INFORMATION] = { "information", "good to know" },
};

const char *
severity_name(enum severity s)
{
	return severities[s].name;
}

const char *
severity_title(enum severity s)
{
	return severities[s].title;
}

unsigned
destination_find(const char *name)
{
	static const struct {
		const char *name;
		unsigned bit;
	} all[] = {
		{ "adbpg7", TO_ADBPG7 }, { "greenplum7", TO_GREENPLUM7 }, { "whpg7", TO_WHPG7 },
		{ "cloudberry", TO_CLOUDBERRY }, { "postgresql", TO_POSTGRESQL },
	};

	for (size_t i = 0; i < GPM_ARRAY_LEN(all); i++)
		if (strcmp(all[i].name, name) == 0)
			return all[i].bit;
	return 0;
}

/* --- pieces of SQL --------------------------------------------------------------------------- */

/* What is set for this database, or for roles everywhere: (who, setting). */
#define SETTINGS_9 "(SELECT CASE WHEN s.setdatabase <> 0 THEN 'this database' ELSE 'all databases' END ||" \
    " coalesce(', role ' || quote_ident(r.rolname), '') AS who, unnest(s.setconfig) AS setting FROM pg_db_role_setting s" \
    " LEFT JOIN pg_roles r ON r.oid = s.setrole LEFT JOIN pg_database d ON d.oid = s.setdatabase" \
    " WHERE s.setdatabase = 0 OR d.datname = current_database())"
#define SETTINGS_8 "(SELECT who, cfg[i] AS setting FROM (SELECT 'this database' AS who, datconfig AS cfg," \
    " generate_series(1, array_upper(datconfig, 1)) AS i FROM pg_database WHERE datname = current_database()" \
    " UNION ALL SELECT 'role ' || quote_ident(rolname), rolconfig, generate_series(1, array_upper(rolconfig, 1)) FROM pg_roles) x)"

char *
assess_sql(const struct catalog *c, const char *text)
{
	bool of_8 = (c->generation & (CATALOG_GREENPLUM4 | CATALOG_GREENPLUM5)) != 0;
	const struct {
		const char *name, *sql;
	} pieces[] = {
		{ "user", c->user_schema }, { "of_extension", c->of_extension }, { "holds_rows", c->holds_rows },
		{ "is_lasting", c->is_lasting }, { "joins", c->joins }, { "is_leaf", c->is_leaf }, { "size", c->size },
		{ "storage", c->storage }, { "elsewhere", c->elsewhere }, { "elsewhere_joins", c->elsewhere_joins },
		{ "elsewhere_kind", c->elsewhere_kind },
		/* the columns of a policy; whether it hashes */
		{ "key", of_8 ? "attrnums" : "distkey" }, { "hashed", of_8 ? "true" : "p.policytype = 'p'" },
		{ "locations", c->generation == CATALOG_GREENPLUM4 ? "location" : "urilocation" },
		{ "own_trigger", of_8 ? "NOT g.tgisconstraint" : "NOT g.tgisinternal" },
		{ "probin", of_8 ? "encode(p.probin, 'escape')" : "p.probin" },
		{ "settings", of_8 ? SETTINGS_8 : SETTINGS_9 },
		/* pg_class where the rows are: functions of size see what is there */
		{ "everywhere", c->parts == CATALOG_SEGMENTS ? "gp_dist_random('pg_class')" : "pg_class" },
	};
	struct buf out;

	text_init(&out);
	while (*text != '\0') {
		size_t plain = strcspn(text, "{"), n, i = 0;

		text_add(&out, text, plain);
		text += plain;
		if (*text == '\0')
			break;
		n = strcspn(++text, "}");
		while (i < GPM_ARRAY_LEN(pieces) && (strlen(pieces[i].name) != n || memcmp(pieces[i].name, text, n) != 0))
			i++;
		/* a mistake in the table gives SQL that no server takes, which is told */
		text_puts(&out, i < GPM_ARRAY_LEN(pieces) ? pieces[i].sql : " no such piece ");
		text += n + (text[n] == '}');
	}
	return text_take(&out);
}
