/* catalog.c -- what the source holds, asked in the way of its generation. */
#include "prelude.h"

#include <inttypes.h>

#include "catalog_sql.h"
#include "err.h"
#include "log.h"
#include "parse.h"

/* --- generations ----------------------------------------------------------------------------- */

/* Columns that tell the generations apart. */
enum { POLICY_TYPE, POLICY_ATTRNUMS, RELSTORAGE, URILOCATION, FEATURES };

static const char *const features[FEATURES] = {
	"gp_distribution_policy.policytype", "gp_distribution_policy.attrnums", "pg_class.relstorage",
	"pg_exttable.urilocation",
};

static const char features_sql[] =
    "SELECT c.relname || '.' || a.attname, pg_catalog.version() FROM pg_catalog.pg_attribute a"
    " JOIN pg_catalog.pg_class c ON c.oid = a.attrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
    " WHERE n.nspname = 'pg_catalog' AND ((c.relname = 'gp_distribution_policy' AND a.attname IN ('policytype', 'attrnums'))"
    " OR (c.relname = 'pg_class' AND a.attname = 'relstorage') OR (c.relname = 'pg_exttable' AND a.attname = 'urilocation')"
    " OR (c.relname = 'pg_class' AND a.attname = 'relname'))"; /* the last for version() alone */

/* The generation that has these features. */
static int
choose(struct catalog *out, int version, const bool has[FEATURES], const char *says, struct err *e)
{
	bool greenplum = strcmp(catalog_family(says), "PostgreSQL") != 0;

	if (has[RELSTORAGE] && (has[POLICY_TYPE] || has[POLICY_ATTRNUMS]))
		catalog_greenplum5(out, version, has[POLICY_TYPE], has[URILOCATION]);
	else if (has[POLICY_TYPE])
		catalog_greenplum7(out, version);
	else if (!greenplum && !has[POLICY_ATTRNUMS])
		catalog_postgresql(out, version);
	else
		return err_set(e, ERR_FAILED, "the catalog of this server is of no known kind: %.80s", says);
	return 0;
}

const char *
catalog_family(const char *says)
{
	/* the forks of Greenplum may name it as well */
	static const char *const families[] = { "AnalyticDB", "Cloudberry", "WarehousePG", "Greenplum" };

	for (size_t i = 0; i < GPM_ARRAY_LEN(families); i++)
		if (strstr(says, families[i]) != NULL)
			return families[i];
	return "PostgreSQL";
}

int
catalog_new(struct db *db, struct catalog **out, struct err *e)
{
	bool has[FEATURES] = { false };
	PGresult *res;
	int rc;

	if (db_query(db, features_sql, 0, NULL, &res, e) < 0)
		return -1;
	for (int i = 0; i < PQntuples(res); i++)
		for (int k = 0; k < FEATURES; k++)
			has[k] = has[k] || strcmp(PQgetvalue(res, i, 0), features[k]) == 0;
	*out = mem_alloc(sizeof(**out));
	rc = choose(*out, db_version(db), has, PQntuples(res) > 0 ? PQgetvalue(res, 0, 1) : "", e);
	PQclear(res);
	if (rc == 0) {
		log_debug("the catalog is of the generation of %s", (*out)->name);
		return 0;
	}
	catalog_free(*out);
	*out = NULL;
	return -1;
}

void
catalog_free(struct catalog *c)
{
	free(c);
}

bool
catalog_is_greenplum(const struct catalog *c)
{
	return c->parts == CATALOG_SEGMENTS;
}

enum catalog_generation
catalog_generation(const struct catalog *c)
{
	return c->generation;
}

const char *
catalog_name(const struct catalog *c)
{
	return c->name;
}

enum catalog_parts
catalog_parts(const struct catalog *c)
{
	return c->parts;
}

const char *
catalog_is_child(const struct catalog *c)
{
	return c->is_child;
}

/* A number that EXPRESSION gives for relation OID. */
static int
number_of(struct db *db, const char *expression, uint64_t oid, uint64_t *out, struct err *e)
{
	char *sql = mem_printf("SELECT %s FROM pg_catalog.pg_class c WHERE c.oid = %" PRIu64, expression, oid);
	char *value = db_value(db, sql, 0, NULL, e);
	int rc = value == NULL ? -1 : parse_u64(value, 0, INT64_MAX, out, e);

	free(value);
	free(sql);
	return rc;
}

int
catalog_nparts(const struct catalog *c, struct db *db, uint64_t oid, uint64_t *n, struct err *e)
{
	*n = 0;
	return c->parts == CATALOG_WHOLE ? 0 : number_of(db, c->nparts, oid, n, e);
}

int
catalog_filenode(const struct catalog *c, struct db *db, uint64_t oid, uint64_t *node, struct err *e)
{
	return number_of(db, c->filenode, oid, node, e);
}

/* --- sequences ------------------------------------------------------------------------------- */

#define SEQUENCES_AT_ONCE 200

/* The values of the sequences FROM … of NAMES, handed on. */
static int
read_values(struct db *db, const PGresult *names, int from, catalog_sequence_fn *fn, void *ctx,
    struct err *e)
{
	int to = from + SEQUENCES_AT_ONCE < PQntuples(names) ? from + SEQUENCES_AT_ONCE : PQntuples(names);
	struct buf sql;
	PGresult *res = NULL;
	int rc = 0;

