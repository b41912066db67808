/* manifest_write.c -- sealed lists, written (manifest.h). */
#include "prelude.h"

#include <openssl/evp.h>

#include "atomic.h"
#include "err.h"
#include "manifest.h"

#define WRITE_SIZE ((size_t)1 << 20) /* lines are gathered to writes of about this size */

struct manifest_writer {
	struct atomic_file *file;
	struct buf pending;   /* lines not yet written */
	EVP_MD_CTX *hash;     /* of every line so far */
	uint64_t lines;
};

static int
flush(struct manifest_writer *w, struct err *e)
{
	if (EVP_DigestUpdate(w->hash, w->pending.data, w->pending.len) != 1)
		return err_set(e, ERR_SYSTEM, "SHA-256 failed");
	if (atomic_write(w->file, w->pending.data, w->pending.len, e) < 0)
		return -1;
	buf_reset(&w->pending);
	return 0;
}

int
manifest_begin(const char *path, const char *format, const char *run, struct manifest_writer **out,
    struct err *e)
{
	struct manifest_writer *w = mem_alloc(sizeof(*w));
	struct rec_head head = {
		.format = mem_str(format), .version = RECORD_VERSION, .run = mem_str(run),
		.gpm = mem_str(PACKAGE_VERSION),
	};
	int rc = -1;

	buf_init(&w->pending, WRITE_SIZE + RECORD_LINE_LIMIT);
	w->hash = EVP_MD_CTX_new();
	if (w->hash == NULL || EVP_DigestInit_ex(w->hash, EVP_sha256(), NULL) != 1)
		err_set(e, ERR_SYSTEM, "SHA-256 is not to be had");
	else if ((w->file = atomic_create(path, e)) != NULL)
		rc = manifest_add(w, REC_HEAD, &head, e);
	record_free_fields(REC_HEAD, &head);
	if (rc < 0) {
		manifest_abort(w);
		return -1;
	}
	*out = w;
	return 0;
}

int
manifest_add(struct manifest_writer *w, enum record_type type, const void *rec, struct err *e)
{
	if (record_write(type, rec, &w->pending, e) < 0 || buf_addc(&w->pending, '\n', e) < 0)
		return -1;
	w->lines++;
	return w->pending.len >= WRITE_SIZE ? flush(w, e) : 0;
}

/* The end line, which is hashed for the whole file's hash only. */
static int
add_end(struct manifest_writer *w, struct rec_end *end, struct file_hash *hash, struct err *e)
{
	EVP_MD_CTX *whole = NULL;
	int rc = -1;

	end->lines = w->lines;
	if (flush(w, e) < 0)
		return -1;
	if ((whole = EVP_MD_CTX_new()) == NULL || EVP_MD_CTX_copy_ex(whole, w->hash) != 1 ||
	    EVP_DigestFinal_ex(w->hash, end->sha256, NULL) != 1) {
		err_set(e, ERR_SYSTEM, "SHA-256 failed");
		goto done;
	}
	if (record_write(REC_END, end, &w->pending, e) < 0 || buf_addc(&w->pending, '\n', e) < 0)
		goto done;
	if (EVP_DigestUpdate(whole, w->pending.data, w->pending.len) != 1 ||
	    EVP_DigestFinal_ex(whole, hash->sha256, NULL) != 1) {
		err_set(e, ERR_SYSTEM, "SHA-256 failed");
		goto done;
	}
	rc = atomic_write(w->file, w->pending.data, w->pending.len, e);
	hash->size = atomic_size(w->file);
done:
	EVP_MD_CTX_free(whole);
	return rc;
}

int
manifest_end(struct manifest_writer *w, struct rec_end *end, struct file_hash *hash, struct err *e)
{
	int rc = add_end(w, end, hash, e);

	if (rc == 0) {
		rc = atomic_commit(w->file, e);
		w->file = NULL;
	}
	manifest_abort(w);
	return rc;
}

void
manifest_abort(struct manifest_writer *w)
{
	if (w == NULL)
		return;
	atomic_abort(w->file);
	EVP_MD_CTX_free(w->hash);
	buf_release(&w->pending);
	free(w);
}
