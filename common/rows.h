/* rows.h -- where a row ends, how many there are, and their digest (row digest v1).
 *
 * FORMAT.md, "Row digest v1", is the definition:
 *   digest = sum modulo 2^128, over all records, of XXH3_128bits(record bytes without the '\n'),
 *   seed 0, the 128 bits taken as (high64 << 64 | low64).
 * In a column flagged float4 or float8 each number is first rewritten in canonical form (floats.h);
 * all else stays as it is.  A field ends at a delimiter outside quotes (CSV) or at one that is not
 * escaped (TEXT, where a backslash escapes the byte after it).
 * A record ends at a '\n' outside quotes (CSV: the count of quote bytes since the record's start is
 * even) or at any '\n' (TEXT, which writes newlines inside fields as \n).  Empty records count.
 *
 * Bytes come in pieces of any size; only a record that straddles pieces is copied.  Scans with
 * SSE2 where the compiler has it, plain C elsewhere; both are tested to agree. */
#ifndef GPM_ROWS_H
#define GPM_ROWS_H

#include "dialect.h"

struct err;
struct rows;

struct digest {        /* a number modulo 2^128 */
	uint64_t high;
	uint64_t low;
};

#define DIGEST_HEX_LEN 33 /* 32 lower-case hex digits, high64 first, and a NUL */
char *digest_hex(struct digest, char out[DIGEST_HEX_LEN]);
int digest_parse(const char *hex, struct digest *out, struct err *) GPM_NODISCARD;
struct digest digest_add(struct digest, struct digest);
struct digest digest_sub(struct digest, struct digest);
bool digest_equal(struct digest, struct digest);

/* A record longer than this is refused: PostgreSQL's own limit for a field is 1 GB, and a row of
 * COPY output may not pass 1 GB in a message; 2 GB leaves room for quoting. */
#define ROWS_RECORD_LIMIT ((size_t)2 << 30)

/* rows_new(dialect, float_kind, ncolumns): FLOAT_KIND[i] is 0, 4 or 8 for column i (see floats.h),
 * or the pointer is NULL when no column holds floats.  Everything is copied. */
struct rows *rows_new(const struct dialect *, const unsigned char *float_kind, size_t ncolumns) GPM_NODISCARD;
void rows_free(struct rows *);

/* rows_watch(r, fn, ctx): from now on FN is given every record when it is complete: its digest, and its bytes as
 * they came, without the terminator, valid during the call.  Its -1 and E are rows_push's. */
typedef int rows_record_fn(void *ctx, struct digest, const char *data, size_t len, struct err *);
void rows_watch(struct rows *, rows_record_fn *, void *ctx);

/* rows_push(r, data, len, stop_at, used, e): take bytes until all are used or until the first
 * record end in DATA at which at least STOP_AT bytes were taken since rows_new/rows_reset (0: never
 * stop).  *USED says how many of LEN were taken; it is LEN unless it stopped earlier.  It stopped
 * when rows_at_end(r) and rows_bytes(r) >= STOP_AT.  -1: a record, as it stands or rewritten, is
 * too long, or a flagged column is missing in it; R can only be freed then. */
int rows_push(struct rows *, const char *data, size_t len, uint64_t stop_at, size_t *used, struct err *) GPM_NODISCARD;

/* rows_at_end(r): true when the last byte taken ended a record (or none was taken). */
bool rows_at_end(const struct rows *);

uint64_t rows_count(const struct rows *);   /* complete records */
uint64_t rows_bytes(const struct rows *);   /* bytes taken, also of an incomplete record */
struct digest rows_digest(const struct rows *);

/* rows_reset(r): start anew at nothing taken; only when rows_at_end(r). */
void rows_reset(struct rows *);

#endif
