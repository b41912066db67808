/* manifest_write.c -- sealed lists, written (manifest.h). */
#include "prelude.h"

#include <fcntl.h>
#include <openssl/evp.h>

#include "atomic.h"
#include "err.h"
#include "manifest.h"
#include "parse.h"

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
	size_t start = w->pending.len;

	if (record_write(type, rec, &w->pending, e) < 0 || buf_addc(&w->pending, '\n', e) < 0)
		return -1;
	if (w->pending.len - start > RECORD_LINE_LIMIT)
		return err_set(e, ERR_FAILED, "a %s record is longer than %zu bytes", record_type_name(type),
		    RECORD_LINE_LIMIT);
	w->lines++;
	return w->pending.len >= WRITE_SIZE ? flush(w, e) : 0;
}

/* The end line: its hash covers all lines before it and its own bytes up to the hash. */
static int
add_end(struct manifest_writer *w, struct rec_end *end, struct file_hash *hash, struct err *e)
{
	EVP_MD_CTX *self = NULL;
	char hex[65];
	int rc = -1;

	end->lines = w->lines;
	memset(end->sha256, 0, sizeof(end->sha256)); /* left out of the line; it is added below */
	if (flush(w, e) < 0 || record_write(REC_END, end, &w->pending, e) < 0)
		return -1;
	w->pending.len--; /* the closing brace comes after the hash */
	if ((self = EVP_MD_CTX_new()) == NULL || EVP_MD_CTX_copy_ex(self, w->hash) != 1 ||
	    EVP_DigestUpdate(self, w->pending.data, w->pending.len) != 1 ||
	    EVP_DigestFinal_ex(self, end->sha256, NULL) != 1) {
		err_set(e, ERR_SYSTEM, "SHA-256 failed");
		goto done;
	}
	if (buf_printf(&w->pending, e, MANIFEST_SEAL_FORMAT, format_hex(end->sha256, 32, hex)) < 0 ||
	    flush(w, e) < 0)
		goto done;
	if (EVP_DigestFinal_ex(w->hash, hash->sha256, NULL) != 1) {
		err_set(e, ERR_SYSTEM, "SHA-256 failed");
		goto done;
	}
	hash->size = atomic_size(w->file);
	rc = 0;
done:
	EVP_MD_CTX_free(self);
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

int
manifest_end_open(struct manifest_writer *w, struct rec_end *end, struct file_hash *hash, int *fd, struct err *e)
{
	int rc = add_end(w, end, hash, e);

	if (rc == 0 && (*fd = fcntl(atomic_fd(w->file), F_DUPFD_CLOEXEC, 0)) < 0)
		rc = err_sys(e, "cannot keep '%s' open", atomic_path(w->file));
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
