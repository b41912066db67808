/* pack.c -- plain bytes to an object: the one place that orders the stages. */
#include "prelude.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "err.h"
#include "pack.h"

#define READ_SIZE ((size_t)256 << 10)

/* An object is held in memory whole, so that a put can be repeated: a chunk and one row past it. */
#define OBJECT_LIMIT ((size_t)4 << 30)

struct chain {
	struct stage *rows, *compress, *sha256, *sink;
};

static void
free_chain(struct chain *c)
{
	stage_free(c->rows);
	stage_free(c->compress);
	stage_free(c->sha256);
	stage_free(c->sink);
}

static int
build_chain(struct chain *c, const struct columns *columns, const struct compression *how,
    uint64_t size, struct buf *object, struct err *e)
{
	unsigned char *kinds = columns == NULL ? NULL : columns_float_kinds(columns);

	c->sink = stage_to_buf(object);
	c->sha256 = stage_sha256(c->sink);
	c->compress = stage_compress(how, size, c->sha256, e);
	if (c->compress != NULL)
		c->rows = stage_rows(columns == NULL ? &dialect_text : &dialect_csv, kinds,
		    columns == NULL ? 0 : columns->len, c->compress);
	free(kinds);
	return c->compress == NULL ? -1 : 0;
}

static int
push_file(int fd, const char *path, struct stage *first, struct err *e)
{
	char *piece = mem_alloc(READ_SIZE);
	ssize_t n;
	int rc = 0;

	while (rc == 0 && (n = read(fd, piece, READ_SIZE)) > 0)
		rc = stage_push(first, piece, (size_t)n, e);
	if (rc == 0 && n < 0)
		rc = err_sys(e, "cannot read '%s'", path);
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
pack_file(const char *path, const struct columns *columns, const struct compression *how,
    struct packed *out, struct err *e)
{
	struct chain chain = { 0 };
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW), rc = -1;

	if (out->object.data == NULL)
		buf_init(&out->object, OBJECT_LIMIT);
	buf_reset(&out->object);
	if (fd < 0)
		return err_sys(e, "cannot open '%s'", path);
	if (fstat(fd, &st) != 0)
		err_sys(e, "cannot look at '%s'", path);
	else if (build_chain(&chain, columns, how, (uint64_t)st.st_size, &out->object, e) == 0)
		rc = push_file(fd, path, chain.rows, e);
	if (rc == 0)
		take_results(&chain, out);
	else
		err_context(e, "'%s'", path);
	free_chain(&chain);
	close(fd);
	return rc;
}

void
pack_release(struct packed *p)
{
	buf_release(&p->object);
}
