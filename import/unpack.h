/* unpack.h -- objects back to plain bytes: the mirror of upload/pack.c.
 *
 *   size, SHA-256 of the stored bytes → decompression → rows, digest, XXH3-128 of the plain bytes
 *
 * The stored hash is checked over the whole object before the first plain byte is handed on. */
#ifndef GPM_UNPACK_H
#define GPM_UNPACK_H

#include "record.h"
#include "stage.h"
#include "store.h"

struct err;

/* unpack_fetch(store, key, stored_bytes, sha256, out, e): the object into OUT (emptied before).
 * Absent, of another size or hash: ERR_DIFFERS with KEY in the text. */
int unpack_fetch(struct store *, const char *key, uint64_t stored_bytes, const unsigned char sha256[32],
    struct buf *out, struct err *) GPM_NODISCARD;

/* unpack_chunk(object, chunk, columns, sink, ctx, e): plain rows into SINK (NULL: nowhere), then
 * rows, digest, size and hash compared with CHUNK: ERR_DIFFERS when they are not the same. */
int unpack_chunk(const struct buf *object, const struct rec_chunk *, const struct columns *,
    stage_sink_fn *sink, void *ctx, struct err *) GPM_NODISCARD;

/* unpack_file(store, key, file, out, e): a schema file, fetched and unpacked into OUT. */
int unpack_file(struct store *, const char *key, const struct rec_file *, struct buf *out, struct err *) GPM_NODISCARD;

#endif
