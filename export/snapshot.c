/* snapshot.c -- one moment in time, held: locks first, then the snapshot. */
#include "prelude.h"

#include <inttypes.h>

#include "catalog.h"
#include "err.h"
#include "log.h"
#include "opt.h"
#include "snapshot.h"
#include "source.h"
#include "stop.h"

#define LOCKS_AT_ONCE 100
#define TRIES 10 /* lists that changed while they were locked */

struct list {
	struct rec_table *at;
	size_t len;
};

struct snapshot {
	struct db *db;
	const char *encoding, *condition;
	uint64_t lock_wait_ms;
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

static int
add_lock(struct db *db, struct buf *sql, const struct rec_table *t, const char *how, struct err *e)
{
	text_puts(sql, "LOCK TABLE ONLY ");
	if (db_add_name(db, sql, t->schema, t->name, e) < 0)
		return -1;
	text_printf(sql, " IN ACCESS SHARE MODE%s;", how);
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
		    add_lock(s->db, &sql, &s->list.at[i], " NOWAIT", &ignored) < 0)
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
		return err_hint(e, "another session holds a stronger lock; end it, or give a longer --lock-wait-timeout");
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
			if (add_lock(s->db, &sql, &s->list.at[k], "", e) < 0)
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
		return -1;
	if (catalog_tables(s->db, s->condition, s->encoding, true, collect, &now, e) < 0) {
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
	return catalog_tables(s->db, s->condition, s->encoding, false, collect, &s->list, e);
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
snapshot_take(const struct opts *opts, const char *run, const char *encoding, const char *condition,
    struct snapshot **out, struct err *e)
{
	struct snapshot *s = mem_alloc(sizeof(*s));
	int rc = 0;

	s->encoding = encoding;
	s->condition = condition;
	s->lock_wait_ms = opt_u64(opts, OPT_ID_lock_wait_timeout) * 1000;
	if (source_connect(opts, run, "holder", &s->db, e) < 0 || end_orphans(s->db, run, e) < 0 ||
	    catalog_tables(s->db, condition, encoding, false, collect, &s->list, e) < 0)
		goto err0;
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

int
snapshot_tables(struct snapshot *s, snapshot_table_fn *fn, void *ctx, struct err *e)
{
	int rc = 0;

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

/* Should the holder have died before this session got its lock, somebody may have truncated the table in
 * between: it would read as empty. */
static int
same_storage(struct db *db, const struct rec_table *t, struct err *e)
{
	char oid[24], *node;
	const char *params[] = { oid };
	bool same;

	snprintf(oid, sizeof(oid), "%" PRIu64, t->oid);
	node = db_value(db, "SELECT coalesce(pg_catalog.pg_relation_filenode($1::pg_catalog.oid::pg_catalog.regclass), 0)",
	    1, params, e);
	if (node == NULL)
		return -1;
	same = strtoull(node, NULL, 10) == t->relfilenode;
	free(node);
	return same ? 0 : err_set(e, ERR_TEMPORARY, "was truncated or rewritten since the snapshot was taken");
}

int
snapshot_join(struct db *db, const char *id, const struct rec_table *t, struct err *e)
{
	struct buf sql;
	int rc;

	text_init(&sql);
	text_puts(&sql, "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY; SET TRANSACTION SNAPSHOT ");
	rc = db_add_literal(db, &sql, id, e);
	text_puts(&sql, ";");
	if (rc == 0)
		rc = add_lock(db, &sql, t, " NOWAIT", e);
	if (rc == 0)
		rc = db_exec(db, text_str(&sql), e);
	buf_release(&sql);
	if (rc == 0)
		return same_storage(db, t, e) < 0 ? -1 : 1;
	if (strcmp(db_sqlstate(db), "55P03") != 0)
		return -1;
	return snapshot_leave(db, e);
}

int
snapshot_leave(struct db *db, struct err *e)
{
	return db_exec(db, "ROLLBACK", e);
}
