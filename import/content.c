/* content.c -- are the rows of a table those of the source? */
#include "prelude.h"

#include <inttypes.h>

#include "content.h"
#include "db_copy.h"
#include "err.h"
#include "gp_table.h"
#include "log.h"
#include "opt.h"
#include "quote.h"
#include "receivers.h"
#include "rights.h"

#define LANES 2 /* of a table's rows, for each receiver: as many threads digest them at once */

struct content {
	uint64_t small_table;       /* below it COPY is as fast, and costs no external table */
	struct receivers receivers; /* none: all rows come by COPY */
};

/* --- may and can the segments come? ------------------------------------------------------------ */

static const struct right rights[] = {
	RIGHT_GREENPLUM,
	{ "SELECT rolsuper OR rolcreatewextgpfd FROM pg_catalog.pg_roles WHERE rolname = current_user",
	    "this user may not make writable external tables of protocol gpfdist",
	    "a superuser: ALTER ROLE … CREATEEXTTABLE (type = 'writable', protocol = 'gpfdist')" },
};

/* The segments can; -1: WHY. */
static int
start_receivers(struct content *c, const struct opts *opts, struct db *db, unsigned jobs, struct err *why)
{
	if (rights_check(db, "gpfdist", rights, GPM_ARRAY_LEN(rights), why) < 0 || receivers_start(opts, db, jobs, &c->receivers, why) < 0)
		return -1;
	if (receivers_reach(&c->receivers, db, why) == 0)
		return 0;
	receivers_stop(&c->receivers);
	return -1;
}

/* Where they cannot, that is told, and no error. */
static int
try_receivers(struct content *c, const struct opts *opts, struct db *db, unsigned jobs, struct err *e)
{
	const char *method = opt_string(opts, OPT_ID_method);
	struct err why;

	if ((method != NULL && strcmp(method, "copy") == 0) || rights_check(db, "gpfdist", rights, 1, &why) < 0)
		return 0;
	if (start_receivers(c, opts, db, jobs, &why) == 0)
		return 0;
	if (why.code == ERR_STOPPED || opt_is_set(opts, OPT_ID_tls_certificate)) {
		*e = why;
		return -1;
	}
	log_warning("rows are compared through the coordinator, which is slower: %s", why.text);
	log_info("%s", why.hint[0] != '\0' ? why.hint : "--listen HOST[:PORT] names this host as the segments reach it");
	return 0;
}

int
content_open(const struct opts *opts, struct db *db, unsigned jobs, struct content **out, struct err *e)
{
	struct content *c = mem_alloc(sizeof(*c));

	c->small_table = opt_u64(opts, OPT_ID_small_table);
	if (try_receivers(c, opts, db, jobs, e) < 0) {
		content_close(c);
		return -1;
	}
	*out = c;
	return 0;
}

void
content_close(struct content *c)
{
	if (c == NULL)
		return;
	receivers_stop(&c->receivers);
	free(c);
}

/* --- digests ----------------------------------------------------------------------------------- */

static struct rows *
lane_new(const struct rec_table *t)
{
	unsigned char *kinds = columns_float_kinds(&t->columns);
	struct rows *lane = rows_new(&dialect_csv, kinds, t->columns.len);

	free(kinds);
	return lane;
}

static int
lane_push(struct rows *lane, const char *data, size_t len, struct err *e)
{
	size_t used;

	return rows_push(lane, data, len, 0, &used, e);
}

