/* unpack.h -- objects back to plain bytes: the mirror of upload/pack.c.
 *
 *   size, SHA-256 of the stored bytes → decryption → decompression → rows, digest, XXH3-128 of the plain bytes
 *
 * The stored hash, and the tag of an encrypted object, are checked over the whole object before the first byte of it is
 * handed on. */
#ifndef GPM_UNPACK_H
#define GPM_UNPACK_H

#include "find.h"
#include "stage.h"

struct err;

/* unpack_fetch(store, key, stored_bytes, sha256, out, e): the object into OUT (emptied before).
 * Absent, of another size or hash: ERR_DIFFERS with KEY in the text.  A signal, or stop_thread, ends it. */
int unpack_fetch(struct store *, const char *key, uint64_t stored_bytes, const unsigned char sha256[32],
    struct buf *out, struct err *) GPM_NODISCARD;

/* unpack_fetch_chunk(run, chunk, out, e): the object of a chunk, fetched as by unpack_fetch, and decrypted when the run is encrypted:
 * what unpack_chunk takes.  The errors name it. */
int unpack_fetch_chunk(struct run *, const struct rec_chunk *, struct buf *out, struct err *) GPM_NODISCARD;

/* unpack_chunk(object, chunk, columns, sink, ctx, e): plain rows into SINK (NULL: nowhere), then
 * rows, digest, size and hash compared with CHUNK: ERR_DIFFERS when they are not the same. */
int unpack_chunk(const struct buf *object, const struct rec_chunk *, const struct columns *,
    stage_sink_fn *sink, void *ctx, struct err *) GPM_NODISCARD;

/* unpack_chunk_rows(object, chunk, columns, out, e): the same into memory: OUT, emptied before, holds the rows and nothing else, but
 * for an error. */
int unpack_chunk_rows(const struct buf *object, const struct rec_chunk *, const struct columns *, struct buf *out,
    struct err *) GPM_NODISCARD;

/* unpack_file(run, file, out, e): a schema file, fetched, decrypted and unpacked into OUT.  Its key was checked. */
int unpack_file(struct run *, const struct rec_file *, struct buf *out, struct err *) GPM_NODISCARD;

#endif
