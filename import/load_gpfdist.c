/* load_gpfdist.c -- the method gpfdist: the segments of a Greenplum take the rows themselves, all at once, from a dealer
 * inside gpm-import, which has fetched and checked them. */
#include "prelude.h"

#include "dealing.h"
#include "err.h"
#include "external_sql.h"
#include "feed.h"
#include "gpfdist_address.h"
#include "gpfdist_token.h"
#include "insert_sql.h"
#include "load_insert.h"
#include "log.h"
#include "method.h"
#include "opt.h"
#include "rights.h"

#define TABLE "gpm_in"
#define SPARE_CONNECTIONS 16 /* of segments whose connection ends while the next statement begins */
#define REACH_SECONDS 60
#define HINT "--listen HOST[:PORT] names this host as the segments reach it; or use --method copy"

static const struct right rights[] = {
	RIGHT_GREENPLUM,
	{ "SELECT rolsuper OR rolcreaterextgpfd FROM pg_catalog.pg_roles WHERE rolname = current_user",
	    "this user may not make readable external tables of protocol gpfdist",
	    "a superuser: ALTER ROLE … CREATEEXTTABLE (type = 'readable', protocol = 'gpfdist'); or use --method copy" },
};

static int
check(struct db *db, struct err *e)
{
	return rights_check(db, "gpfdist", rights, GPM_ARRAY_LEN(rights), e);
}

/* --- the dealer ------------------------------------------------------------------------------ */

static int
make_table(struct db *db, const struct rec_table *t, const char *url, struct err *e)
{
	struct external from = { .urls = &url, .nurls = 1 };
	struct buf query;
	int rc;

	text_init(&query);
	external_sql_table(&query, TABLE, t, &from, pg_encoding_to_char(PQclientEncoding(db_conn(db))));
	rc = insert_made_by(db, text_str(&query), e);
	buf_release(&query);
	return rc;
}

/* A deal without rows, which every segment has to ask for. */
static int
try_reach(struct db *db, struct deal *deal, struct err *e)
{
	struct err ignored;
	char *sql = mem_printf("BEGIN; SET LOCAL statement_timeout = %d; CREATE READABLE EXTERNAL TEMP TABLE " TABLE " (a pg_catalog.int4)"
	    " LOCATION ('%s') FORMAT 'CSV'", 1000 * REACH_SECONDS, deal_url(deal));
	int rc;

	deal_end(deal);
	rc = db_exec(db, sql, e);
	if (rc == 0)
		rc = db_exec(db, "SELECT pg_catalog.count(*) FROM pg_temp." TABLE, e);
	if (db_exec(db, "ROLLBACK", &ignored) < 0 && rc == 0) {
		*e = ignored;
		rc = -1;
	}
	free(sql);
	return rc;
}

/* Better now than at the first table, hours later. */
static int
check_reach(struct db *db, struct dealer *dealer, const char *host, struct err *e)
{
	struct deal *deal;
	struct err ignored;
	int rc;

	if (deal_open(dealer, &deal, e) < 0)
		return -1;
	rc = try_reach(db, deal, e);
	deal_shut(deal);
	if (deal_close(deal, NULL, &ignored) < 0)
		log_debug("a deal without rows: %s", ignored.text);
	if (rc == 0)
		return 0;
	gpfdist_token_hide(e->text);
	err_context(e, "the segments cannot take rows from gpm-import at %s, port %u", host, dealer_port(dealer));
	e->code = ERR_FAILED;
	return err_hint(e, HINT);
}

static int
start(const struct opts *opts, struct db *db, void **out, struct err *e)
{
	unsigned jobs = (unsigned)opt_u64(opts, OPT_ID_jobs), port = 0;
	struct dealer *dealer = NULL;
	uint64_t segments;
	char *host = NULL;
	int rc = dealing_address(opts, &host, &port, e);

	if (rc == 0 && host == NULL)
		rc = (host = gpfdist_own_address(db, e)) != NULL ? 0 : -1;
	if (rc == 0)
		rc = gpfdist_count_segments(db, &segments, e);
	if (rc == 0)
		rc = dealing_start(opts, host, port, (unsigned)segments * jobs + SPARE_CONNECTIONS, &dealer, e);
	if (rc == 0 && (rc = check_reach(db, dealer, host, e)) < 0)
		dealer_stop(dealer);
	if (rc == 0)
		log_debug("segments take their rows from %s, port %u", host, dealer_port(dealer));
	free(host);
	*out = dealer;
	return rc;
}

