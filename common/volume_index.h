/* volume_index.h -- which member of which volume holds a key: 22 bytes of memory a key at most (half as much again while it grows), the rest in a temporary file. */
#ifndef GPM_VOLUME_INDEX_H
#define GPM_VOLUME_INDEX_H

struct err;
struct volume_index;

struct volume_member {
	uint64_t offset, header, bytes; /* see struct tar_member */
	unsigned char sha256[32];       /* of what it holds */
	uint32_t volume;                /* whose number the index' user knows */
	bool hashed;                    /* the SHA-256 is known */
	bool gone;                      /* the key was removed again */
};

/* volume_index_new(out, e).  No function is for several threads at once. */
int volume_index_new(struct volume_index **out, struct err *) GPM_NODISCARD;
void volume_index_free(struct volume_index *); /* NULL is fine */

/* volume_index_set(ix, key, member, e): in place of what KEY had. */
int volume_index_set(struct volume_index *, const char *key, const struct volume_member *, struct err *) GPM_NODISCARD;

/* volume_index_find(ix, key, out, e): 1, 0 there is none (or it is gone), -1. */
int volume_index_find(struct volume_index *, const char *key, struct volume_member *out, struct err *) GPM_NODISCARD;

/* volume_index_each(ix, fn, ctx, e): every key that is not gone, in no order. */
typedef int volume_index_fn(void *ctx, const char *key, const struct volume_member *, struct err *);
int volume_index_each(struct volume_index *, volume_index_fn *, void *ctx, struct err *) GPM_NODISCARD;

#endif
