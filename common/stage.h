/* stage.h -- bytes pushed through a chain of small steps.
 *
 * A stage takes bytes, does one thing, and pushes what comes out into the next.  upload/pack.c and
 * import/unpack.c are the only places that put stages in order.  A stage's constructor takes the
 * next stage and does not own it; stage_free frees one stage.  After an error the chain can only be
 * freed. */
#ifndef GPM_STAGE_H
#define GPM_STAGE_H

#include "buf.h"
#include "rows.h"

struct err;
struct stage;

struct stage_ops { /* for implementers */
	int (*push)(struct stage *, const char *data, size_t len, struct err *);
	int (*finish)(struct stage *, struct err *); /* flush what is held, check completeness; does not
	                                              * finish next; NULL when nothing is to do */
	void (*free)(struct stage *);
};
struct stage {
	const struct stage_ops *ops;
	struct stage *next; /* NULL for a sink */
};

/* stage_push(s, data, len, e): LEN may be 0.  stage_finish(s, e): S, then all after it; once. */
int stage_push(struct stage *, const void *data, size_t len, struct err *) GPM_NODISCARD;
int stage_finish(struct stage *, struct err *) GPM_NODISCARD;
void stage_free(struct stage *); /* NULL is fine */

/* --- passing bytes on unchanged --- */

/* Size and SHA-256 of what passes; the result may be read after finish. */
struct stage *stage_sha256(struct stage *next) GPM_NODISCARD;
uint64_t stage_sha256_size(const struct stage *);
const unsigned char *stage_sha256_hash(const struct stage *); /* 32 bytes */

/* Rows, digest, XXH3-128 (canonical order, 16 bytes) and size of plain rows; finish fails when the
 * last record is incomplete.  Arguments as rows_new. */
struct stage *stage_rows(const struct dialect *, const unsigned char *float_kind, size_t ncolumns,
    struct stage *next) GPM_NODISCARD;
uint64_t stage_rows_count(const struct stage *);
struct digest stage_rows_digest(const struct stage *);
uint64_t stage_rows_size(const struct stage *);
const unsigned char *stage_rows_xxh3(const struct stage *);

/* --- compression: how is "zstd", "gzip" or "none" --- */

struct compression {
	char name[8]; /* "zstd", "gzip", "none" */
	int level;    /* zstd 1..19, gzip 1..9, none 0; a higher one makes less of it and takes longer */
};
/* compression_parse("zstd:3", out, e): the level may be left out (zstd 1, gzip 1); ERR_USAGE.
 * compression_suffix: ".zst", ".gz" or "". */
int compression_parse(const char *text, struct compression *, struct err *) GPM_NODISCARD;
const char *compression_suffix(const struct compression *);

/* zstd: one frame, checksum flag set, SIZE_HINT pledged when not 0 (push or finish fails when it
 * was wrong).  gzip: exactly one member, no name, no time.  none: passes on.  The bytes that come
 * out depend on the bytes that go in, the compression and SIZE_HINT, not on the pieces pushed.
 * (Other releases of the libraries make other bytes; so does ISA-L at gzip:3 on other processors.) */
struct stage *stage_compress(const struct compression *, uint64_t size_hint, struct stage *next, struct err *) GPM_NODISCARD;

/* The mirror: refuses (ERR_DIFFERS) damaged or truncated input, a second frame or member, trailing
 * bytes, and output past LIMIT bytes (a bomb).  NAME only.  What was pushed on before the damage
 * was found has reached the next stage: only a finish that returns 0 makes it good.  The texts
 * begin with "object …"; the caller puts the object's name before them by err_context. */
struct stage *stage_decompress(const char *name, uint64_t limit, struct stage *next, struct err *) GPM_NODISCARD;

/* stage_zstd_at_once(data, len, out, size): the same for zstd, where all is in memory and there is room for SIZE bytes at OUT: no
 * stage between, no byte copied twice.  False when it is not exactly one good frame of SIZE bytes: stage_decompress says why. */
bool stage_zstd_at_once(const char *data, size_t len, char *out, size_t size) GPM_NODISCARD;

/* --- sinks --- */

struct stage *stage_to_buf(struct buf *) GPM_NODISCARD; /* appends; the buffer's limit holds */
typedef int stage_sink_fn(void *ctx, const void *data, size_t len, struct err *);
struct stage *stage_to_fn(stage_sink_fn *, void *ctx) GPM_NODISCARD;

/* --- for implementers of compressions; stage.c has the table of them --- */

struct stage_limit {
	uint64_t limit;
	uint64_t done;
};
/* stage_push_within: stage_push, unless that takes more than the limit past NEXT: ERR_DIFFERS. */
int stage_push_within(struct stage *next, struct stage_limit *, const void *, size_t, struct err *) GPM_NODISCARD;

struct stage *stage_zstd_compress(int level, uint64_t size_hint, struct stage *next, struct err *) GPM_NODISCARD;
struct stage *stage_zstd_decompress(uint64_t limit, struct stage *next, struct err *) GPM_NODISCARD;
struct stage *stage_gzip_compress(int level, uint64_t size_hint, struct stage *next, struct err *) GPM_NODISCARD;
struct stage *stage_gzip_decompress(uint64_t limit, struct stage *next, struct err *) GPM_NODISCARD;

#endif