static void
stop(void *dealer)
{
	dealer_stop(dealer);
}

/* --- rows ------------------------------------------------------------------------------------ */

struct supply {
	struct loader *loader;
	const struct rec_table *table;
	const struct rec_chunk *const *chunks;
	size_t n;
};

static int
supply(void *ctx, struct deal *deal, struct err *e)
{
	struct supply *s = ctx;

	return feed_chunks(deal, s->loader->run, s->table, s->chunks, s->n, e);
}

static int
insert(struct supply *s, struct err *e)
{
	struct loader *l = s->loader;
	struct buf sql;
	int rc;

	text_init(&sql);
	external_sql_insert(&sql, TABLE, s->table, insert_sql_overriding(db_version(l->db)));
	rc = insert_counted(l, "gpfdist", s->table, text_str(&sql), s->chunks, s->n, e);
	buf_release(&sql);
	return rc;
}

/* The statement's RC and E, what the deal came to, and what the feed says; the cause of all becomes the error.  A
 * statement that failed for its own reasons leaves a spoilt deal; one that failed because of the deal quotes it. */
static int
judge(struct loader *l, int rc, struct deal *deal, struct feed *feed, struct err *e)
{
	struct err fed, dealt;
	int fed_rc, dealt_rc;

	deal_shut(deal);
	fed_rc = feed_stop(feed, &fed);
	dealt_rc = deal_close(deal, NULL, &dealt);
	if (rc < 0)
		gpfdist_token_hide(e->text);
	if (rc < 0 && e->code == ERR_STOPPED)
		return -1;
	if (fed_rc < 0) {
		*e = fed;
		return -1;
	}
	if (rc < 0 && (e->code == ERR_TEMPORARY || (e->code == ERR_DATABASE && strstr(e->text, "gpfdist error") != NULL))) {
		e->code = ERR_TEMPORARY;
		l->again = PQstatus(db_conn(l->db)) == CONNECTION_OK;
		return err_hint(e, HINT);
	}
	if (rc == 0 && dealt_rc < 0) {
		*e = dealt;
		return -1;
	}
	return rc;
}

static int
take(struct supply *s, struct deal *deal, struct err *e)
{
	struct feed *feed;
	int rc = make_table(s->loader->db, s->table, deal_url(deal), e);
	struct err ignored;

	if (rc == 0)
		rc = feed_start(deal, supply, s, &feed, e);
	if (rc == 0)
		return judge(s->loader, insert(s, e), deal, feed, e);
	deal_shut(deal);
	if (deal_close(deal, NULL, &ignored) < 0)
		log_debug("a deal that nobody took: %s", ignored.text);
	return -1;
}

/* What an external table is not worth, or not good for. */
static bool
goes_by_copy(struct loader *l, const struct rec_table *t, const struct rec_chunk *const *chunks, size_t n)
{
	uint64_t bytes = 0;
	struct err e;

	for (size_t i = 0; i < n; i++)
		bytes += chunks[i]->plain_bytes;
	if (t->columns.len == 0 || bytes < opt_u64(l->opts, OPT_ID_small_table))
		return true;
	if (insert_refuse_rules(l->db, t, &e) == 0 && insert_refuse_settings(l->db, t, &e) == 0)
		return false;
	log_info("%s.%s goes by COPY: it %s", t->schema, t->name, e.text);
	return true;
}

static int
put_chunks(struct loader *l, const struct rec_table *t, const struct rec_chunk *const *chunks, size_t n, struct err *e)
{
	struct supply s = { .loader = l, .table = t, .chunks = chunks, .n = n };
	struct deal *deal;

	if (goes_by_copy(l, t, chunks, n))
		return method_copy.put(l, t, chunks, n, e);
	if (deal_open(l->engine, &deal, e) < 0 || take(&s, deal, e) < 0)
		return -1;
	return insert_run(l->db, external_sql_drop, TABLE, e);
}

const struct method method_gpfdist = {
	.name = "gpfdist", .by_batch = true, .check = check, .start = start, .stop = stop, .put = put_chunks,
};
