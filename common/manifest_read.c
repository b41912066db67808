/* manifest_read.c -- sealed lists, read as a stream (manifest.h).
 *
 * The object is brought into an unlinked temporary file and checked there in one pass, so that no
 * record is handed on before the whole list is known to be what was written. */
#include "prelude.h"

#include <errno.h>
#include <openssl/evp.h>
#include <unistd.h>

#include "atomic.h"
#include "err.h"
#include "manifest.h"

struct manifest {
	char *key;
	FILE *file;
	char *line;
	size_t cap;
	uint64_t at;          /* lines read since the head */
	struct rec_head head;
	struct rec_end end;
	struct file_hash hash;
};

#define ROOT_LIMIT ((uint64_t)16 << 30) /* of a root manifest, whose size nobody told */

struct copy {
	int fd;
	uint64_t size, limit;  /* what it has, what it may have */
	size_t line;           /* bytes since the last newline */
	EVP_MD_CTX *hash;
};

static int
copy_piece(void *ctx, const void *data, size_t len, struct err *e)
{
	struct copy *c = ctx;
	const char *newline = memrchr(data, '\n', len);

	c->line = newline == NULL ? c->line + len : len - (size_t)(newline + 1 - (const char *)data);
	if (len > c->limit - c->size)
		return err_set(e, ERR_DIFFERS, "is larger than its manifest says");
	if (c->line > RECORD_LINE_LIMIT)
		return err_set(e, ERR_DIFFERS, "has a line of more than %zu bytes", RECORD_LINE_LIMIT);
	if (EVP_DigestUpdate(c->hash, data, len) != 1)
		return err_set(e, ERR_SYSTEM, "SHA-256 failed");
	c->size += len;
	return file_write_all(c->fd, data, len, "a temporary file", e);
}

/* Bring the object into FD and compare it with what it should be. 1, 0 absent, -1. */
static int
fetch_into(struct store *store, const char *key, int fd, const struct file_hash *expect,
    struct file_hash *hash, struct err *e)
{
	struct copy c = {
		.fd = fd, .hash = EVP_MD_CTX_new(), .limit = expect != NULL ? expect->size : ROOT_LIMIT,
	};
	int rc = -1;

	if (c.hash == NULL || EVP_DigestInit_ex(c.hash, EVP_sha256(), NULL) != 1)
		err_set(e, ERR_SYSTEM, "SHA-256 is not to be had");
	else
		rc = store_get(store, key, 0, 0, copy_piece, &c, e);
	if (rc < 0 && e->code == ERR_DIFFERS && strstr(e->text, key) == NULL)
		err_context(e, "'%s'", key);
	if (rc > 0 && EVP_DigestFinal_ex(c.hash, hash->sha256, NULL) != 1)
		rc = err_set(e, ERR_SYSTEM, "SHA-256 failed");
	EVP_MD_CTX_free(c.hash);
	hash->size = c.size;
	if (rc > 0 && expect != NULL && hash->size != expect->size)
		return err_set(e, ERR_DIFFERS, "'%s' has %llu bytes, its manifest says %llu", key,
		    (unsigned long long)hash->size, (unsigned long long)expect->size);
	if (rc > 0 && expect != NULL && memcmp(hash->sha256, expect->sha256, 32) != 0)
		return err_set(e, ERR_DIFFERS, "'%s' has another SHA-256 than its manifest says", key);
	return rc;
}

/* The next line without its newline; 1, 0 at the end of the file, -1. */
static int
next_line(struct manifest *m, size_t *len, struct err *e)
{
	ssize_t n = getline(&m->line, &m->cap, m->file);

	if (n < 0)
		return ferror(m->file) ? err_sys(e, "'%s': cannot read", m->key) : 0;
	if ((size_t)n > RECORD_LINE_LIMIT)
		return err_set(e, ERR_DIFFERS, "'%s' has a line of %zd bytes", m->key, n);
	if (m->line[n - 1] != '\n')
		return err_set(e, ERR_DIFFERS, "'%s' is cut: its last line is not whole", m->key);
	*len = (size_t)n - 1;
	return 1;
}

static int
no_end(const struct manifest *m, struct err *e)
{
	return err_set(e, ERR_DIFFERS, "'%s' is cut or edited: it has no end line", m->key);
}

/* Take the end record out of the last line; HASH has taken everything before it. */
static int
check_end(struct manifest *m, const char *last, size_t len, uint64_t lines, EVP_MD_CTX *hash, struct err *e)
{
	unsigned char self[32];
	struct record r;

	if (last == NULL || len < MANIFEST_SEAL_LEN || record_read(last, len, &r, e) < 0)
		return no_end(m, e);
	if (r.type != REC_END) {
		record_release(&r);
		return no_end(m, e);
	}
	record_take(&r, &m->end);
	/* LEN does not count the newline, which the seal does */
	if (EVP_DigestUpdate(hash, last, len + 1 - MANIFEST_SEAL_LEN) != 1 || EVP_DigestFinal_ex(hash, self, NULL) != 1)
		return err_set(e, ERR_SYSTEM, "SHA-256 failed");
	if (m->end.lines != lines - 1 || memcmp(m->end.sha256, self, sizeof(self)) != 0)
		return err_set(e, ERR_DIFFERS, "'%s' was edited: its last line has another hash", m->key);
	return 0;
}

