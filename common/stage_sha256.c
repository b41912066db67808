/* stage_sha256.c -- size and SHA-256 of the bytes that pass. */
#include "prelude.h"

#include <openssl/evp.h>
#include <pthread.h>

#include "err.h"
#include "stage.h"

struct sha256 {
	struct stage stage;
	EVP_MD_CTX *ctx; /* NULL when libcrypto refused; the first push or finish says so */
	uint64_t size;
	unsigned char hash[32];
};

/* Fetched once: looking an algorithm up takes longer than hashing a small object. */
static EVP_MD *algorithm;
static pthread_once_t algorithm_once = PTHREAD_ONCE_INIT;

static void
fetch_algorithm(void)
{
	algorithm = EVP_MD_fetch(NULL, "SHA256", NULL);
}

static int
refused(struct err *e)
{
	return err_set(e, ERR_SYSTEM, "libcrypto cannot compute SHA-256");
}

static int
push(struct stage *s, const char *data, size_t len, struct err *e)
{
	struct sha256 *h = (struct sha256 *)s;

	if (h->ctx == NULL || EVP_DigestUpdate(h->ctx, data, len) != 1)
		return refused(e);
	h->size += len;
	return stage_push(s->next, data, len, e);
}

static int
finish(struct stage *s, struct err *e)
{
	struct sha256 *h = (struct sha256 *)s;

	if (h->ctx == NULL || EVP_DigestFinal_ex(h->ctx, h->hash, NULL) != 1)
		return refused(e);
	return 0;
}

static void
release(struct stage *s)
{
	EVP_MD_CTX_free(((struct sha256 *)s)->ctx);
	free(s);
}

struct stage *
stage_sha256(struct stage *next)
{
	static const struct stage_ops ops = { push, finish, release };
	struct sha256 *h = mem_alloc(sizeof(*h));

	h->stage.ops = &ops;
	h->stage.next = next;
	pthread_once(&algorithm_once, fetch_algorithm);
	if (algorithm != NULL && (h->ctx = EVP_MD_CTX_new()) != NULL &&
	    EVP_DigestInit_ex2(h->ctx, algorithm, NULL) != 1) {
		EVP_MD_CTX_free(h->ctx);
		h->ctx = NULL;
	}
	return &h->stage;
}

uint64_t
stage_sha256_size(const struct stage *s)
{
	return ((const struct sha256 *)s)->size;
}

const unsigned char *
stage_sha256_hash(const struct stage *s)
{
	return ((const struct sha256 *)s)->hash;
}
