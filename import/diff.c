/* diff.c -- gpm-import diff: where a table differs from the run, down to chunk, row and column.
 *
 * Both sides are read twice, the destination in one snapshot; memory does not depend on the table (rowset.h). */
#include "prelude.h"

#include <inttypes.h>

#include "db_copy.h"
#include "diff_print.h"
#include "err.h"
#include "find.h"
#include "import.h"
#include "ledger.h"
#include "log.h"
#include "opt.h"
#include "parse.h"
#include "pick.h"
#include "session.h"
#include "unpack.h"

#define MEMORY ((size_t)128 << 20) /* for rows of parts that differ */

struct diff {
	const struct opts *opts;
	struct run *run;
	struct db *db;
	struct progress *progress;
	struct buf object;
	size_t differing;       /* tables */
};

/* One table that is looked at. */
struct looking {
	struct diff *diff;
	const struct rec_manifest *line;
	struct rowset *set;
	bool second;            /* round */
	enum rowset_side side;
	struct rows *rows;      /* of the object, or of the destination */
	char **keys;            /* of the chunks that were read */
	size_t nkeys;
};

/* --- rows of both sides ---------------------------------------------------------------------- */

static int
see_row(void *ctx, struct digest d, const char *data, size_t len, struct err *e)
{
	struct looking *l = ctx;

	(void)e; /* memory cannot fail */
	if (l->second)
		rowset_add(l->set, l->side, d, data, len, l->nkeys - 1, rows_count(l->rows));
	else
		rowset_sum(l->set, l->side, d);
	return 0;
}

static struct rows *
watched_rows(struct looking *l, const struct columns *columns, enum rowset_side side)
{
	unsigned char *kinds = columns_float_kinds(columns);

	l->rows = rows_new(&dialect_csv, kinds, columns->len);
	free(kinds);
	l->side = side;
	rows_watch(l->rows, see_row, l);
	return l->rows;
}

static int
push_here(void *ctx, const char *data, size_t len, uint64_t rows, struct err *e)
{
	struct looking *l = ctx;
	size_t used;

	(void)rows; /* they are counted again */
	progress_add(l->diff->progress, 0, len);
	return rows_push(l->rows, data, len, 0, &used, e);
}

static int
push_source(void *ctx, const void *data, size_t len, struct err *e)
{
	return push_here(ctx, data, len, 0, e);
}

/* The destination's rows; *SAME: count and digest are the run's. */
static int
read_here(struct looking *l, const struct run_table *t, bool *same, struct err *e)
{
	struct rows *rows = watched_rows(l, &t->table.columns, ROWSET_HERE);
	uint64_t sent;
	int rc = db_copy_out(l->diff->db, &t->table, push_here, l, &sent, e);

	if (rc == 0 && (!rows_at_end(rows) || rows_count(rows) != sent))
		rc = err_set(e, ERR_DATABASE, "COPY sent %" PRIu64 " rows, %" PRIu64 " arrived", sent, rows_count(rows));
	*same = rows_count(rows) == t->done.rows && digest_equal(rows_digest(rows), t->done.digest);
	rows_free(rows);
	return rc;
}

static int
read_chunk(struct looking *l, const struct rec_table *t, const struct rec_chunk *c, struct err *e)
{
	struct diff *d = l->diff;
	struct rows *rows = watched_rows(l, &t->columns, ROWSET_SOURCE);
	int rc = unpack_fetch_chunk(d->run, c, &d->object, e);

	l->keys = mem_grow(l->keys, (l->nkeys + 1) * sizeof(char *));
	l->keys[l->nkeys++] = mem_str(c->key);
	if (rc == 0 && (rc = unpack_chunk(&d->object, c, &t->columns, push_source, l, e)) < 0)
		run_chunk_context(d->run, c, e);
	rows_free(rows);
	return rc;
}

static void
forget_keys(struct looking *l)
{
	while (l->nkeys > 0)
		free(l->keys[--l->nkeys]);
	free(l->keys);
	l->keys = NULL;
}

/* The source's rows, as they are stored; the manifest is read anew each time. */
static int
read_source(struct looking *l, struct err *e)
{
	struct run_table *t;
	struct rec_chunk c;
	int rc;

	forget_keys(l);
	if (run_table_open(l->diff->run, l->line, &t, e) < 0)
		return -1;
	while ((rc = run_table_chunk(t, &c, e)) > 0) {
		rc = read_chunk(l, &t->table, &c, e);
		record_free_fields(REC_CHUNK, &c);
		if (rc < 0)
			break;
	}
	run_table_close(t);
	return rc;
}

/* --- one table ------------------------------------------------------------------------------- */

