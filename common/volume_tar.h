/* volume_tar.h -- the tar of a volume: headers made and understood, by libarchive. */
#ifndef GPM_VOLUME_TAR_H
#define GPM_VOLUME_TAR_H

#include "buf.h"

struct err;

#define TAR_BLOCK 512
#define TAR_END (2 * TAR_BLOCK)            /* zeros that end a tar */
#define TAR_HEADER_MAX ((uint64_t)64 << 10) /* of one member, with its pax records: ours have 2 kB at most */

/* tar_padding(bytes): zeros behind a member of BYTES. */
uint64_t tar_padding(uint64_t bytes);

/* tar_header(name, bytes, when, out, e): appends the header of a plain file: pax where ustar has no room. */
int tar_header(const char *name, uint64_t bytes, time_t when, struct buf *out, struct err *) GPM_NODISCARD;

/* tar_check(header, len, name, bytes, e): are the LEN bytes the header of just that plain file, and nothing else?  ERR_DIFFERS. */
int tar_check(const void *header, size_t len, const char *name, uint64_t bytes, struct err *) GPM_NODISCARD;

struct tar_member {
	const char *name;       /* as it stands there: hostile; NULL when it cannot be told */
	bool plain;             /* a plain file: no link, no folder, no holes */
	uint64_t offset;        /* of its header */
	uint64_t header;        /* bytes of it: what the member holds follows */
	uint64_t bytes;
};
typedef int tar_scan_fn(void *ctx, const struct tar_member *, struct err *);

/* tar_scan(fd, path, from, fn, ctx, e): the members in their order, from byte FROM on, where one begins; what they hold is passed over, not read.  ERR_DIFFERS where the
 * tar is cut or is none: FN has then seen what stands before. */
int tar_scan(int fd, const char *path, uint64_t from, tar_scan_fn *, void *ctx, struct err *) GPM_NODISCARD;

/* SHA-256 of a tar, which a later process can go on with: a member ends at a block, so that 32 bytes are all there is to keep. */
struct tar_hash;
struct tar_hash *tar_hash_new(const unsigned char state[32], uint64_t bytes) GPM_NODISCARD; /* NULL state: of nothing yet */
void tar_hash_free(struct tar_hash *); /* NULL is fine */
void tar_hash_add(struct tar_hash *, const void *, size_t);
void tar_hash_state(const struct tar_hash *, unsigned char state[32]); /* only at the end of a block */
void tar_hash_end(struct tar_hash *, unsigned char sha256[32]);

#endif
