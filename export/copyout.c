/* copyout.c -- one table out by COPY TO STDOUT, into the spool. */
#include "prelude.h"

#include "chunk_writer.h"
#include "copyout.h"
#include "db_copy.h"
#include "err.h"

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

int
copyout_table(struct db *db, struct state *state, struct table *t, struct progress *progress,
    struct err *e)
{
	struct copying c = { .progress = progress };
	struct rec_done done;
	uint64_t sent;

	if (state_begin_attempt(state, t, e) < 0)
		return -1;
	c.writer = chunk_writer_new(state, t);
	if (db_copy_out(db, &t->rec, write_rows, &c, &sent, e) < 0) {
		chunk_writer_abort(c.writer);
		return -1;
	}
	if (chunk_writer_finish(c.writer, &done, e) < 0)
		return -1;
	if (done.rows != sent)
		return err_set(e, ERR_DIFFERS, "COPY sent %llu rows, %llu arrived",
		    (unsigned long long)sent, (unsigned long long)done.rows);
	return state_finish_attempt(state, t, &done, e);
}
