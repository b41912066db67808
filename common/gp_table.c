/* gp_table.c -- a writable external table through which Greenplum's segments send rows. */
#include "prelude.h"

#include "db_copy.h"
#include "db_wait.h"
#include "err.h"
#include "gp_table.h"
#include "gpfdist_token.h"

#define REACH_RETRY_S 10 /* of a segment that does not get through */
#define REACH_SECONDS 60 /* in all: connections may hang */

static int
add_location(struct db *db, const char *const *urls, size_t n, struct buf *sql, struct err *e)
{
	text_puts(sql, ") LOCATION (");
	for (size_t i = 0; i < n; i++) {
		text_puts(sql, i > 0 ? ", " : "");
		if (db_add_literal(db, sql, urls[i], e) < 0)
			return -1;
	}
	text_puts(sql, ") FORMAT 'CSV' (DELIMITER ',' NULL '' QUOTE '\"' ESCAPE '\"')");
	return 0;
}

static int
add_create(struct db *db, const struct rec_table *t, const char *const *urls, size_t n, struct buf *sql, struct err *e)
{
	const char *distribution = t->distribution;

	if (distribution == NULL || strcmp(distribution, "DISTRIBUTED REPLICATED") == 0)
		distribution = "DISTRIBUTED RANDOMLY";
	text_puts(sql, "CREATE WRITABLE EXTERNAL TEMP TABLE gpm_out (");
	for (size_t i = 0; i < t->columns.len; i++) {
		text_puts(sql, i > 0 ? ", " : "");
		if (db_add_ident(db, sql, t->columns.at[i].name, e) < 0)
			return -1;
		text_printf(sql, " %s", t->columns.at[i].type);
	}
	if (add_location(db, urls, n, sql, e) < 0)
		return -1;
	text_printf(sql, " ENCODING '%s' %s", t->encoding, distribution);
	return 0;
}

/* The text of the server would show the URLs and their tokens. */
static int
make(struct db *db, const char *sql, struct err *e)
{
	if (db_exec(db, sql, e) == 0)
		return 0;
	err_set(e, e->code, "cannot make a writable external table (SQLSTATE %s)", db_sqlstate(db));
	if (strcmp(db_sqlstate(db), "42501") == 0)
		err_hint(e, "ALTER ROLE … CREATEEXTTABLE (type = 'writable', protocol = 'gpfdist'), or --method copy");
	return -1;
}

int
gp_table_create(struct db *db, const struct rec_table *t, const char *const *urls, size_t n, struct err *e)
{
	struct buf sql;
	int rc;

	text_init(&sql);
	rc = add_create(db, t, urls, n, &sql, e);
	if (rc == 0)
		rc = make(db, text_str(&sql), e);
	buf_release(&sql);
	return rc;
}

/* Did the statement fail because a segment did not get through?  It says so itself, or hangs until its time is up. */
static bool
is_unreached(struct db *db)
{
	return PQstatus(db_conn(db)) == CONNECTION_OK &&
	    (strncmp(db_sqlstate(db), "08", 2) == 0 || strcmp(db_sqlstate(db), "57014") == 0);
}

/* Some rows of every segment. */
static int
send_some(struct db *db, const char *create, struct err *e)
{
	struct err ignored;
	int rc = db_execf(db, e, "BEGIN; SET LOCAL statement_timeout = %d; SELECT pg_catalog.set_config(name, '%d', true)"
	    " FROM pg_catalog.pg_settings WHERE name IN ('gpfdist_retry_timeout', 'write_to_gpfdist_timeout')", 1000 * REACH_SECONDS,
	    REACH_RETRY_S);

	if (rc == 0)
		rc = make(db, create, e);
	if (rc == 0) {
		/* by its bare name: it is no function, the parser knows it */
		rc = db_run(db, "INSERT INTO pg_temp.gpm_reach SELECT 1 FROM gp_dist_random('pg_class')", NULL, e);
		if (rc < 0)
			gpfdist_token_hide(e->text);
		if (rc < 0 && e->code != ERR_STOPPED && is_unreached(db))
			e->code = ERR_FAILED;
	}
	if (db_exec(db, "ROLLBACK", rc < 0 ? &ignored : e) < 0)
		rc = -1;
	return rc;
}

int
gp_table_reach(struct db *db, const char *const *urls, size_t n, struct err *e)
{
	struct buf sql;
	int rc;

	text_init(&sql);
	text_puts(&sql, "CREATE WRITABLE EXTERNAL TEMP TABLE gpm_reach (a pg_catalog.int4");
	rc = add_location(db, urls, n, &sql, e);
	text_puts(&sql, " DISTRIBUTED RANDOMLY");
	if (rc == 0)
		rc = send_some(db, text_str(&sql), e);
	buf_release(&sql);
	return rc;
}

int
gp_table_insert(struct db *db, const struct rec_table *t, uint64_t *sent, struct err *e)
{
	struct buf sql;
	int rc;

	text_init(&sql);
	text_puts(&sql, "INSERT INTO pg_temp.gpm_out ");
	rc = db_copy_select(db, t, &sql, e);
	if (rc == 0)
		rc = db_run(db, text_str(&sql), sent, e);
	buf_release(&sql);
	if (rc < 0)
		gpfdist_token_hide(e->text);
	/* the session lives: it was the segments' connection that was refused, and that for this table's rows */
	if (rc < 0 && strncmp(db_sqlstate(db), "08", 2) == 0 && PQstatus(db_conn(db)) == CONNECTION_OK &&
	    strstr(e->text, "http response code") != NULL)
		e->code = ERR_DATABASE;
	return rc;
}
