/* snapshot.c -- one moment in time, held: locks first, then the snapshot. */
#include "prelude.h"

#include <inttypes.h>

#include "catalog.h"
#include "err.h"
#include "log.h"
#include "opt.h"
#include "snapshot.h"
#include "source.h"
#include "source_rights.h"
#include "state.h"
#include "stop.h"

#define LOCKS_AT_ONCE 100
#define TRIES 10 /* lists that changed while they were locked */

struct list {
	struct rec_table *at;
	size_t len;
};

struct snapshot {
	struct db *db;
	const struct catalog *catalog;
	const char *encoding, *condition;
	uint64_t lock_wait_ms;
	bool each;      /* --snapshot table */
	const char *mode; /* of the locks */
	char *id;
	struct list list;
};

static void
free_list(struct list *l)
{
	for (size_t i = 0; i < l->len; i++)
		record_free_fields(REC_TABLE, &l->at[i]);
	free(l->at);
	memset(l, 0, sizeof(*l));
}

static int
collect(void *ctx, struct rec_table *rec, struct err *e)
{
	struct list *l = ctx;

	(void)e; /* memory cannot fail */
	l->at = mem_grow(l->at, (l->len + 1) * sizeof(*l->at));
	l->at[l->len++] = *rec;
	memset(rec, 0, sizeof(*rec));
	return 0;
}

/* The same relations, by oid and storage; both lists are ordered by name. */
static bool
same_list(const struct list *a, const struct list *b)
{
	if (a->len != b->len)
		return false;
	for (size_t i = 0; i < a->len; i++)
		if (a->at[i].oid != b->at[i].oid || a->at[i].relfilenode != b->at[i].relfilenode ||
		    strcmp(a->at[i].name, b->at[i].name) != 0 || strcmp(a->at[i].schema, b->at[i].schema) != 0)
			return false;
	return true;
}

static int
begin(struct snapshot *s, struct err *e)
{
	/* LOCK TABLE takes no snapshot: in this transaction that is pg_export_snapshot's to do. */
	if (db_exec(s->db, "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY", e) < 0)
		return -1;
	return db_execf(s->db, e, "SET LOCAL lock_timeout = %" PRIu64, s->lock_wait_ms);
}

/* Enough that the table stays what it is; and, under --freeze, that nobody writes to it. */
#define LOCK_TO_KEEP "ACCESS SHARE"
#define LOCK_TO_FREEZE "SHARE"

static int
add_lock(struct db *db, struct buf *sql, const struct rec_table *t, const char *mode, const char *how, struct err *e)
{
	text_puts(sql, "LOCK TABLE ONLY ");
	if (db_add_name(db, sql, t->schema, t->name, e) < 0)
		return -1;
	text_printf(sql, " IN %s MODE%s;", mode, how);
	return 0;
}

/* Which of the tables FROM … TO - 1 is held by someone else?  For the message only. */
static void
name_culprit(struct snapshot *s, size_t from, size_t to, struct err *e)
{
	struct err ignored;
	struct buf sql;

	text_init(&sql);
	for (size_t i = from; i < to; i++) {
		buf_reset(&sql);
		if (db_exec(s->db, "ROLLBACK", &ignored) < 0 || db_exec(s->db, "BEGIN", &ignored) < 0 ||
		    add_lock(s->db, &sql, &s->list.at[i], s->mode, " NOWAIT", &ignored) < 0)
			break;
		if (db_exec(s->db, text_str(&sql), &ignored) < 0 && strcmp(db_sqlstate(s->db), "55P03") == 0) {
			err_context(e, "table %s.%s", s->list.at[i].schema, s->list.at[i].name);
			break;
		}
	}
	buf_release(&sql);
}

static int
lock_failed(struct snapshot *s, size_t from, size_t to, struct err *e)
{
	const char *state = db_sqlstate(s->db);

	if (strcmp(state, "55P03") == 0) {
		name_culprit(s, from, to, e);
		return err_hint(e, s->mode[0] == 'S' ? "another session writes to it, or holds a stronger lock; end it, or give a longer --lock-wait-timeout" :
		    "another session holds a stronger lock; end it, or give a longer --lock-wait-timeout");
	}
	if (strcmp(state, "53200") == 0)
		return err_hint(e, "%zu tables need as many locks: raise max_locks_per_transaction at the source",
		    s->list.len);
	return -1;
}

/* Lock every table of the list: 1, 0 when one of them is gone, -1. */
static int
lock_all(struct snapshot *s, struct err *e)
{
	struct buf sql;
	int rc = 1;

	text_init(&sql);
	for (size_t i = 0; rc > 0 && i < s->list.len; i += LOCKS_AT_ONCE) {
		size_t end = i + LOCKS_AT_ONCE < s->list.len ? i + LOCKS_AT_ONCE : s->list.len;

		buf_reset(&sql);
		for (size_t k = i; rc > 0 && k < end; k++)
			if (add_lock(s->db, &sql, &s->list.at[k], s->mode, "", e) < 0)
				rc = -1;
		if (rc < 0 || db_exec(s->db, text_str(&sql), e) == 0)
			continue;
		rc = strcmp(db_sqlstate(s->db), "42P01") == 0 || strcmp(db_sqlstate(s->db), "3F000") == 0 ?
		    0 : lock_failed(s, i, end, e);
	}
	buf_release(&sql);
	return rc;
}

