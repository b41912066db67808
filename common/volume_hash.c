/* volume_hash.c -- SHA-256 of a tar that several processes write one after the other.
 *
 * The functions that OpenSSL 3 recommends do not give their state away, and reading 500 GB again at each start of a cron job will not
 * do.  The older ones have it in plain sight. */
#include "prelude.h"

#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>

#include "volume_tar.h"

struct tar_hash {
	SHA256_CTX sha;
};

struct tar_hash *
tar_hash_new(const unsigned char state[32], uint64_t bytes)
{
	struct tar_hash *h = mem_alloc(sizeof(*h));

	SHA256_Init(&h->sha);
	if (state != NULL && bytes > 0) {
		for (size_t i = 0; i < 32; i++)
			h->sha.h[i / 4] = h->sha.h[i / 4] << 8 | state[i];
		h->sha.Nl = (SHA_LONG)(bytes << 3);
		h->sha.Nh = (SHA_LONG)(bytes >> 29);
	}
	return h;
}

void
tar_hash_free(struct tar_hash *h)
{
	free(h);
}

void
tar_hash_add(struct tar_hash *h, const void *data, size_t len)
{
	SHA256_Update(&h->sha, data, len);
}

void
tar_hash_state(const struct tar_hash *h, unsigned char state[32])
{
	for (size_t i = 0; i < 32; i++)
		state[i] = (unsigned char)(h->sha.h[i / 4] >> (24 - 8 * (i % 4)));
}

void
tar_hash_end(struct tar_hash *h, unsigned char sha256[32])
{
	SHA256_Final(sha256, &h->sha);
}
