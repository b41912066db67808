/* chunk_writer.h -- rows of one attempt into chunk files of the spool.
 *
 * Counts and digests rows as they pass, closes a chunk at the first row end past the chunk size and
 * a batch at the first chunk end past the batch size (FORMAT.md, "Chunks and rows"). A chunk's
 * file is synced and renamed before its line is journalled. */
#ifndef GPM_CHUNK_WRITER_H
#define GPM_CHUNK_WRITER_H

#include "space.h"
#include "state.h"

struct err;
struct chunk_writer;

/* chunk_writer_new(state, space, table, writer): for the attempt that state_begin_attempt began.  Several may
 * write at once, with different numbers from 0 (FORMAT.md, I2).  Room for each chunk is taken from SPACE. */
struct chunk_writer *chunk_writer_new(struct state *, struct space *, struct table *, uint64_t writer) GPM_NODISCARD;

/* chunk_writer_add(w, data, len, e): rows, in pieces of any size. */
int chunk_writer_add(struct chunk_writer *, const char *data, size_t len, struct err *) GPM_NODISCARD;

/* chunk_writer_finish(w, done, e): close the last chunk; the counts of DONE are filled in.  -1 also
 * when the last row is incomplete.  W is freed. */
int chunk_writer_finish(struct chunk_writer *, struct rec_done *done, struct err *) GPM_NODISCARD;
void chunk_writer_abort(struct chunk_writer *); /* NULL is fine; the unfinished file is removed */

#endif