/* One round: lock what is listed, take the snapshot, list again. 1 when both lists are the same. */
static int
try_once(struct snapshot *s, struct err *e)
{
	struct list now = { 0 };
	int rc;

	if (begin(s, e) < 0)
		return -1;
	if ((rc = lock_all(s, e)) <= 0)
		return rc;
	free(s->id);
	if ((s->id = db_value(s->db, "SELECT pg_catalog.pg_export_snapshot()", 0, NULL, e)) == NULL)
		return err_hint(e, "a server that cannot share a snapshot needs --snapshot table");
	if (catalog_tables(s->catalog, s->db, s->condition, s->encoding, true, collect, &now, e) < 0) {
		free_list(&now);
		return -1;
	}
	rc = same_list(&s->list, &now);
	free_list(&s->list);
	s->list = now;
	return rc;
}

/* The list has changed: let all go, and read it anew. */
static int
start_over(struct snapshot *s, struct err *e)
{
	if (stop_check(e) < 0 || db_exec(s->db, "ROLLBACK", e) < 0)
		return -1;
	free_list(&s->list);
	return catalog_tables(s->catalog, s->db, s->condition, s->encoding, false, collect, &s->list, e);
}

/* The run's lock is held: whoever else works on it at the server has no living process behind him. */
static int
end_orphans(struct db *db, const char *run, struct err *e)
{
	char *prefix = mem_printf("gpm-export %s ", run);
	int rc = db_end_orphans(db, prefix, e);

	free(prefix);
	return rc;
}

int
snapshot_take(const struct opts *opts, const struct catalog *catalog, const char *run, const char *encoding,
    const char *condition, struct snapshot **out, struct err *e)
{
	struct snapshot *s = mem_alloc(sizeof(*s));
	int rc = 0;

	s->catalog = catalog;
	s->encoding = encoding;
	s->condition = condition;
	s->mode = opt_flag(opts, OPT_ID_freeze) ? LOCK_TO_FREEZE : LOCK_TO_KEEP;
	s->lock_wait_ms = opt_u64(opts, OPT_ID_lock_wait_timeout) * 1000;
	s->each = strcmp(opt_string(opts, OPT_ID_snapshot), "table") == 0;
	if (source_connect(opts, run, "holder", &s->db, e) < 0 || end_orphans(s->db, run, e) < 0 ||
	    source_rights_check_all(opts, catalog, s->db, condition, e) < 0 ||
	    catalog_tables(catalog, s->db, condition, encoding, false, collect, &s->list, e) < 0)
		goto err0;
	if (s->each) {
		*out = s;
		return 0;
	}
	for (int i = 0; rc == 0 && i < TRIES; i++) {
		if (i > 0 && start_over(s, e) < 0)
			goto err0;
		if ((rc = try_once(s, e)) < 0)
			goto err0;
	}
	if (rc == 0) {
		err_set(e, ERR_TEMPORARY, "tables are made, dropped or rewritten faster than they can be locked");
		goto err0;
	}
	log_debug("snapshot %s holds %zu tables", s->id, s->list.len);
	*out = s;
	return 0;

err0:
	snapshot_release(s);
	return -1;
}

void
snapshot_release(struct snapshot *s)
{
	if (s == NULL)
		return;
	db_close(s->db);
	free_list(&s->list);
	free(s->id);
	free(s);
}

static int
compare_names(const struct rec_table *a, const struct rec_table *b)
{
	int rc = strcmp(a->schema, b->schema);

	return rc != 0 ? rc : strcmp(a->name, b->name);
}

/* No table may be of another shape in B than in A; both are ordered by name, and either may hold tables that
 * the other does not. */
static int
compare_shapes(const struct list *a, const struct list *b, struct err *e)
{
	for (size_t i = 0, k = 0; i < a->len && k < b->len; ) {
		int rc = compare_names(&a->at[i], &b->at[k]);

		if (rc == 0 && !table_same_shape(&a->at[i], &b->at[k]))
			return err_set(e, ERR_TEMPORARY, "%s.%s was altered while the schema was read", a->at[i].schema,
			    a->at[i].name);
		i += rc <= 0;
		k += rc >= 0;
	}
	return 0;
}

/* Without locks the schema may have been read before or after somebody's change: what was listed before it
 * must be as it was. */
static int
list_again(struct snapshot *s, struct err *e)
{
	struct list now = { 0 };
	int rc = catalog_tables(s->catalog, s->db, s->condition, s->encoding, false, collect, &now, e);

	if (rc == 0)
		rc = compare_shapes(&s->list, &now, e);
	free_list(&s->list);
	s->list = now;
	return rc;
}

