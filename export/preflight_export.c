/* preflight_export.c -- gpm-export preflight: can this source be exported from here? */
#include "prelude.h"

#include <inttypes.h>
#include <sys/statvfs.h>

#include "catalog.h"
#include "client_program.h"
#include "err.h"
#include "opt.h"
#include "parse.h"
#include "preflight.h"
#include "preflight_export.h"
#include "selection.h"
#include "source.h"
#include "source_rights.h"
#include "spool.h"

/* How many tables are stored in one way. */
struct storage {
	char *name;            /* "ao_row", without its options */
	uint64_t tables;
};

struct looking {
	const struct opts *opts;
	struct preflight *list;
	struct db *db;
	struct catalog *catalog;
	char *condition;
	uint64_t tables, bytes, elsewhere;
	struct storage *storages;
	size_t nstorages;
};

static void
count_storage(struct looking *l, const char *storage)
{
	size_t len = strcspn(storage, " "), i = 0;

	while (i < l->nstorages && (strncmp(l->storages[i].name, storage, len) != 0 || l->storages[i].name[len] != '\0'))
		i++;
	if (i == l->nstorages) {
		l->storages = mem_grow(l->storages, (i + 1) * sizeof(*l->storages));
		l->storages[l->nstorages++] = (struct storage){ .name = mem_printf("%.*s", (int)len, storage) };
	}
	l->storages[i].tables++;
}

static int
add_table(void *ctx, struct rec_table *t, struct err *e)
{
	struct looking *l = ctx;

	(void)e; /* cannot fail */
	l->tables++;
	l->bytes += t->bytes;
	if (t->storage != NULL)
		count_storage(l, t->storage);
	return 0;
}

static int
add_skipped(void *ctx, struct rec_skipped *s, struct err *e)
{
	struct looking *l = ctx;

	(void)s; /* only their number */
	(void)e;
	l->elsewhere++;
	return 0;
}

/* version() without how it was built. */
static int
name_len(const char *version)
{
	const char *end = strstr(version, " build ");

	if (end == NULL)
		end = strstr(version, " on ");
	return end != NULL ? (int)(end - version) : 60;
}

static void
look_at_server(struct looking *l)
{
	struct rec_run who = { 0 };
	struct err e;

	if (source_identify(l->db, &who, &e) < 0) {
		preflight_fail(l->list, &e);
	} else {
		preflight_ok(l->list, "%.*s, database %s, encoding %s", name_len(who.server_version), who.server_version, who.database,
		    who.encoding);
		if (strcmp(who.encoding, "SQL_ASCII") == 0)
			preflight_warn(l->list, "SQL_ASCII: bytes are carried as they are; gpm-import load --source-encoding");
	}
	record_free_fields(REC_RUN, &who);
}

/* Is anything missing without which nothing comes out? */
static bool
look_at_rights(struct looking *l)
{
	bool enough = true;
	struct err e;

	for (enum source_right right = 0; right < RIGHTS; right++) {
		if (source_rights_need(right, l->opts) && source_rights_check(right, l->catalog, l->db, l->condition, &e) < 0) {
			preflight_fail(l->list, &e);
			enough = enough && right == RIGHT_ALL_ROWS;
		}
	}
	return enough;
}

static void
look_at_tables(struct looking *l)
{
	char size[FORMAT_SIZE_LEN];
	struct err e;

	if ((l->condition = selection_condition(l->catalog, l->db, l->opts, &e)) == NULL ||
	    catalog_tables(l->catalog, l->db, l->condition, "UTF8", true, add_table, l, &e) < 0) {
		preflight_fail(l->list, &e);
		return;
	}
	if (look_at_rights(l))
		preflight_ok(l->list, "%" PRIu64 " tables can be read, %s on the server's disk", l->tables,
		    format_size(l->bytes, size));
	if (catalog_skipped(l->catalog, l->db, l->condition, add_skipped, l, &e) < 0)
		preflight_fail(l->list, &e);
	else if (l->elsewhere > 0)
		preflight_warn(l->list, "%" PRIu64 " foreign and external tables will be passed over", l->elsewhere);
}

/* May the user do what --method needs? */
static void
look_at_way(struct looking *l, bool superuser, bool external)
{
	const char *method = opt_string(l->opts, OPT_ID_method);
	char size[FORMAT_SIZE_LEN];
	struct err e;

	if (method == NULL)
		method = "gpfdist";
	if (strcmp(method, "copy") == 0) {
		preflight_ok(l->list, "rows leave through the coordinator by COPY, big tables a segment at a time");
	} else if (strcmp(method, "on-segment") == 0 ? superuser : superuser || external) {
		preflight_ok(l->list, "rows leave from the segments (%s), those of tables below %s through the coordinator", method,
		    format_size(opt_u64(l->opts, OPT_ID_small_table), size));
	} else if (strcmp(method, "on-segment") == 0) {
		err_set(&e, ERR_FAILED, "this user is no superuser, which COPY ... ON SEGMENT needs");
		err_hint(&e, "another user, or another --method");
		preflight_fail(l->list, &e);
	} else {
		err_set(&e, ERR_FAILED, "this user may not make writable external tables, which --method %s needs", method);
		err_hint(&e, "ALTER ROLE … CREATEEXTTABLE (type = 'writable', protocol = 'gpfdist'), or --method copy");
		preflight_fail(l->list, &e);
	}
}

