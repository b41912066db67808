/* copyout.c -- rows of a table out by COPY TO STDOUT, into the spool. */
#include "prelude.h"

#include "aggregates.h"
#include "chunk_writer.h"
#include "copyout.h"
#include "db_copy.h"
#include "err.h"
#include "gp_files.h"
#include "gp_out.h"
#include "parse.h"
#include "slices.h"

struct copying {
	struct chunk_writer *writer;
	struct progress *progress;
};

static int
write_rows(void *ctx, const char *data, size_t len, uint64_t rows, struct err *e)
{
	struct copying *c = ctx;

	if (chunk_writer_add(c->writer, data, len, e) < 0)
		return -1;
	progress_add(c->progress, rows, len);
	return 0;
}

/* The rows of the slice into chunks; *DONE says what they were. */
static int
copy_rows(const struct copyout *x, struct db *db, const struct slice *slice, struct rec_done *done, struct err *e)
{
	struct table *t = attempt_table(slice->attempt);
	struct copying c = { .progress = x->progress };
	char *condition = slice_condition(slice);
	struct rec_table part = t->rec; /* borrows everything */
	uint64_t sent;
	int rc;

	if (condition != NULL)
		part.filter = condition;
	c.writer = chunk_writer_new(x->state, x->space, t, slice->writer);
	rc = db_copy_out(db, &part, write_rows, &c, &sent, e);
	free(condition);
	if (rc < 0) {
		chunk_writer_abort(c.writer);
		return -1;
	}
	if (chunk_writer_finish(c.writer, done, e) < 0)
		return -1;
	if (done->rows != sent)
		return err_set(e, ERR_DIFFERS, "COPY sent %llu rows, %llu arrived",
		    (unsigned long long)sent, (unsigned long long)done->rows);
	return 0;
}

/* The aggregates of the rows that were just taken out: the same snapshot must show as many. */
static int
measure_table(struct db *db, const struct table *t, struct rec_done *done, struct err *e)
{
	uint64_t rows;

	if (aggregates_read(db, &t->rec, &rows, &done->aggregates, e) < 0)
		return -1;
	if (rows == done->rows)
		return 0;
	record_free_fields(REC_DONE, done);
	return err_set(e, ERR_DIFFERS, "COPY sent %llu rows, count(*) says %llu", (unsigned long long)done->rows,
	    (unsigned long long)rows);
}

/* What the table holds besides the rows that were just taken out, in the same snapshot. */
static int
count_rest(struct db *db, const struct table *t, struct rec_done *done, struct err *e)
{
	struct buf sql;
	char *value = NULL;
	int rc = -1;

	text_init(&sql);
	text_puts(&sql, "SELECT pg_catalog.count(*) FROM ONLY ");
	if (db_add_name(db, &sql, t->rec.schema, t->rec.name, e) == 0 && (value = db_value(db, text_str(&sql), 0, NULL, e)) != NULL)
		rc = parse_u64(value, done->rows, INT64_MAX, &done->rest, e);
	if (rc == 0)
		done->rest -= done->rows;
	free(value);
	buf_release(&sql);
	return rc;
}

bool
copyout_by_segments(const struct copyout *x, const struct rec_table *t)
{
	/* an external table costs about 40 kB of catalog, files on every host are many */
	return (x->receivers != NULL || (x->files != NULL && gp_files_take(x->files, t))) && t->bytes >= x->small_table &&
	    (t->filter == NULL || (t->since_column != NULL && x->receivers != NULL)) && t->columns.len > 0;
}

static const char *
method_name(const struct copyout *x, bool segments)
{
	return !segments ? "copy" : x->receivers != NULL ? "gpfdist" : x->files->key != NULL ? "gpfdist" : x->files->urls != NULL ? "gpfdist-url" : "on-segment";
}

/* The rows that segments send; *DONE says what they were. */
static int
segment_rows(const struct copyout *x, struct db *db, struct table *t, struct rec_done *done, struct err *e)
{
	if (x->receivers != NULL)
		return gp_out_rows(x, db, t, done, e);
	if (gp_files_rows(x->files, spool_run_id(x->state->run), db, t, done, e) < 0)
		return -1;
	progress_add(x->progress, done->rows, 0);
	return 0;
}

int
copyout_slice(const struct copyout *x, struct db *db, const struct slice *slice, struct err *e)
{
	struct table *t = attempt_table(slice->attempt);
	struct rec_done part, *sums = attempt_sums(slice->attempt);
	bool segments = copyout_by_segments(x, &t->rec);
	int rc = attempt_begin(slice->attempt, method_name(x, segments), e);

	if (rc <= 0)
		return rc;
	if ((segments ? segment_rows(x, db, t, &part, e) : copy_rows(x, db, slice, &part, e)) < 0)
		return -1;
	if (!attempt_add(slice->attempt, &part))
		return 0;
	if ((t->rec.since_column != NULL && count_rest(db, t, sums, e) < 0) || (x->measure && measure_table(db, t, sums, e) < 0)) {
		free(part.pieces.at);
		return -1;
	}
	sums->pieces = part.pieces; /* of a table that was in one slice */
	return state_finish_attempt(x->state, t, sums, e);
}
