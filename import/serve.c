/* serve.c -- gpm-import serve: a table's checked rows at a URL, for one statement that somebody makes by hand. */
#include "prelude.h"

#include <inttypes.h>

#include "dealing.h"
#include "err.h"
#include "feed.h"
#include "import.h"
#include "log.h"
#include "opt.h"
#include "parse.h"
#include "pick.h"
#include "session.h"
#include "share.h"

#define CONNECTIONS 256   /* segments that a cluster may have */
#define LINGER_SECONDS 30 /* for segments that come when all rows are taken: gp_external_max_segs may be fewer than all */

struct serve {
	const struct opts *opts;
	struct run *run;
	struct run_table *table;
	struct dealer *dealer;
	struct deal *deal;     /* while rows are given */
};

static int
give_share(void *ctx, struct share *share, struct err *e)
{
	struct serve *s = ctx;
	const struct rec_chunk **chunks = mem_array(share->n, sizeof(*chunks));
	int rc;

	for (size_t i = 0; i < share->n; i++)
		chunks[i] = &share->chunks[i];
	rc = feed_chunks(s->deal, s->run, &s->table->table, chunks, share->n, e);
	free(chunks);
	share_free(share);
	return rc;
}

static int
give_table(void *ctx, struct deal *deal, struct err *e)
{
	struct serve *s = ctx;

	(void)deal;
	return share_cut(s->table, UINT64_MAX, give_share, s, e);
}

/* The URL alone on stdout, for scripts. */
static int
say_where(const struct serve *s, struct err *e)
{
	const struct rec_table *t = &s->table->table;
	const char *encoding = session_encoding(s->opts, t, NULL, e);
	char count[FORMAT_SIZE_LEN];

	if (encoding == NULL)
		return -1;
	log_info("%s.%s, %s rows: CREATE EXTERNAL TABLE … LOCATION ('this URL') FORMAT 'csv' (DELIMITER ',' NULL '' QUOTE '\"' ESCAPE '\"')"
	    " ENCODING '%s'; it can be read once, by one statement", t->schema, t->name, format_count(s->table->done.rows, count), encoding);
	printf("%s\n", deal_url(s->deal));
	return fflush(stdout) != 0 ? err_sys(e, "cannot write the URL") : 0;
}

/* Until the rows were taken; RC and E are what became of it. */
static int
wait_for_takers(struct serve *s, struct err *e)
{
	struct feed *feed;
	struct err fed;
	int rc;

	if (feed_start(s->deal, give_table, s, &feed, e) < 0)
		return -1;
	rc = deal_wait(s->deal, LINGER_SECONDS, e);
	deal_shut(s->deal);
	if (feed_stop(feed, &fed) < 0 && rc == 0) {
		*e = fed;
		rc = -1;
	}
	return rc;
}

static int
close_deal(struct serve *s, int rc, struct err *e)
{
	struct deal_totals totals;
	struct err ignored;
	char count[FORMAT_SIZE_LEN];

	if (deal_close(s->deal, &totals, rc < 0 ? &ignored : e) < 0 && rc == 0)
		rc = -1;
	if (rc == 0)
		log_info("all %s rows were taken, by %u segments", format_count(s->table->done.rows, count), totals.segments);
	else if (totals.segments > 0 && e->code != ERR_STOPPED)
		err_hint(e, "a statement that has read here is not to be trusted; start serve again, for another URL");
	return rc;
}

static int
serve(struct serve *s, struct err *e)
{
	unsigned port;
	char *host;
	int rc;

	if (dealing_address(s->opts, &host, &port, e) < 0)
		return -1;
	rc = dealing_start(s->opts, host, port, CONNECTIONS, &s->dealer, e);
	free(host);
	if (rc < 0)
		return -1;
	rc = deal_open(s->dealer, &s->deal, e);
	if (rc == 0) {
		rc = say_where(s, e);
		if (rc == 0)
			rc = wait_for_takers(s, e);
		else
			deal_shut(s->deal);
		rc = close_deal(s, rc, e);
	}
	dealer_stop(s->dealer);
	return rc;
}

static int
serve_table(struct serve *s, const struct rec_manifest *line, struct err *e)
{
	int rc;

	if (store_key_check(line->key, e) < 0 || run_table_open(s->run, line, &s->table, e) < 0)
		return -1;
	rc = serve(s, e);
	run_table_close(s->table);
	return rc;
}

int
import_serve(const struct opts *opts, struct store *store, struct err *e)
{
	struct serve s = { .opts = opts };
	struct rec_manifest *lines;
	size_t n;
	int rc;

	if (opt_list_len(opts, OPT_ID_table) != 1)
		return err_set(e, ERR_USAGE, "serve needs one --table");
	if (find_run(store, opts, &s.run, e) < 0)
		return -1;
	rc = pick_tables(opts, OPT_ID_table, s.run, &lines, &n, e);
	if (rc == 0) {
		rc = serve_table(&s, &lines[0], e);
		pick_free(lines, n);
	}
	run_close(s.run);
	return rc;
}