	text_init(&sql);
	for (int i = from; rc == 0 && i < to; i++) {
		text_printf(&sql, "%sSELECT %d AS n, last_value, is_called FROM ", i > from ? " UNION ALL " : "", i);
		rc = db_add_name(db, &sql, PQgetvalue(names, i, 0), PQgetvalue(names, i, 1), e);
	}
	text_puts(&sql, " ORDER BY 1");
	if (rc == 0)
		rc = db_query(db, text_str(&sql), 0, NULL, &res, e);
	if (rc == 0 && PQntuples(res) != to - from)
		rc = err_set(e, ERR_DATABASE, "%d sequences gave %d values", to - from, PQntuples(res));
	for (int i = 0; rc == 0 && i < PQntuples(res); i++) {
		struct rec_sequence s = {
			.schema = PQgetvalue(names, from + i, 0), .name = PQgetvalue(names, from + i, 1),
			.last_value = strtoll(PQgetvalue(res, i, 1), NULL, 10), .is_called = PQgetvalue(res, i, 2)[0] == 't',
		};
		rc = fn(ctx, &s, e);
	}
	PQclear(res);
	buf_release(&sql);
	return rc;
}

int
catalog_sequences(const struct catalog *c, struct db *db, const char *condition, catalog_sequence_fn *fn, void *ctx,
    struct err *e)
{
	char *sql = mem_printf("SELECT n.nspname, c.relname FROM pg_catalog.pg_class c"
	    " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'S' AND %s AND %s"
	    " AND (c.oid IN (SELECT k.oid FROM %s k) OR NOT %s) %s ORDER BY 1, 2",
	    c->is_lasting, c->user_schema, c->config_tables, c->of_extension, condition);
	PGresult *names;
	int rc = db_query(db, sql, 0, NULL, &names, e);

	free(sql);
	if (rc < 0)
		return -1;
	for (int i = 0; rc == 0 && i < PQntuples(names); i += SEQUENCES_AT_ONCE)
		rc = read_values(db, names, i, fn, ctx, e);
	PQclear(names);
	return rc;
}

/* --- the rest -------------------------------------------------------------------------------- */

int
catalog_matviews(const struct catalog *c, struct db *db, const char *condition, catalog_matview_fn *fn, void *ctx,
    struct err *e)
{
	PGresult *res;
	char *sql;
	int rc;

	if (!c->has_matviews)
		return 0;
	sql = mem_printf("SELECT n.nspname, c.relname, c.relispopulated FROM pg_catalog.pg_class c"
	    " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'm' AND %s"
	    " AND NOT %s %s ORDER BY c.oid", c->user_schema, c->of_extension, condition);
	rc = db_query(db, sql, 0, NULL, &res, e);
	free(sql);
	if (rc < 0)
		return -1;
	for (int i = 0; rc == 0 && i < PQntuples(res); i++) {
		struct rec_matview m = {
			.schema = PQgetvalue(res, i, 0), .name = PQgetvalue(res, i, 1),
			.populated = PQgetvalue(res, i, 2)[0] == 't',
		};
		rc = fn(ctx, &m, e);
	}
	PQclear(res);
	return rc;
}

int
catalog_skipped(const struct catalog *c, struct db *db, const char *condition, catalog_skipped_fn *fn, void *ctx,
    struct err *e)
{
	static const char ours[] = "n.nspname = '" LEDGER_SCHEMA "'";
	PGresult *res;
	char *sql = mem_printf("SELECT n.nspname, c.relname, CASE WHEN %s THEN 'table' ELSE %s END,"
	    " CASE WHEN %s THEN 'this schema is gpm-import''s own' ELSE %s END"
	    " FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace%s"
	    " WHERE ((%s AND %s) OR (c.relkind IN ('r', 'm') AND %s)) %s ORDER BY 1, 2",
	    ours, c->elsewhere_kind, ours, c->elsewhere_reason, c->elsewhere_joins, c->elsewhere, c->user_schema, ours, condition);
	int rc = db_query(db, sql, 0, NULL, &res, e);

	free(sql);
	if (rc < 0)
		return -1;
	for (int i = 0; rc == 0 && i < PQntuples(res); i++) {
		struct rec_skipped s = {
			.schema = PQgetvalue(res, i, 0), .name = PQgetvalue(res, i, 1),
			.kind = PQgetvalue(res, i, 2), .reason = PQgetvalue(res, i, 3),
		};
		rc = fn(ctx, &s, e);
	}
	PQclear(res);
	return rc;
}

int
catalog_large_objects(struct db *db, uint64_t *n, struct err *e)
{
	char *value;
	int rc;

	*n = 0;
	if (db_version(db) < 90000)
		return 0;
	if ((value = db_value(db, "SELECT count(*) FROM pg_catalog.pg_largeobject_metadata", 0, NULL, e)) == NULL)
		return -1;
	rc = parse_u64(value, 0, INT64_MAX, n, e);
	free(value);
	return rc;
}
