/* all_databases.c -- a run for every database of the server. */
#include "prelude.h"

#include "all_databases.h"
#include "catalog.h"
#include "err.h"
#include "export.h"
#include "log.h"
#include "opt.h"
#include "run_choice.h"
#include "selection.h"
#include "source.h"
#include "spool.h"

struct database {
	char *name;
	bool done;             /* it is out already, in this group */
	uint64_t failed;       /* tables that are missing there */
	struct db *holder;     /* --freeze: its tables stay locked until all databases are out */
};

struct group {
	const struct opts *opts;
	struct database *at;
	size_t len;
	struct rec_run wanted; /* server (source_id, with any database) and shape */
	char id[RUNID_LEN + 1];
};

/* --- which databases ------------------------------------------------------------------------- */

static int
list_databases(struct group *g, struct db *db, struct err *e)
{
	PGresult *res;

	if (db_query(db, "SELECT datname FROM pg_catalog.pg_database WHERE datallowconn AND NOT datistemplate ORDER BY datname", 0, NULL,
	    &res, e) < 0)
		return -1;
	g->len = (size_t)PQntuples(res);
	g->at = mem_array(g->len, sizeof(*g->at));
	for (size_t i = 0; i < g->len; i++)
		g->at[i].name = mem_str(PQgetvalue(res, (int)i, 0));
	PQclear(res);
	return 0;
}

/* Who the server is, and what it holds. */
static int
look_at_server(struct group *g, struct err *e)
{
	bool named = opt_string(g->opts, OPT_ID_dbname) != NULL || getenv("PGDATABASE") != NULL;
	struct opts *postgres = opt_in_database(g->opts, "postgres");
	struct db *db;
	int rc = source_connect(named ? g->opts : postgres, NULL, "list", &db, e);

	if (rc == 0) {
		rc = source_identify(db, &g->wanted, e);
		if (rc == 0)
			rc = list_databases(g, db, e);
		db_close(db);
	}
	opt_free(postgres);
	return rc < 0 ? -1 : run_shape(g->opts, &g->wanted, e);
}

/* Is there nothing in it of what was asked for?  Other trouble is told when it is its turn. */
static bool
nothing_matches(const struct group *g, const char *name, struct err *e)
{
	struct opts *opts = opt_in_database(g->opts, name);
	struct catalog *catalog = NULL;
	struct db *db = NULL;
	char *condition = NULL;

	err_clear(e);
	if (source_connect(opts, NULL, "list", &db, e) == 0 && catalog_new(db, &catalog, e) == 0)
		condition = selection_condition(catalog, db, opts, e);
	free(condition);
	catalog_free(catalog);
	db_close(db);
	opt_free(opts);
	return e->code == ERR_NO_MATCH;
}

static int
pass_over_unmatched(struct group *g, struct err *e)
{
	size_t kept = 0;

	if (opt_list_len(g->opts, OPT_ID_table) == 0 && opt_list_len(g->opts, OPT_ID_schema) == 0)
		return 0;
	for (size_t i = 0; i < g->len; i++) {
		if (nothing_matches(g, g->at[i].name, e)) {
			log_info("database %s is passed over: %s", g->at[i].name, e->text);
			free(g->at[i].name);
		} else {
			g->at[kept++] = g->at[i];
		}
	}
	g->len = kept;
	return kept > 0 ? 0 : err_context(e, "in no database");
}

/* --- which group ----------------------------------------------------------------------------- */

/* "7301…/16384": the server's part. */
static bool
same_server(const char *a, const char *b)
{
	const char *end = strrchr(a, '/');
	size_t len = end != NULL ? (size_t)(end - a) + 1 : strlen(a) + 1;

	return strncmp(a, b, len) == 0;
}

/* Run ID, if it is of a group of ours; GROUP empty: of any, which it becomes.  Runs come newest first. */
static void
see_run(struct group *g, struct spool *spool, const char *id, char group[RUNID_LEN + 1])
{
	struct rec_run header;
	struct err e;
	uint64_t failed;
	bool ended;

	if (state_peek(spool, id, &header, &ended, &failed, &e) <= 0)
		return; /* run_choose tells of it */
	if (header.group != NULL && runid_valid(header.group) && same_server(header.source_id, g->wanted.source_id) &&
	    run_same_shape(&header, &g->wanted) && (group[0] == '\0' || strcmp(group, header.group) == 0)) {
		memcpy(group, header.group, RUNID_LEN + 1);
		for (size_t i = 0; i < g->len; i++) {
			if (strcmp(g->at[i].name, header.database) == 0 && ended && !g->at[i].done) {
				g->at[i].done = true;
				g->at[i].failed = failed;
			}
		}
	}
	record_free_fields(REC_RUN, &header);
}

