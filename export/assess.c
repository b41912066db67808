/* assess.c -- gpm-export assess: the checks of the table, one after the other, and the report. */
#include "prelude.h"

#include <inttypes.h>

#include "assess.h"
#include "assess_report.h"
#include "err.h"
#include "opt.h"
#include "parse.h"
#include "source.h"
#include "stop.h"

/* What is there to make a check worth while: pg_class 'catalog', or its column 'catalog.column'. */
static int
has_what_it_needs(struct db *db, const char *needs, bool *out, struct err *e)
{
	size_t len = strcspn(needs, ".");
	char *catalog = mem_strn(needs, len);
	const char *params[] = { catalog, needs[len] == '.' ? needs + len + 1 : NULL };
	char *n = db_value(db, "SELECT count(*) FROM pg_class c WHERE c.relname = $1::text AND c.relnamespace = (SELECT oid FROM pg_namespace"
	    " WHERE nspname = 'pg_catalog') AND ($2::text IS NULL OR EXISTS (SELECT 1 FROM pg_attribute a WHERE a.attrelid = c.oid"
	    " AND a.attname = $2::text))", 2, params, e);

	free(catalog);
	*out = n != NULL && strcmp(n, "0") != 0;
	free(n);
	return n == NULL ? -1 : 0;
}

static void
add_object(struct strings *list, const char *name)
{
	list->at = mem_grow(list->at, (list->len + 1) * sizeof(char *));
	list->at[list->len++] = mem_str(name);
}

/* 1: the check has nothing to look at here; the finding is empty then. */
static int
make_check(const struct catalog *catalog, struct db *db, struct finding *f, struct err *e)
{
	const struct check *check = f->check;
	bool there = true;
	char *text, *sql;
	PGresult *res;
	int rc;

	if (check->needs != NULL && has_what_it_needs(db, check->needs, &there, e) < 0)
		return -1;
	if (!there)
		return 1;
	text = mem_printf("SELECT object, count(*) OVER () FROM (%s) found(object) ORDER BY 1 LIMIT %d", check->sql, ASSESS_OBJECTS);
	sql = assess_sql(catalog, text);
	rc = db_query(db, sql, 0, NULL, &res, e);
	free(text);
	free(sql);
	if (rc < 0)
		return -1;
	for (int i = 0; rc == 0 && i < PQntuples(res); i++) {
		add_object(&f->objects, PQgetvalue(res, i, 0));
		rc = parse_u64(PQgetvalue(res, i, 1), 0, INT64_MAX, &f->count, e);
	}
	PQclear(res);
	return rc;
}

/* The server said no to one question: the others go on.  A lost server, or a signal, is another matter. */
static bool
is_refusal(struct db *db, const struct err *e)
{
	return stop_signal() == 0 && PQstatus(db_conn(db)) == CONNECTION_OK && e->code != ERR_SYSTEM;
}

static int
make_checks(struct assessment *a, const struct catalog *catalog, struct db *db, unsigned destination, struct err *e)
{
	a->findings = mem_array(assess_nchecks, sizeof(*a->findings));
	for (size_t i = 0; i < assess_nchecks; i++) {
		struct finding *f = &a->findings[a->nfindings];

		f->check = &assess_checks[i];
		if ((f->check->sources & catalog_generation(catalog)) == 0 || (f->check->destinations & destination) == 0)
			continue;
		a->nchecks++;
		if (make_check(catalog, db, f, e) < 0) {
			if (!is_refusal(db, e))
				return -1;
			f->refused = mem_str(e->text);
		}
		a->nfindings += f->count > 0 || f->refused != NULL;
	}
	return 0;
}

static int
look(struct assessment *a, const struct catalog *catalog, struct db *db, unsigned destination, struct err *e)
{
	/* no lock is waited for long: sizes of tables need one, and so do definitions of views */
	if (db_exec(db, "SET default_transaction_read_only = on; SELECT set_config('lock_timeout', '3s', false) FROM pg_settings"
	    " WHERE name = 'lock_timeout'", e) < 0 || source_identify(db, &a->who, e) < 0)
		return -1;
	a->catalog = catalog_name(catalog);
	if (make_checks(a, catalog, db, destination, e) < 0)
		return -1;
	if (assess_measure(catalog, db, a->chunk_size, &a->size, e) == 0)
		return 0;
	if (!is_refusal(db, e))
		return -1;
	a->size_refused = mem_str(e->text);
	return 0;
}

static int
report(const struct assessment *a, bool json, struct err *e)
{
	size_t breaks = assessment_count(a, BREAKS_DDL) + assessment_count(a, BREAKS_DATA), refused = assessment_refused(a);

	if ((json ? assess_json(a, e) : assess_text(a, e)) < 0)
		return -1;
	if (breaks > 0)
		return err_set(e, ERR_PARTIAL, "%zu findings would break at %s%s", breaks, a->destination,
		    refused > 0 ? ", and not everything could be looked at" : "");
	if (refused > 0)
		return err_set(e, ERR_PARTIAL, "not everything could be looked at: what was refused is named above");
	return 0;
}

static void
release(struct assessment *a)
{
	for (size_t i = 0; i < a->nfindings; i++) {
		for (size_t k = 0; k < a->findings[i].objects.len; k++)
			free(a->findings[i].objects.at[k]);
		free(a->findings[i].objects.at);
		free(a->findings[i].refused);
	}
	free(a->findings);
	assess_size_release(&a->size);
	free(a->size_refused);
	record_free_fields(REC_RUN, &a->who);
}

static int
check_options(const struct opts *opts, unsigned *destination, struct err *e)
{
	static const enum opt_id choosing[] = { OPT_ID_table, OPT_ID_exclude_table, OPT_ID_schema, OPT_ID_exclude_schema };
	const char *format = opt_string(opts, OPT_ID_format);

	if (opt_require(opts, OPT_ID_destination, e) < 0)
		return -1;
	if ((*destination = destination_find(opt_string(opts, OPT_ID_destination))) == 0)
		return err_set(e, ERR_USAGE, "--destination is adbpg7, greenplum7, whpg7, cloudberry or postgresql, not '%s'",
		    opt_string(opts, OPT_ID_destination));
	if (strcmp(format, "text") != 0 && strcmp(format, "json") != 0)
		return err_set(e, ERR_USAGE, "--format is text or json, not '%s'", format);
	if (opt_u64(opts, OPT_ID_chunk_size) == 0)
		return err_set(e, ERR_USAGE, "--chunk-size is at least 1");
	for (size_t i = 0; i < GPM_ARRAY_LEN(choosing); i++)
		if (opt_list_len(opts, choosing[i]) > 0)
			return err_set(e, ERR_USAGE, "assess looks at the whole database; -t, -T, -n and -N choose nothing in it");
	return 0;
}

int
assess_run(const struct opts *opts, struct err *e)
{
	struct assessment a = {
		.destination = opt_string(opts, OPT_ID_destination), .chunk_size = opt_u64(opts, OPT_ID_chunk_size),
		.destination_segments = opt_u64(opts, OPT_ID_destination_segments),
	};
	struct catalog *catalog = NULL;
	struct db *db = NULL;
	unsigned destination;
	int rc = -1;

	if (check_options(opts, &destination, e) < 0)
		return -1;
	if (source_connect(opts, NULL, "assess", &db, e) == 0 && catalog_new(db, &catalog, e) == 0)
		rc = look(&a, catalog, db, destination, e);
	if (rc == 0)
		rc = report(&a, strcmp(opt_string(opts, OPT_ID_format), "json") == 0, e);
	release(&a);
	catalog_free(catalog);
	db_close(db);
	return rc;
}