int
snapshot_tables(struct snapshot *s, snapshot_table_fn *fn, void *ctx, struct err *e)
{
	int rc = s->each ? list_again(s, e) : 0;

	for (size_t i = 0; rc == 0 && i < s->list.len; i++)
		rc = fn(ctx, &s->list.at[i], e);
	free_list(&s->list);
	return rc;
}

const char *
snapshot_id(const struct snapshot *s)
{
	return s->id;
}

struct db *
snapshot_db(struct snapshot *s)
{
	return s->db;
}

struct db *
snapshot_keep(struct snapshot *s)
{
	struct db *db = s->db;

	s->db = NULL;
	return db;
}

/* Should the holder have died before this session got its lock, somebody may have truncated the table in
 * between: it would read as empty. */
static int
same_storage(const struct snapshot *s, struct db *db, const struct rec_table *t, struct err *e)
{
	uint64_t node;

	if (catalog_filenode(s->catalog, db, t->oid, &node, e) < 0)
		return -1;
	return node == t->relfilenode ? 0 : err_set(e, ERR_TEMPORARY, "was truncated or rewritten since the snapshot was taken");
}

/* Where there are segments a worker makes external tables, which go with its transaction. */
static const char *
access_mode(const struct snapshot *s)
{
	return catalog_is_greenplum(s->catalog) ? ", READ WRITE" : ", READ ONLY";
}

static int
join_shared(const struct snapshot *s, struct db *db, const struct rec_table *t, struct err *e)
{
	struct buf sql;
	int rc;

	text_init(&sql);
	text_printf(&sql, "BEGIN ISOLATION LEVEL REPEATABLE READ%s; SET TRANSACTION SNAPSHOT ", access_mode(s));
	rc = db_add_literal(db, &sql, s->id, e);
	text_puts(&sql, ";");
	if (rc == 0)
		rc = add_lock(db, &sql, t, LOCK_TO_KEEP, " NOWAIT", e);
	if (rc == 0)
		rc = db_exec(db, text_str(&sql), e);
	buf_release(&sql);
	if (rc == 0)
		return same_storage(s, db, t, e) < 0 ? -1 : 1;
	if (strcmp(db_sqlstate(db), "55P03") != 0)
		return -1;
	return snapshot_leave(db, e);
}

/* Is T, which is locked now, what was listed?  Whoever changed it did so before the lock. */
static int
compare_with_list(const struct snapshot *s, struct db *db, const struct rec_table *t, struct err *e)
{
	char *condition = mem_printf("AND c.oid = %" PRIu64, t->oid);
	struct list now = { 0 };
	int rc = catalog_tables(s->catalog, db, condition, s->encoding, true, collect, &now, e);

	if (rc == 0 && (now.len != 1 || !table_same_shape(t, &now.at[0]) || strcmp(t->name, now.at[0].name) != 0 ||
	    strcmp(t->schema, now.at[0].schema) != 0))
		rc = err_set(e, ERR_DATABASE, "was altered, renamed or replaced since it was listed");
	free_list(&now);
	free(condition);
	return rc;
}

/* Servers before 9.3 know only a limit for the whole statement, which LOCK TABLE spends on waiting. */
static const char *
lock_limit(struct db *db)
{
	return db_version(db) >= 90300 ? "lock_timeout" : "statement_timeout";
}

/* A moment for T alone: LOCK TABLE takes no snapshot, the first query after it does. */
static int
begin_own(const struct snapshot *s, struct db *db, const struct rec_table *t, struct err *e)
{
	struct buf sql;
	int rc;

	text_init(&sql);
	text_printf(&sql, "BEGIN ISOLATION LEVEL REPEATABLE READ%s; SET LOCAL %s = %" PRIu64 ";", access_mode(s),
	    lock_limit(db), s->lock_wait_ms);
	rc = add_lock(db, &sql, t, LOCK_TO_KEEP, "", e);
	text_printf(&sql, "SET LOCAL %s = 0", lock_limit(db));
	if (rc == 0)
		rc = db_exec(db, text_str(&sql), e);
	buf_release(&sql);
	if (rc == 0)
		return compare_with_list(s, db, t, e) < 0 ? -1 : 1;
	if (strcmp(db_sqlstate(db), "55P03") == 0 || strcmp(db_sqlstate(db), "57014") == 0)
		return err_set(e, ERR_DATABASE, "could not be locked within %" PRIu64 " s: another session holds a stronger lock",
		    s->lock_wait_ms / 1000);
	return -1;
}

int
snapshot_join(const struct snapshot *s, struct db *db, const struct rec_table *t, struct err *e)
{
	return s->each ? begin_own(s, db, t, e) : join_shared(s, db, t, e);
}

int
snapshot_leave(struct db *db, struct err *e)
{
	return db_exec(db, "ROLLBACK", e);
}