static bool
is_whole(const struct group *g)
{
	for (size_t i = 0; i < g->len; i++)
		if (!g->at[i].done)
			return false;
	return true;
}

/* The newest group, when it is not whole, else a new one.  Tables that a frozen run let go may have been written to since. */
static int
choose_group(struct group *g, struct spool *spool, struct err *e)
{
	char newest[RUNID_LEN + 1] = "";
	spool_id *ids;
	size_t n;

	if (spool_runs(spool, &ids, &n, e) < 0)
		return -1;
	while (n-- > 0 && !opt_flag(g->opts, OPT_ID_new_run))
		see_run(g, spool, ids[n], newest);
	free(ids);
	if (newest[0] != '\0' && !is_whole(g) && !opt_flag(g->opts, OPT_ID_freeze)) {
		memcpy(g->id, newest, sizeof(g->id));
		log_info("group %s goes on", g->id);
		return 0;
	}
	for (size_t i = 0; i < g->len; i++)
		g->at[i].done = false;
	if (runid_new(newest[0] != '\0' ? newest : NULL, g->id, e) < 0)
		return -1;
	log_info("group %s starts: %zu databases", g->id, g->len);
	return 0;
}

/* --- the runs -------------------------------------------------------------------------------- */

/* Trouble of one database says nothing of the others, but for this. */
static bool
ends_all(enum err_code code)
{
	return code == ERR_STOPPED || code == ERR_USAGE || code == ERR_LIMIT || code == ERR_SYSTEM;
}

static int
export_one(const struct group *g, struct database *d, struct err *e)
{
	struct opts *opts;
	int rc;

	if (d->done) {
		log_info("database %s is out already", d->name);
		if (d->failed == 0)
			return 0;
		err_set(e, ERR_PARTIAL, "%llu tables could not be taken out before", (unsigned long long)d->failed);
		return err_context(e, "database %s", d->name);
	}
	opts = opt_in_database(g->opts, d->name);
	log_info("database %s", d->name);
	rc = export_run(opts, g->id, opt_flag(opts, OPT_ID_freeze) ? &d->holder : NULL, e);
	opt_free(opts);
	return rc < 0 ? err_context(e, "database %s", d->name) : 0;
}

/* The runs are the last state of all databases only if nobody could write to the first ones meanwhile. */
static int
check_frozen(const struct group *g, struct err *worst)
{
	struct err e;

	for (size_t i = 0; i < g->len; i++) {
		if (g->at[i].holder == NULL || db_exec(g->at[i].holder, "SELECT 1", &e) == 0)
			continue;
		err_context(&e, "database %s: its tables were not locked until all databases were out", g->at[i].name);
		err_gather(worst, &e);
	}
	return worst->code == ERR_OK ? 0 : -1;
}

static int
export_each(const struct group *g, struct err *e)
{
	struct err worst = { .code = ERR_OK };
	bool end = false;
	int rc;

	for (size_t i = 0; i < g->len && !end; i++) {
		if (export_one(g, &g->at[i], e) == 0)
			continue;
		end = ends_all(e->code);
		err_gather(&worst, e);
	}
	rc = check_frozen(g, &worst);
	*e = worst;
	return rc;
}

int
all_databases_run(const struct opts *opts, struct err *e)
{
	struct group g = { .opts = opts };
	struct spool *spool = NULL;
	int rc = -1;

	if (opt_require(opts, OPT_ID_spool, e) < 0)
		return -1;
	if (look_at_server(&g, e) == 0 && pass_over_unmatched(&g, e) == 0 &&
	    spool_open(opt_string(opts, OPT_ID_spool), true, &spool, e) == 0 && spool_lock_group(spool, e) == 0 &&
	    choose_group(&g, spool, e) == 0)
		rc = export_each(&g, e);
	spool_close(spool);
	for (size_t i = 0; i < g.len; i++) {
		db_close(g.at[i].holder);
		free(g.at[i].name);
	}
	free(g.at);
	record_free_fields(REC_RUN, &g.wanted);
	return rc;
}
