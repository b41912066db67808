/* chunk_writer.c -- rows of one attempt into chunk files of the spool. */
#include "prelude.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "atomic.h"
#include "chunk_writer.h"
#include "err.h"
#include "rows.h"

struct chunk_writer {
	struct state *state;
	struct table *table;
	struct rows *rows;         /* of the open chunk */
	XXH3_state_t *hash;        /* of its bytes */
	struct atomic_file *file;  /* NULL: no chunk is open */
	char *key;                 /* its place below the run */
	uint64_t batch, seq;       /* its numbers; 0 before the first */
	uint64_t batch_bytes;      /* plain bytes of the batch's closed chunks */
	struct rec_done done;      /* sums so far */
};

struct chunk_writer *
chunk_writer_new(struct state *state, struct table *table)
{
	const struct columns *columns = &table->rec.columns;
	struct chunk_writer *w = mem_alloc(sizeof(*w));
	unsigned char *kinds = columns_float_kinds(columns);

	w->state = state;
	w->table = table;
	w->rows = rows_new(&dialect_csv, kinds, columns->len);
	w->hash = XXH3_createState();
	free(kinds);
	return w;
}

/* The numbers of the next chunk. */
static void
next_numbers(struct chunk_writer *w)
{
	const struct rec_run *run = &w->state->header;

	if (w->batch == 0 || w->seq >= run->batch_chunks || w->batch_bytes >= run->batch_size) {
		w->batch++;
		w->seq = 0;
		w->batch_bytes = 0;
	}
	w->seq++;
}

static int
open_chunk(struct chunk_writer *w, struct err *e)
{
	char *path;

	next_numbers(w);
	free(w->key);
	w->key = chunk_key(w->table->label, w->table->attempts, w->batch, w->seq, "");
	rows_reset(w->rows);
	if (w->hash == NULL || XXH3_128bits_reset(w->hash) != XXH_OK)
		return err_set(e, ERR_SYSTEM, "out of memory");
	if (w->seq == 1 && spool_run_make_dirs(w->state->run, w->key, e) < 0)
		return -1;
	path = spool_run_path(w->state->run, w->key);
	w->file = atomic_create(path, e);
	free(path);
	return w->file == NULL ? -1 : 0;
}

static int
close_chunk(struct chunk_writer *w, struct err *e)
{
	struct rec_chunk c = {
		.table = w->table->rec.table, .attempt = w->table->attempts, .key = w->key,
		.batch = w->batch, .seq = w->seq, .rows = rows_count(w->rows),
		.digest = rows_digest(w->rows), .plain_bytes = rows_bytes(w->rows),
	};
	XXH128_canonical_t hash;
	struct atomic_file *file = w->file;

	XXH128_canonicalFromHash(&hash, XXH3_128bits_digest(w->hash));
	memcpy(c.plain_xxh3, hash.digest, sizeof(c.plain_xxh3));
	w->file = NULL;
	if (atomic_commit(file, e) < 0)
		return -1;
	w->batch_bytes += c.plain_bytes;
	w->done.batches = w->batch;
	w->done.chunks++;
	w->done.rows += c.rows;
	w->done.plain_bytes += c.plain_bytes;
	w->done.digest = digest_add(w->done.digest, c.digest);
	return journal_append(w->state->journal, REC_CHUNK, &c, NULL, e);
}

int
chunk_writer_add(struct chunk_writer *w, const char *data, size_t len, struct err *e)
{
	uint64_t chunk_size = w->state->header.chunk_size;
	size_t used;

	while (len > 0) {
		if (w->file == NULL && open_chunk(w, e) < 0)
			return -1;
		if (rows_push(w->rows, data, len, chunk_size, &used, e) < 0)
			return -1;
		XXH3_128bits_update(w->hash, data, used);
		if (atomic_write(w->file, data, used, e) < 0)
			return -1;
		data += used;
		len -= used;
		if (rows_bytes(w->rows) >= chunk_size && rows_at_end(w->rows) && close_chunk(w, e) < 0)
			return -1;
	}
	return 0;
}

int
chunk_writer_finish(struct chunk_writer *w, struct rec_done *done, struct err *e)
{
	int rc = 0;

	if (w->file != NULL)
		rc = rows_at_end(w->rows) ? close_chunk(w, e) :
		    err_set(e, ERR_DATABASE, "the rows end in the middle of one");
	*done = w->done;
	chunk_writer_abort(w);
	return rc;
}

void
chunk_writer_abort(struct chunk_writer *w)
{
	if (w == NULL)
		return;
	atomic_abort(w->file);
	rows_free(w->rows);
	XXH3_freeState(w->hash);
	free(w->key);
	free(w);
}