/* What N lanes hold, which SENT rows came through. */
static int
compare(struct rows *const *lanes, size_t n, uint64_t sent, const struct content_want *want, struct err *e)
{
	char here[DIGEST_HEX_LEN], source[DIGEST_HEX_LEN];
	struct digest digest = { 0 };
	uint64_t rows = 0;

	for (size_t i = 0; i < n; i++) {
		if (lanes[i] == NULL)
			continue;
		if (!rows_at_end(lanes[i]))
			return err_set(e, ERR_DIFFERS, "the server's rows end within one");
		digest = digest_add(digest, rows_digest(lanes[i]));
		rows += rows_count(lanes[i]);
	}
	if (rows != sent)
		return err_set(e, ERR_DIFFERS, "the server sent %" PRIu64 " rows, %" PRIu64 " arrived", sent, rows);
	if (rows != want->rows)
		return err_set(e, ERR_DIFFERS, "%" PRIu64 " rows are here, %" PRIu64 " should be", rows, want->rows);
	if (!digest_equal(digest, want->digest))
		return err_set(e, ERR_DIFFERS, "holds as many rows, but not the same: digest %s, the source's is %s",
		    digest_hex(digest, here), digest_hex(want->digest, source));
	return 0;
}

/* --- by COPY ----------------------------------------------------------------------------------- */

static int
take_copied(void *lane, const char *data, size_t len, uint64_t rows, struct err *e)
{
	(void)rows; /* they are counted again */
	return lane_push(lane, data, len, e);
}

static int
check_copied(struct db *db, const struct rec_table *t, const struct content_want *want, struct err *e)
{
	struct rows *lane = lane_new(t);
	uint64_t sent;
	int rc = db_copy_out(db, t, take_copied, lane, &sent, e);

	if (rc == 0)
		rc = compare(&lane, 1, sent, want, e);
	rows_free(lane);
	return rc;
}

/* --- from the segments ------------------------------------------------------------------------- */

/* The rows of one table on their way: each receiver has a route, each route its lanes. */
struct flow {
	const struct rec_table *table;
	struct route {
		struct flow *flow;
		struct reception *reception;
		struct rows **lanes; /* made with their first rows */
	} *routes;
	size_t nroutes;
	struct rows **lanes;         /* of all routes */
};

/* reception_sink: the rows of one body. */
static int
take_body(void *ctx, unsigned lane, const char *data, size_t len, struct err *e)
{
	struct route *r = ctx;

	if (r->lanes[lane] == NULL)
		r->lanes[lane] = lane_new(r->flow->table);
	return lane_push(r->lanes[lane], data, len, e);
}

static int
open_routes(struct flow *f, const struct receivers *receivers, struct err *e)
{
	for (; f->nroutes < receivers->len; f->nroutes++) {
		struct route *r = &f->routes[f->nroutes];

		r->flow = f;
		r->lanes = f->lanes + f->nroutes * LANES;
		if (reception_open(receivers->at[f->nroutes], LANES, take_body, r, &r->reception, e) < 0)
			return -1;
	}
	return 0;
}

/* Nothing is received any more; RC and E so far, or what a receiver says is wrong. */
static int
close_routes(struct flow *f, int rc, struct err *e)
{
	struct err mine;

	while (f->nroutes > 0)
		if (reception_close(f->routes[--f->nroutes].reception, NULL, &mine) < 0 && rc == 0) {
			*e = mine;
			rc = -1;
		}
	return rc;
}

/* The types and the distribution that T has here: RES holds them, and is the caller's to clear. */
static int
read_shape(struct db *db, const struct rec_table *t, PGresult **res, struct err *e)
{
	struct buf sql;
	int rc;

	text_init(&sql);
	text_puts(&sql, "SELECT attname, pg_catalog.format_type(atttypid, atttypmod), pg_catalog.pg_get_table_distributedby(attrelid)"
	    " FROM pg_catalog.pg_attribute WHERE attnum > 0 AND NOT attisdropped AND attrelid = ");
	quote_regclass(&sql, t->schema, t->name);
	rc = db_query(db, text_str(&sql), 0, NULL, res, e);
	buf_release(&sql);
	return rc;
}

