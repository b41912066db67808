/* chunk_writer.c -- rows of one attempt into chunk files of the spool. */
#include "prelude.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "atomic.h"
#include "batching.h"
#include "chunk_writer.h"
#include "err.h"
#include "rows.h"

struct chunk_writer {
	struct state *state;
	struct space *space;
	struct table *table;
	struct rows *rows;         /* of the open chunk */
	XXH3_state_t *hash;        /* of its bytes */
	struct atomic_file *file;  /* NULL: no chunk is open */
	char *key;                 /* its place below the run */
	struct batching at;        /* numbers of the open chunk */
	struct rec_done done;      /* sums so far */
};

struct chunk_writer *
chunk_writer_new(struct state *state, struct space *space, struct table *table, uint64_t writer)
{
	const struct columns *columns = &table->rec.columns;
	struct chunk_writer *w = mem_alloc(sizeof(*w));
	unsigned char *kinds = columns_float_kinds(columns);

	w->state = state;
	w->space = space;
	w->table = table;
	batching_init(&w->at, writer);
	w->rows = rows_new(&dialect_csv, kinds, columns->len);
	w->hash = XXH3_createState();
	free(kinds);
	return w;
}

static int
open_chunk(struct chunk_writer *w, struct err *e)
{
	char *path;

	if (batching_next(&w->at, &w->state->header, e) < 0)
		return -1;
	free(w->key);
	w->key = chunk_key(w->table->label, w->table->attempts, w->at.batch, w->at.seq, "");
	rows_reset(w->rows);
	if (w->hash == NULL || XXH3_128bits_reset(w->hash) != XXH_OK)
		return err_set(e, ERR_SYSTEM, "out of memory");
	if (w->at.seq == 1 && spool_run_begin_dirs(w->state->run, w->key, e) < 0)
		return -1;
	if (space_take(w->space, e) < 0)
		return -1;
	path = spool_run_path(w->state->run, w->key);
	w->file = atomic_create(path, e);
	free(path);
	if (w->file == NULL)
		space_settle(w->space, 0);
	return w->file == NULL ? -1 : 0;
}

static int
close_chunk(struct chunk_writer *w, struct err *e)
{
	struct rec_chunk c = {
		.table = w->table->rec.table, .attempt = w->table->attempts, .key = w->key,
		.batch = w->at.batch, .seq = w->at.seq, .rows = rows_count(w->rows),
		.digest = rows_digest(w->rows), .plain_bytes = rows_bytes(w->rows),
	};
	XXH128_canonical_t hash;
	struct atomic_file *file = w->file;

	XXH128_canonicalFromHash(&hash, XXH3_128bits_digest(w->hash));
	memcpy(c.plain_xxh3, hash.digest, sizeof(c.plain_xxh3));
	w->file = NULL;
	/* of another writer's folders nobody knows whether they are durable yet: all are synced */
	if (atomic_commit(file, e) < 0 || (w->at.seq == 1 && spool_run_sync_dirs(w->state->run, w->key, e) < 0)) {
		space_settle(w->space, 0);
		return -1;
	}
	space_settle(w->space, c.plain_bytes);
	batching_closed(&w->at, c.plain_bytes);
	w->done.batches = w->at.batches;
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
	if (w->file != NULL)
		space_settle(w->space, 0);
	atomic_abort(w->file);
	rows_free(w->rows);
	XXH3_freeState(w->hash);
	free(w->key);
	free(w);
}
