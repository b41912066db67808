/* manifest.h -- sealed lists: written once, hashed by their last line, read as a stream.
 *
 * A manifest is a head line, records, and an end record whose sha256, its last field, covers every
 * byte of the file before ,"sha256" in that line. */
#ifndef GPM_MANIFEST_H
#define GPM_MANIFEST_H

#include "record.h"
#include "store.h"

struct err;
struct manifest_writer;
struct manifest;

#define MANIFEST_ROOT "manifest.jsonl"
#define MANIFEST_SUMS "SHA256SUMS"
#define MANIFEST_SIGNATURE "manifest.sig"
#define MANIFEST_CLAIM "push.claim" /* who pushes a run that is not sealed; in the spool his token */
#define MANIFEST_REMOVING "removing" /* while a run is being removed */

/* How every manifest ends: the last bytes of its end line. */
#define MANIFEST_SEAL_FORMAT ",\"sha256\":\"%s\"}\n"
#define MANIFEST_SEAL_LEN (sizeof(",\"sha256\":\"\"}\n") - 1 + 64)

/* What a whole stored file is: the manifests of a run name each other by these. */
struct file_hash {
	uint64_t size;
	unsigned char sha256[32];
};

/* --- writing: into a local file, which is complete and named PATH after manifest_end --- */

int manifest_begin(const char *path, const char *format, const char *run,
    struct manifest_writer **out, struct err *) GPM_NODISCARD;
int manifest_add(struct manifest_writer *, enum record_type, const void *rec, struct err *) GPM_NODISCARD;

/* manifest_end(w, end, hash, e): fills END's lines and sha256, writes it; HASH gets size and
 * SHA-256 of the whole file.  Frees W whatever happens.
 * manifest_end_open: the same for one that only passes through: nothing is synced, no file of that name is left; *FD
 * reads it, and the caller closes that. */
int manifest_end(struct manifest_writer *, struct rec_end *end, struct file_hash *hash, struct err *) GPM_NODISCARD;
int manifest_end_open(struct manifest_writer *, struct rec_end *end, struct file_hash *hash, int *fd, struct err *) GPM_NODISCARD;
void manifest_abort(struct manifest_writer *); /* NULL is fine */

/* --- reading --- */

/* manifest_fetch(store, key, format, run, expect, out, e): bring the object into a temporary file,
 * compare it with EXPECT (unless NULL), check its own hash and its head.  1, 0 absent, -1;
 * everything that is not as it was written is ERR_DIFFERS with KEY in the text. */
int manifest_fetch(struct store *, const char *key, const char *format, const char *run,
    const struct file_hash *expect, struct manifest **out, struct err *) GPM_NODISCARD;
void manifest_close(struct manifest *); /* NULL is fine */

/* manifest_next(m, out, e): 1 and the next record between head and end (caller releases), 0 at the
 * end, -1. */
int manifest_next(struct manifest *, struct record *out, struct err *) GPM_NODISCARD;
void manifest_rewind(struct manifest *);

const struct rec_end *manifest_totals(const struct manifest *);
const struct rec_head *manifest_head(const struct manifest *);
const struct file_hash *manifest_hash(const struct manifest *); /* of the whole file */
int manifest_fd(const struct manifest *); /* the whole file, for pread and mmap: its offset is the reader's */

#endif
