/* load_oss.c -- the method oss_fdw: AnalyticDB for PostgreSQL reads the folder of a batch in OSS itself.
 *
 * As with s3 the folder is compared with the manifest before, by our own listing and by the server's, and the number of rows
 * after; the table counts as not content-checked until its rows were digested. */
#include "prelude.h"

#include <inttypes.h>

#include "err.h"
#include "insert_sql.h"
#include "load_insert.h"
#include "method.h"
#include "opt.h"
#include "oss_sql.h"
#include "parse.h"
#include "rights.h"
#include "unchecked.h"

static const struct right rights[] = {
	RIGHT_GREENPLUM,
	{ "SELECT EXISTS (SELECT 1 FROM pg_catalog.pg_foreign_data_wrapper WHERE fdwname = 'oss_fdw')",
	    "this database has no foreign-data wrapper oss_fdw", "CREATE EXTENSION oss_fdw, on AnalyticDB for PostgreSQL" },
	{ "SELECT EXISTS (SELECT 1 FROM pg_catalog.pg_proc WHERE proname = 'get_oss_table_meta')",
	    "this database cannot say which objects a foreign table reads (get_oss_table_meta)",
	    "CREATE EXTENSION oss_fdw, on AnalyticDB for PostgreSQL" },
};

static int
check(struct db *db, struct err *e)
{
	return rights_check(db, "oss_fdw", rights, GPM_ARRAY_LEN(rights), e);
}

static int
make_table(struct loader *l, const char *name, const struct rec_table *t, const struct rec_chunk *first, struct err *e)
{
	struct place p;
	struct buf query;
	char *folder;
	int rc;

	if (place_find(l->opts, l->run, &p, e) < 0)
		return -1;
	folder = place_folder(&p, l->run, first);
	text_init(&query);
	oss_sql_table(&query, name, t, opt_string(l->opts, OPT_ID_foreign_server), p.bucket, folder,
	    pg_encoding_to_char(PQclientEncoding(db_conn(l->db))));
	rc = insert_made_by(l->db, text_str(&query), e);
	buf_release(&query);
	free(folder);
	place_release(&p);
	return rc;
}

/* What the server would read, by its own word. */
static int
compare_objects(struct db *db, const char *name, size_t want, struct err *e)
{
	struct buf sql;
	char *query, *value = NULL;
	uint64_t n = 0;
	int rc = -1;

	text_init(&sql);
	oss_sql_objects(&sql, name);
	query = db_value(db, text_str(&sql), 0, NULL, e);
	buf_release(&sql);
	if (query != NULL && (value = db_value(db, query, 0, NULL, e)) != NULL)
		rc = parse_u64(value, 0, INT64_MAX, &n, e);
	if (rc == 0 && n != want)
		rc = err_set(e, ERR_DIFFERS, "the server finds %" PRIu64 " objects in the folder, the manifest names %zu", n, want);
	free(value);
	free(query);
	return rc;
}

static int
insert_rows(struct loader *l, const char *name, const struct rec_table *t, const struct rec_chunk *const *chunks, size_t n,
    struct err *e)
{
	struct buf sql;
	int rc;

	text_init(&sql);
	oss_sql_insert(&sql, name, t, insert_sql_overriding(db_version(l->db)));
	rc = insert_counted(l, "oss_fdw", t, text_str(&sql), chunks, n, e);
	buf_release(&sql);
	return rc;
}

static int
put_chunks(struct loader *l, const struct rec_table *t, const struct rec_chunk *const *chunks, size_t n, struct err *e)
{
	char *name = mem_printf("gpm_oss_%d", PQbackendPID(db_conn(l->db))); /* no other session has it */
	int rc = insert_refuse_rules(l->db, t, e);

	if (rc == 0)
		rc = insert_refuse_settings(l->db, t, e);
	if (rc == 0)
		rc = place_compare(l->run, chunks, n, e);
	if (rc == 0)
		rc = make_table(l, name, t, chunks[0], e);
	if (rc == 0)
		rc = compare_objects(l->db, name, n, e);
	if (rc == 0)
		rc = insert_rows(l, name, t, chunks, n, e);
	if (rc == 0)
		rc = unchecked_note(l->db, l->run->id, t->table, chunks[0]->batch, e);
	if (rc == 0)
		rc = insert_run(l->db, oss_sql_drop, name, e);
	free(name);
	return rc;
}

/* --- what the options have to say ------------------------------------------------------------ */

static int
begin_place(const struct opts *opts, const struct run *run, struct err *e)
{
	struct place p;

	if (place_find(opts, run, &p, e) < 0)
		return -1;
	place_release(&p);
	return 0;
}

static int
begin_server(const struct opts *opts, const struct run *run, struct err *e)
{
	if (opt_string(opts, OPT_ID_foreign_server) == NULL) {
		err_set(e, ERR_USAGE, "--foreign-server is needed: the name of the server that has the bucket's key");
		return err_hint(e, "the script of gpm-import plan says how it is made");
	}
	return begin_place(opts, run, e);
}

/* It becomes a part of a URL. */
static int
begin_pxf(const struct opts *opts, const struct run *run, struct err *e)
{
	const char *server = opt_string(opts, OPT_ID_foreign_server);

	if (server == NULL || server[strspn(server, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")] == '\0')
		return begin_server(opts, run, e);
	return err_set(e, ERR_USAGE, "--foreign-server '%.100s' is no name of a PXF server", server);
}

static int
begin_manifests(const struct opts *opts, const struct run *run, struct err *e)
{
	return opt_require(opts, OPT_ID_manifest_dir, e) < 0 ? -1 : begin_place(opts, run, e);
}

const struct method method_oss_fdw = {
	.name = "oss_fdw", .by_batch = true, .whole = true, .begin = begin_server, .check = check, .put = put_chunks,
};
/* by plan only */
const struct method method_oss_ext = { .name = "oss_ext", .listed = "oss_fdw", .begin = begin_place };
const struct method method_oss_copy = { .name = "oss_copy", .listed = "oss_fdw", .begin = begin_manifests };
const struct method method_pxf = { .name = "pxf", .begin = begin_pxf };
