/* rehearse.c -- a database for a rehearsal.
 *
 * Its name says whose it is: while a session of the name "gpm-rehearse <database>" is connected anywhere on the
 * server, the rehearsal lives.  One without is what a killed one left. */
#include "prelude.h"

#include <openssl/rand.h>

#include "err.h"
#include "log.h"
#include "opt.h"
#include "rehearse.h"

#define PREFIX "gpm_rehearsal_"

struct rehearsal {
	char *name;
	struct db *db;         /* in the user's database; its application_name is the rehearsal's sign of life */
	struct opts *opts;
};

static char *
new_name(void)
{
	unsigned char bytes[6];
	char hex[13];

	if (RAND_bytes(bytes, sizeof(bytes)) != 1)
		return NULL;
	for (size_t i = 0; i < sizeof(bytes); i++)
		snprintf(hex + 2 * i, 3, "%02x", bytes[i]);
	return mem_printf(PREFIX "%s", hex);
}

/* Sessions in it are ended: they are of a client that is dead. */
static int
drop(struct db *db, const char *name, struct err *e)
{
	const char *params[] = { name };
	struct buf sql;
	PGresult *res;
	int rc;

	if (db_query(db, "SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity WHERE datname = $1", 1, params,
	    &res, e) < 0)
		return -1;
	PQclear(res);
	text_init(&sql);
	text_puts(&sql, "DROP DATABASE IF EXISTS ");
	rc = db_add_ident(db, &sql, name, e);
	for (int tries = 0; rc == 0; tries++) { /* the server waits some seconds itself until sessions are gone */
		rc = db_exec(db, text_str(&sql), e);
		if (rc == 0 || strcmp(db_sqlstate(db), "55006") != 0 || tries == 5)
			break;
		rc = 0;
	}
	buf_release(&sql);
	return rc;
}

static int
drop_left_behind(struct db *db, struct err *e)
{
	PGresult *res;
	struct err ignored;

	if (db_query(db, "SELECT d.datname FROM pg_catalog.pg_database d JOIN pg_catalog.pg_roles r ON r.oid = d.datdba"
	    " WHERE d.datname ~ '^" PREFIX "[0-9a-f]{12}$' AND r.rolname = current_user AND NOT EXISTS (SELECT 1 FROM"
	    " pg_catalog.pg_stat_activity a WHERE a.application_name = 'gpm-rehearse ' || d.datname)", 0, NULL, &res, e) < 0)
		return -1;
	for (int i = 0; i < PQntuples(res); i++) {
		if (drop(db, PQgetvalue(res, i, 0), &ignored) == 0)
			log_info("database %s was left behind by a rehearsal, and is dropped", PQgetvalue(res, i, 0));
		else
			log_warning("database %s was left behind by a rehearsal: %s", PQgetvalue(res, i, 0), ignored.text);
	}
	PQclear(res);
	return 0;
}

/* Encoding and locale of the user's database; from template1, which new databases of this server are made of, where that is of the same. */
static int
create(struct rehearsal *r, struct err *e)
{
	char *how = db_value(r->db, "SELECT CASE WHEN (d.encoding, d.datcollate, d.datctype) = (t.encoding, t.datcollate, t.datctype) THEN ''"
	    " ELSE ' TEMPLATE template0 ENCODING ' || pg_catalog.quote_literal(pg_catalog.pg_encoding_to_char(d.encoding)) ||"
	    " ' LC_COLLATE ' || pg_catalog.quote_literal(d.datcollate) || ' LC_CTYPE ' || pg_catalog.quote_literal(d.datctype) END"
	    " FROM pg_catalog.pg_database d, pg_catalog.pg_database t WHERE d.datname = pg_catalog.current_database()"
	    " AND t.datname = 'template1'", 0, NULL, e);
	int rc;

	if (how == NULL)
		return -1;
	rc = db_execf(r->db, e, "CREATE DATABASE %s%s", r->name, how);
	free(how);
	if (rc < 0) {
		err_context(e, "no database for the rehearsal can be made");
		return err_hint(e, "the user needs CREATEDB");
	}
	log_info("the rehearsal is in database %s, which is dropped at its end", r->name);
	return 0;
}

int
rehearsal_start(const struct opts *opts, struct rehearsal **out, struct err *e)
{
	struct rehearsal *r = mem_alloc(sizeof(*r));
	char *sign;
	int rc = -1;

	if ((r->name = new_name()) == NULL) {
		free(r);
		return err_set(e, ERR_SYSTEM, "no random bytes");
	}
	sign = mem_printf("gpm-rehearse %s", r->name);
	if (db_connect(opts, sign, &r->db, e) == 0 && drop_left_behind(r->db, e) == 0 && create(r, e) == 0) {
		r->opts = opt_in_database(opts, r->name);
		*out = r;
		rc = 0;
	} else {
		db_close(r->db);
		free(r->name);
		free(r);
	}
	free(sign);
	return rc;
}

const struct opts *
rehearsal_opts(const struct rehearsal *r)
{
	return r->opts;
}

struct db *
rehearsal_db(struct rehearsal *r)
{
	return r->db;
}

int
rehearsal_end(struct rehearsal *r, struct err *e)
{
	int rc;

	if (r == NULL)
		return 0;
	if ((rc = drop(r->db, r->name, e)) < 0) {
		err_context(e, "database %s of the rehearsal is still there", r->name);
		err_hint(e, "drop it, or start the next rehearsal, which does");
	}
	db_close(r->db);
	opt_free(r->opts);
	free(r->name);
	free(r);
	return rc;
}
