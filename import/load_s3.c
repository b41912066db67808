/* load_s3.c -- the method s3: Greenplum's s3:// protocol (gpcloud) reads the folder of a batch.
 *
 * It checks little: a folder that is not there is an empty one, of an object it reads one gzip member, and one that was
 * cut at a row's end is none the worse to it.  So the folder is compared with the manifest before, the number of rows
 * after, in the same transaction; and the table counts as not content-checked until its rows were digested. */
#include "prelude.h"

#include "err.h"
#include "external_sql.h"
#include "insert_sql.h"
#include "load_insert.h"
#include "method.h"
#include "place.h"
#include "rights.h"
#include "s3_location.h"
#include "unchecked.h"

#define TABLE "gpm_s3"

static const struct right rights[] = {
	RIGHT_GREENPLUM,
	{ "SELECT EXISTS (SELECT 1 FROM pg_catalog.pg_extprotocol WHERE ptcname = 's3')",
	    "this database has no protocol s3",
	    "a superuser: CREATE FUNCTION read_from_s3() RETURNS integer AS '$libdir/gps3ext.so', 's3_import' LANGUAGE C STABLE;"
	    " CREATE TRUSTED PROTOCOL s3 (readfunc = read_from_s3); GRANT SELECT ON PROTOCOL s3 TO the user who loads" },
};

static int
check(struct db *db, struct err *e)
{
	return rights_check(db, "s3", rights, GPM_ARRAY_LEN(rights), e);
}

static int
make_table(struct loader *l, const struct rec_table *t, const struct rec_chunk *first, struct err *e)
{
	char *location = s3_location(l->opts, l->run, first, e);
	const char *const urls[] = { location };
	struct external from = { .urls = urls, .nurls = 1 };
	struct buf query;
	int rc;

	if (location == NULL)
		return -1;
	text_init(&query);
	external_sql_table(&query, TABLE, t, &from, pg_encoding_to_char(PQclientEncoding(db_conn(l->db))));
	rc = insert_made_by(l->db, text_str(&query), e);
	buf_release(&query);
	free(location);
	return rc;
}

static int
insert_rows(struct loader *l, const struct rec_table *t, const struct rec_chunk *const *chunks, size_t n, struct err *e)
{
	struct buf sql;
	int rc;

	text_init(&sql);
	external_sql_insert(&sql, TABLE, t, insert_sql_overriding(db_version(l->db)));
	rc = insert_counted(l, "s3", t, text_str(&sql), chunks, n, e);
	buf_release(&sql);
	return rc;
}

static int
put_chunks(struct loader *l, const struct rec_table *t, const struct rec_chunk *const *chunks, size_t n, struct err *e)
{
	if (insert_refuse_rules(l->db, t, e) < 0 || insert_refuse_settings(l->db, t, e) < 0 ||
	    place_compare(l->run, chunks, n, e) < 0 || make_table(l, t, chunks[0], e) < 0 ||
	    insert_rows(l, t, chunks, n, e) < 0 ||
	    unchecked_note(l->db, l->run->id, t->table, chunks[0]->batch, e) < 0)
		return -1;
	return insert_run(l->db, external_sql_drop, TABLE, e);
}

const struct method method_s3 = {
	.name = "s3", .by_batch = true, .whole = true, .begin = s3_location_check, .check = check, .put = put_chunks,
};
