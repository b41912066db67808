/* pack.h -- plain bytes to an object: the one place that orders the stages.
 *
 *   rows, digest, XXH3-128 of the plain bytes → compression → encryption → size, SHA-256 of the stored bytes
 *
 * import/unpack.c is its mirror. */
#ifndef GPM_PACK_H
#define GPM_PACK_H

#include "crypt.h"
#include "record.h"
#include "stage.h"

struct err;

struct packed {
	struct buf object;          /* the stored bytes */
	uint64_t rows;              /* of the plain bytes */
	struct digest digest;
	uint64_t plain_bytes;
	unsigned char plain_xxh3[16];
	unsigned char stored_sha256[32];
};

/* pack_file(path, columns, how, crypt, out, e): the file at PATH, read once.  COLUMNS (NULL for text that
 * holds no rows) tell which hold floats.  CRYPT says which object it becomes (its plain_xxh3 is found out here),
 * NULL: it is not encrypted; with it the compressed bytes are in memory twice.  OUT->object is reused when it has memory. -1 leaves OUT
 * to be released as well. */
int pack_file(const char *path, const struct columns *, const struct compression *, const struct crypt_object *, struct packed *out,
    struct err *) GPM_NODISCARD;

/* pack_range(fd, path, offset, len, columns, how, crypt, out, e): the same of a part of a file of rows that is open; PATH is for messages. */
int pack_range(int fd, const char *path, uint64_t offset, uint64_t len, const struct columns *, const struct compression *,
    const struct crypt_object *, struct packed *out, struct err *) GPM_NODISCARD;
void pack_release(struct packed *); /* fine on a zeroed struct */

#endif
