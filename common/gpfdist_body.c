/* gpfdist_body.c -- the body of one request: in memory, or, when it is large, in a temporary file.
 *
 * Both are a mapping: malloc would keep the freed bodies of many threads, each in an arena of its own,
 * and the bound on memory would hold on paper only.  The pages are taken in one go: one by one, as bytes
 * come, they cost as much as all the rest. */
#include "prelude.h"

#include <sys/mman.h>
#include <unistd.h>

#include "atomic.h"
#include "err.h"
#include "gpfdist_body.h"

struct gpfdist_body {
	size_t len, got;
	int fd;     /* the temporary file, -1: none */
	void *map;  /* NULL: not yet */
};

static int
map_bytes(struct gpfdist_body *b, struct err *e)
{
	int prot = b->fd < 0 ? PROT_READ | PROT_WRITE : PROT_READ;
	int flags = b->fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE : MAP_SHARED;
	void *map = mmap(NULL, b->len, prot, flags, b->fd, 0);

	if (map == MAP_FAILED)
		return err_sys(e, "no memory for %zu bytes of rows", b->len);
	b->map = map;
	return 0;
}

int
gpfdist_body_new(uint64_t len, bool spill, struct gpfdist_body **out, struct err *e)
{
	struct gpfdist_body *b = mem_alloc(sizeof(*b));

	b->len = (size_t)len;
	b->fd = -1;
	if ((spill ? file_temp(&b->fd, e) : map_bytes(b, e)) < 0) {
		free(b);
		return -1;
	}
	*out = b;
	return 0;
}

int
gpfdist_body_add(struct gpfdist_body *b, const char *data, size_t n, struct err *e)
{
	if (n > b->len - b->got)
		return err_set(e, ERR_FAILED, "more bytes than announced");
	if (b->fd >= 0) {
		if (file_write_all(b->fd, data, n, "a temporary file", e) < 0)
			return -1;
	} else {
		memcpy((char *)b->map + b->got, data, n);
	}
	b->got += n;
	return 0;
}

int
gpfdist_body_data(struct gpfdist_body *b, const char **out, struct err *e)
{
	if (b->got < b->len)
		return err_set(e, ERR_FAILED, "fewer bytes than announced");
	if (b->map == NULL && map_bytes(b, e) < 0)
		return -1;
	*out = b->map;
	return 0;
}

void
gpfdist_body_free(struct gpfdist_body *b)
{
	if (b == NULL)
		return;
	if (b->map != NULL)
		munmap(b->map, b->len);
	if (b->fd >= 0)
		close(b->fd);
	free(b);
}