static int
find_type(const PGresult *shape, const char *column, char **type, struct err *e)
{
	for (int i = 0; i < PQntuples(shape); i++)
		if (strcmp(PQgetvalue(shape, i, 0), column) == 0) {
			*type = PQgetvalue(shape, i, 1);
			return 0;
		}
	return err_set(e, ERR_DATABASE, "has no column '%.100s'", column);
}

/* An external table as T is here: what the server would cast to the source's types would not be what it holds. */
static int
create_as_here(struct db *db, const struct rec_table *t, const char *const *urls, size_t n, struct err *e)
{
	struct rec_table here = *t;
	PGresult *shape;
	int rc = 0;

	if (read_shape(db, t, &shape, e) < 0)
		return -1;
	here.columns.at = mem_array(t->columns.len, sizeof(*here.columns.at));
	for (size_t i = 0; rc == 0 && i < t->columns.len; i++) {
		here.columns.at[i] = t->columns.at[i];
		rc = find_type(shape, t->columns.at[i].name, &here.columns.at[i].type, e);
	}
	if (rc == 0) {
		char encoding[64];

		here.distribution = PQgetisnull(shape, 0, 2) ? NULL : PQgetvalue(shape, 0, 2);
		snprintf(encoding, sizeof(encoding), "%s", pg_encoding_to_char(PQclientEncoding(db_conn(db))));
		here.encoding = encoding;
		rc = gp_table_create(db, &here, urls, n, e);
	}
	free(here.columns.at);
	PQclear(shape);
	return rc;
}

/* In a transaction that leaves nothing. */
static int
send_rows(struct flow *f, struct db *db, uint64_t buffer_kb, uint64_t *sent, struct err *e)
{
	const char **urls = mem_array(f->nroutes, sizeof(char *));
	struct err ignored;
	int rc = db_exec(db, "BEGIN", e);

	for (size_t i = 0; i < f->nroutes; i++)
		urls[i] = reception_url(f->routes[i].reception);
	if (rc == 0)
		rc = receivers_pin(db, RECEIVERS_RETRY_S, buffer_kb, e);
	if (rc == 0)
		rc = create_as_here(db, f->table, urls, f->nroutes, e);
	if (rc == 0)
		rc = gp_table_insert(db, f->table, sent, e);
	if (db_exec(db, "ROLLBACK", rc < 0 ? &ignored : e) < 0)
		rc = -1;
	free(urls);
	return rc;
}

static int
check_sent(struct content *c, struct db *db, const struct rec_table *t, const struct content_want *want, struct err *e)
{
	size_t nlanes = c->receivers.len * LANES;
	struct flow f = { .table = t, .routes = mem_array(c->receivers.len, sizeof(struct route)),
		.lanes = mem_array(nlanes, sizeof(struct rows *)) };
	uint64_t sent = 0;
	int rc = open_routes(&f, &c->receivers, e);

	if (rc == 0)
		rc = send_rows(&f, db, c->receivers.buffer_kb, &sent, e);
	rc = close_routes(&f, rc, e);
	if (rc == 0)
		rc = compare(f.lanes, nlanes, sent, want, e);
	for (size_t i = 0; i < nlanes; i++)
		rows_free(f.lanes[i]);
	free(f.lanes);
	free(f.routes);
	return rc;
}

/* --- the whole --------------------------------------------------------------------------------- */

int
content_check(struct content *c, struct db *db, const struct rec_table *t, const struct content_want *want, struct err *e)
{
	struct err why;

	if (c->receivers.len == 0 || t->columns.len == 0 || want->plain_bytes < c->small_table)
		return check_copied(db, t, want, e);
	if (check_sent(c, db, t, want, &why) == 0)
		return 0;
	if (why.code == ERR_STOPPED || why.code == ERR_DIFFERS || PQstatus(db_conn(db)) != CONNECTION_OK) {
		*e = why;
		return -1;
	}
	/* the table is not to blame until it cannot be read */
	log_warning("%s.%s is compared through the coordinator: %s", t->schema, t->name, why.text);
	return check_copied(db, t, want, e);
}