/* One pass over all lines: the last one is the end record, whose hash is that of all before it. */
static int
check_self(struct manifest *m, struct err *e)
{
	EVP_MD_CTX *hash = EVP_MD_CTX_new();
	char *last = NULL;
	size_t last_len = 0, len;
	uint64_t lines = 0;
	int rc = 0, good = hash != NULL && EVP_DigestInit_ex(hash, EVP_sha256(), NULL) == 1;

	rewind(m->file);
	while (good && (rc = next_line(m, &len, e)) > 0) {
		if (last != NULL)
			good = EVP_DigestUpdate(hash, last, last_len + 1) == 1;
		free(last);
		last = mem_strn(m->line, len + 1);
		last_len = len;
		lines++;
	}
	if (!good)
		rc = err_set(e, ERR_SYSTEM, "SHA-256 failed");
	if (rc == 0)
		rc = check_end(m, last, last_len, lines, hash, e);
	EVP_MD_CTX_free(hash);
	free(last);
	return rc;
}

static int
check_head(struct manifest *m, const char *format, const char *run, struct err *e)
{
	struct record r;
	size_t len;
	int rc;

	rewind(m->file);
	if ((rc = next_line(m, &len, e)) <= 0)
		return rc < 0 ? -1 : no_end(m, e);
	if (record_read(m->line, len, &r, e) < 0)
		return err_context(e, "'%s'", m->key);
	if (r.type != REC_HEAD) {
		record_release(&r);
		return err_set(e, ERR_DIFFERS, "'%s' does not begin with a head", m->key);
	}
	record_take(&r, &m->head);
	if (strcmp(m->head.format, format) != 0)
		return err_set(e, ERR_DIFFERS, "'%s' is a '%.40s', not a '%s'", m->key, m->head.format, format);
	if (m->head.version != RECORD_VERSION)
		return err_set(e, ERR_FAILED, "'%s' has version %llu; this program reads version %d", m->key,
		    (unsigned long long)m->head.version, RECORD_VERSION);
	if (strcmp(m->head.run, run) != 0)
		return err_set(e, ERR_DIFFERS, "'%s' belongs to run %.40s, not to %s", m->key, m->head.run, run);
	return 0;
}

int
manifest_fetch(struct store *store, const char *key, const char *format, const char *run,
    const struct file_hash *expect, struct manifest **out, struct err *e)
{
	struct manifest *m = mem_alloc(sizeof(*m));
	int fd = -1, rc = -1;

	m->key = mem_str(key);
	if (file_temp(&fd, e) < 0)
		goto err0;
	if ((m->file = fdopen(fd, "r")) == NULL) {
		err_sys(e, "cannot open a temporary file");
		close(fd);
		goto err0;
	}
	if ((rc = fetch_into(store, key, fd, expect, &m->hash, e)) <= 0)
		goto err0;
	/* the head first: a newer version may end in another way */
	if ((rc = check_head(m, format, run, e)) < 0 || (rc = check_self(m, e)) < 0)
		goto err0;
	manifest_rewind(m);
	*out = m;
	return 1;

err0:
	manifest_close(m);
	return rc;
}

void
manifest_close(struct manifest *m)
{
	if (m == NULL)
		return;
	if (m->file != NULL)
		fclose(m->file);
	record_free_fields(REC_HEAD, &m->head);
	record_free_fields(REC_END, &m->end);
	free(m->line);
	free(m->key);
	free(m);
}

void
manifest_rewind(struct manifest *m)
{
	rewind(m->file);
	m->at = 0;
}

int
manifest_next(struct manifest *m, struct record *out, struct err *e)
{
	size_t len;
	int rc;

	do {
		if (m->at == m->end.lines)
			return 0;
		if ((rc = next_line(m, &len, e)) <= 0)
			return rc < 0 ? -1 : err_set(e, ERR_DIFFERS, "'%s' is cut", m->key);
	} while (m->at++ == 0); /* the head was read before */
	if (record_read(m->line, len, out, e) < 0)
		return err_context(e, "'%s', line %llu", m->key, (unsigned long long)m->at);
	return 1;
}

const struct rec_end *
manifest_totals(const struct manifest *m)
{
	return &m->end;
}

const struct rec_head *
manifest_head(const struct manifest *m)
{
	return &m->head;
}

const struct file_hash *
manifest_hash(const struct manifest *m)
{
	return &m->hash;
}

int
manifest_fd(const struct manifest *m)
{
	return fileno(m->file);
}
