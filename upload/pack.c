/* pack.c -- plain bytes to an object: the one place that orders the stages. */
#include "prelude.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "atomic.h"
#include "err.h"
#include "pack.h"

#define READ_SIZE ((size_t)256 << 10)

/* An object is held in memory whole, so that a put can be repeated: a chunk and one row past it. */
#define OBJECT_LIMIT ((size_t)4 << 30)

struct chain {
	struct crypt_object crypt;
	struct stage *rows, *compress, *encrypt, *sha256, *sink;
};

static void
free_chain(struct chain *c)
{
	stage_free(c->rows);
	stage_free(c->compress);
	stage_free(c->encrypt);
	stage_free(c->sha256);
	stage_free(c->sink);
}

static int
build_chain(struct chain *c, const struct columns *columns, const struct compression *how, const struct crypt_object *crypt,
    uint64_t size, struct buf *object, struct err *e)
{
	unsigned char *kinds = columns == NULL ? NULL : columns_float_kinds(columns);

	c->sink = stage_to_buf(object);
	c->sha256 = stage_sha256(c->sink);
	if (crypt != NULL) {
		c->crypt = *crypt;
		c->encrypt = stage_encrypt(&c->crypt, OBJECT_LIMIT, c->sha256);
	}
	c->compress = stage_compress(how, size, c->encrypt != NULL ? c->encrypt : c->sha256, e);
	if (c->compress != NULL)
		c->rows = stage_rows(columns == NULL ? &dialect_text : &dialect_csv, kinds,
		    columns == NULL ? 0 : columns->len, c->compress);
	if (c->rows != NULL)
		c->crypt.plain_xxh3 = stage_rows_xxh3(c->rows); /* known before it is asked for: rows are finished first */
	free(kinds);
	return c->compress == NULL ? -1 : 0;
}

static int
push_range(int fd, const char *path, uint64_t offset, uint64_t len, struct stage *first, struct err *e)
{
	char *piece = mem_alloc(len < READ_SIZE ? (size_t)len + 1 : READ_SIZE); /* what is small has no memory to clear */
	int rc = 0;

	while (rc == 0 && len > 0) {
		size_t n = len < READ_SIZE ? (size_t)len : READ_SIZE;

		rc = file_read_at(fd, piece, n, offset, path, e);
		if (rc == 0)
			rc = stage_push(first, piece, n, e);
		offset += n;
		len -= n;
	}
	free(piece);
	return rc == 0 ? stage_finish(first, e) : -1;
}

static void
take_results(const struct chain *c, struct packed *out)
{
	out->rows = stage_rows_count(c->rows);
	out->digest = stage_rows_digest(c->rows);
	out->plain_bytes = stage_rows_size(c->rows);
	memcpy(out->plain_xxh3, stage_rows_xxh3(c->rows), sizeof(out->plain_xxh3));
	memcpy(out->stored_sha256, stage_sha256_hash(c->sha256), sizeof(out->stored_sha256));
}

int
pack_range(int fd, const char *path, uint64_t offset, uint64_t len, const struct columns *columns,
    const struct compression *how, const struct crypt_object *crypt, struct packed *out, struct err *e)
{
	struct chain chain = { 0 };
	int rc = -1;

	if (out->object.data == NULL)
		buf_init(&out->object, OBJECT_LIMIT);
	buf_reset(&out->object);
	if (build_chain(&chain, columns, how, crypt, len, &out->object, e) == 0)
		rc = push_range(fd, path, offset, len, chain.rows, e);
	if (rc == 0)
		take_results(&chain, out);
	else
		err_context(e, "'%s'", path);
	free_chain(&chain);
	return rc;
}

int
pack_file(const char *path, const struct columns *columns, const struct compression *how, const struct crypt_object *crypt,
    struct packed *out, struct err *e)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW), rc;

	if (fd < 0)
		return err_sys(e, "cannot open '%s'", path);
	if (fstat(fd, &st) != 0)
		rc = err_sys(e, "cannot look at '%s'", path);
	else
		rc = pack_range(fd, path, 0, (uint64_t)st.st_size, columns, how, crypt, out, e);
	close(fd);
	return rc;
}

void
pack_release(struct packed *p)
{
	buf_release(&p->object);
}