/* What only Greenplum has: segments, storages, and how the rows will leave. */
static void
look_at_greenplum(struct looking *l)
{
	struct err e;
	struct buf kinds;
	char *segments = db_value(l->db, "SELECT count(*) FROM pg_catalog.gp_segment_configuration WHERE content >= 0 AND role = 'p'",
	    0, NULL, &e);
	char *may = segments == NULL ? NULL : db_value(l->db, "SELECT CASE WHEN rolsuper THEN 's' WHEN rolcreatewextgpfd THEN 'w' ELSE '-' END FROM pg_catalog.pg_roles"
	    " WHERE rolname = current_user", 0, NULL, &e);

	if (may == NULL) {
		preflight_fail(l->list, &e);
	} else {
		text_init(&kinds);
		for (size_t i = 0; i < l->nstorages; i++)
			text_printf(&kinds, "%s%" PRIu64 " %s", i > 0 ? ", " : "", l->storages[i].tables, l->storages[i].name);
		preflight_ok(l->list, "%s segments; tables by storage: %s", segments, kinds.len > 0 ? text_str(&kinds) : "none");
		look_at_way(l, may[0] == 's', may[0] == 'w');
		buf_release(&kinds);
	}
	free(segments);
	free(may);
}

static void
look_at_large_objects(struct looking *l)
{
	struct err e;
	uint64_t n;

	if (catalog_large_objects(l->db, &n, &e) < 0)
		preflight_fail(l->list, &e);
	else if (n > 0 && !opt_flag(l->opts, OPT_ID_no_large_objects)) {
		err_set(&e, ERR_FAILED, "%" PRIu64 " large objects are not carried", n);
		err_hint(&e, "--no-large-objects leaves them behind");
		preflight_fail(l->list, &e);
	}
}

/* The lock table has room for max_locks_per_transaction of every possible session together. */
static void
look_at_locks(struct looking *l)
{
	struct err e;
	uint64_t room;
	char *value = db_value(l->db, "SELECT pg_catalog.current_setting('max_locks_per_transaction')::int8 *"
	    " (pg_catalog.current_setting('max_connections')::int8 +"
	    " pg_catalog.current_setting('max_prepared_transactions')::int8)", 0, NULL, &e);

	if (value == NULL || parse_u64(value, 0, INT64_MAX, &room, &e) < 0) {
		preflight_fail(l->list, &e);
	} else if (l->tables > room) {
		err_set(&e, ERR_FAILED, "the server's lock table holds about %" PRIu64 " locks, %" PRIu64 " tables need as many",
		    room, l->tables);
		err_hint(&e, "raise max_locks_per_transaction");
		preflight_fail(l->list, &e);
	} else {
		preflight_ok(l->list, "the lock table has room for %" PRIu64 " tables", room);
	}
	free(value);
}

static void
look_at_snapshot(struct looking *l)
{
	struct err e;
	char *id = NULL;

	if (db_exec(l->db, "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY", &e) == 0)
		id = db_value(l->db, "SELECT pg_catalog.pg_export_snapshot()", 0, NULL, &e);
	if (id == NULL)
		preflight_fail(l->list, &e);
	else
		preflight_ok(l->list, "a snapshot can be shared between sessions");
	free(id);
	if (db_exec(l->db, "ROLLBACK", &e) < 0)
		preflight_fail(l->list, &e);
}

static void
look_at_programs(struct looking *l)
{
	static const char *const names[] = { "pg_dump", "pg_dumpall" };
	char version[CLIENT_VERSION_LEN];
	struct client_program p;
	struct err e;

	for (size_t i = 0; i < GPM_ARRAY_LEN(names); i++) {
		if (client_program_find(names[i], opt_string(l->opts, OPT_ID_client_bin), db_version(l->db),
		    catalog_is_greenplum(l->catalog), &p, &e) < 0) {
			preflight_fail(l->list, &e);
			continue;
		}
		preflight_ok(l->list, "%s of version %s: '%s'", names[i], client_program_version(p.version, version), p.path);
		client_program_release(&p);
	}
}

static void
look_at_spool(struct looking *l)
{
	char space[FORMAT_SIZE_LEN], need[FORMAT_SIZE_LEN];
	struct spool *spool;
	struct statvfs fs;
	struct err e;
	uint64_t bytes;

	if (spool_open(opt_string(l->opts, OPT_ID_spool), true, &spool, &e) < 0) {
		preflight_fail(l->list, &e);
		return;
	}
	if (statvfs(spool_dir(spool), &fs) != 0) {
		err_sys(&e, "cannot look at '%s'", spool_dir(spool));
		preflight_fail(l->list, &e);
	} else {
		bytes = (uint64_t)fs.f_bavail * fs.f_frsize;
		if (bytes < l->bytes)
			preflight_warn(l->list, "the spool has %s free, the tables %s: run gpm-push while gpm-export works",
			    format_size(bytes, space), format_size(l->bytes, need));
		else
			preflight_ok(l->list, "the spool has %s free", format_size(bytes, space));
	}
	spool_close(spool);
}

int
preflight_export(const struct opts *opts, struct err *e)
{
	struct looking l = { .opts = opts, .list = preflight_new() };

	if (source_connect(opts, NULL, "preflight", &l.db, e) < 0 || catalog_new(l.db, &l.catalog, e) < 0) {
		preflight_fail(l.list, e);
	} else {
		look_at_server(&l);
		look_at_tables(&l);
		if (catalog_is_greenplum(l.catalog))
			look_at_greenplum(&l);
		look_at_large_objects(&l);
		look_at_locks(&l);
		look_at_snapshot(&l);
		look_at_programs(&l);
	}
	if (opt_string(opts, OPT_ID_spool) != NULL)
		look_at_spool(&l);
	free(l.condition);
	for (size_t i = 0; i < l.nstorages; i++)
		free(l.storages[i].name);
	free(l.storages);
	catalog_free(l.catalog);
	db_close(l.db);
	return preflight_end(l.list, e);
}
