/* stage_gzip.h -- gzip by two libraries: zlib, and ISA-L where configure found it, which is several times
 * faster.  Both read what either writes; stage_gzip.c says which of them does what. */
#ifndef GPM_STAGE_GZIP_H
#define GPM_STAGE_GZIP_H

#include "stage.h"

/* A member begins with ten bytes: two of magic, the method, the flags, four of time, a hint on the level,
 * the system.  Ours have no flag, hence no name, and no time. */
#define GZIP_HEADER_LEN 10
#define GZIP_OS 3 /* Unix */

/* gzip_check_header(seen, data, len, e): DATA are the next bytes of an object of whose header *SEEN passed
 * already; *SEEN counts on.  ERR_DIFFERS when it is not one of ours. */
int gzip_check_header(size_t *seen, const char *data, size_t len, struct err *) GPM_NODISCARD;
int gzip_truncated(struct err *);
int gzip_trailing_bytes(struct err *);

struct stage *stage_zlib_compress(int level, struct stage *next, struct err *) GPM_NODISCARD; /* 1..9 */
struct stage *stage_zlib_decompress(uint64_t limit, struct stage *next, struct err *) GPM_NODISCARD;

#define ISAL_LEVELS 3
struct stage *stage_isal_compress(int level, struct stage *next, struct err *) GPM_NODISCARD; /* 1..ISAL_LEVELS */
struct stage *stage_isal_decompress(uint64_t limit, struct stage *next, struct err *) GPM_NODISCARD;

#endif