static void
tell(struct looking *l, const struct rec_table *t, size_t parts)
{
	struct differences d = {
		.table = t, .keys = l->keys, .most = (size_t)opt_u64(l->diff->opts, OPT_ID_max_rows),
	};
	char missing[FORMAT_SIZE_LEN], extra[FORMAT_SIZE_LEN];
	size_t left_out = rowset_left_out(l->set);

	d.missing = rowset_rows(l->set, ROWSET_SOURCE, &d.nmissing);
	d.extra = rowset_rows(l->set, ROWSET_HERE, &d.nextra);
	printf("%s.%s differs: %s%s rows of the source are not here, %s rows here are not the source's\n", t->schema, t->name,
	    left_out > 0 ? "at least " : "", format_count(d.nmissing, missing), format_count(d.nextra, extra));
	if (left_out > 0)
		printf("  so many differ that only %zu of %zu parts of the table were looked at\n", parts - left_out, parts);
	diff_print(&d);
	free(d.missing);
	free(d.extra);
}

static int
second_round(struct looking *l, const struct run_table *t, size_t parts, struct err *e)
{
	bool same;

	l->second = true;
	if (read_source(l, e) < 0 || read_here(l, t, &same, e) < 0)
		return -1;
	l->diff->differing++;
	tell(l, &t->table, parts);
	return 0;
}

static int
look(struct looking *l, const struct run_table *t, struct err *e)
{
	char rows[FORMAT_SIZE_LEN];
	size_t parts;
	bool same;

	if (read_here(l, t, &same, e) < 0)
		return -1;
	if (same) {
		printf("%s.%s: the same %s rows\n", t->table.schema, t->table.name, format_count(t->done.rows, rows));
		return 0;
	}
	if (read_source(l, e) < 0)
		return -1;
	parts = rowset_differing(l->set);
	/* the objects add up to what the manifest says, so what differs from that differs from them */
	if (parts == 0)
		return err_set(e, ERR_DIFFERS, "the stored rows do not add up to the manifest's digest");
	return second_round(l, t, parts, e);
}

/* In one snapshot of the destination. */
static int
look_in_transaction(struct looking *l, const struct run_table *t, struct err *e)
{
	struct db *db = l->diff->db;
	uint64_t before = 0;
	struct err ignored;
	int rc;

	if (session_set_encoding(l->diff->opts, db, &t->table, e) < 0 ||
	    db_exec(db, "BEGIN ISOLATION LEVEL REPEATABLE READ", e) < 0)
		return -1;
	rc = ledger_rows_before(db, l->diff->run->id, &t->table, &before, e);
	if (rc >= 0 && before > 0)
		log_warning("%s.%s held %" PRIu64 " rows before the load: they count as rows that are not the source's",
		    t->table.schema, t->table.name, before);
	rc = rc < 0 ? -1 : look(l, t, e);
	return db_exec(db, "ROLLBACK", rc < 0 ? &ignored : e) < 0 ? -1 : rc;
}

static int
diff_table(struct diff *d, const struct rec_manifest *line, struct err *e)
{
	struct looking l = { .diff = d, .line = line };
	struct run_table *t;
	int rc;

	if (store_key_check(line->key, e) < 0 || run_table_open(d->run, line, &t, e) < 0)
		return -1;
	progress_table(d->progress, t->table.schema, t->table.name);
	l.set = rowset_new(MEMORY);
	rc = look_in_transaction(&l, t, e);
	if (rc < 0)
		err_context(e, "%s.%s", t->table.schema, t->table.name);
	if (rc == 0 && fflush(stdout) != 0)
		rc = err_sys(e, "cannot write what differs");
	forget_keys(&l);
	rowset_free(l.set);
	run_table_close(t);
	return rc;
}

/* --- the command ----------------------------------------------------------------------------- */

static int
diff_tables(struct diff *d, struct err *e)
{
	struct rec_manifest *lines;
	size_t n;
	int rc;

	if (pick_tables(d->opts, OPT_ID_table, d->run, &lines, &n, e) < 0)
		return -1;
	rc = session_open_reading(d->opts, d->run->id, &d->db, e);
	for (size_t i = 0; rc == 0 && i < n; i++)
		if ((rc = session_read_names(d->opts, d->db, &d->run->header, e)) == 0)
			rc = diff_table(d, &lines[i], e);
	db_close(d->db);
	pick_free(lines, n);
	if (rc == 0 && d->differing > 0)
		return err_set(e, ERR_DIFFERS, "%zu of %zu tables differ from run %s", d->differing, n, d->run->id);
	return rc;
}

int
import_diff(const struct opts *opts, struct store *store, struct err *e)
{
	struct diff d = { .opts = opts };
	int rc;

	if (find_run(store, opts, &d.run, e) < 0)
		return -1;
	d.progress = progress_start("compared", opt_u64(opts, OPT_ID_progress_interval));
	rc = diff_tables(&d, e);
	progress_stop(d.progress);
	buf_release(&d.object);
	run_close(d.run);
	return rc;
}
