/* buf.c -- a growable run of bytes with a ceiling. */
#include "prelude.h"

#include "buf.h"
#include "err.h"

void
buf_init(struct buf *b, size_t limit)
{
	memset(b, 0, sizeof(*b));
	b->limit = limit;
}

void
buf_release(struct buf *b)
{
	free(b->data);
	buf_init(b, b->limit);
}

void
buf_reset(struct buf *b)
{
	b->len = 0;
}

/* Room for a NUL is always kept behind the limit. */
int
buf_reserve(struct buf *b, size_t n, struct err *e)
{
	size_t want, cap;
	char *data;

	if (n > b->limit || b->len > b->limit - n)
		return err_set(e, ERR_FAILED, "%zu bytes and %zu more pass the limit of %zu bytes",
		    b->len, n, b->limit);
	want = b->len + n + 1;
	if (want <= b->cap)
		return 0;
	cap = b->cap < 64 ? 64 : b->cap;
	while (cap < want)
		cap += cap / 2 < b->limit ? cap / 2 : b->limit;
	if (cap > b->limit + 1)
		cap = b->limit + 1;
	if ((data = realloc(b->data, cap)) == NULL)
		return err_set(e, ERR_SYSTEM, "out of memory: %zu bytes", cap);
	b->data = data;
	b->cap = cap;
	return 0;
}

int
buf_add(struct buf *b, const void *data, size_t n, struct err *e)
{
	if (n == 0)
		return 0;
	if (buf_reserve(b, n, e) < 0)
		return -1;
	memcpy(b->data + b->len, data, n);
	b->len += n;
	return 0;
}

int
buf_addc(struct buf *b, char c, struct err *e)
{
	return buf_add(b, &c, 1, e);
}

int
buf_puts(struct buf *b, const char *s, struct err *e)
{
	return buf_add(b, s, strlen(s), e);
}

/* The shared half of the two printf's; it reports by returning -1. */
GPM_PRINTF(3, 0) static int
add_formatted(struct buf *b, struct err *e, const char *fmt, va_list ap)
{
	va_list again;
	int n;

	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	if (n < 0)
		return err_set(e, ERR_FAILED, "cannot format a text");
	if (buf_reserve(b, (size_t)n, e) < 0)
		return -1;
	vsnprintf(b->data + b->len, (size_t)n + 1, fmt, ap);
	b->len += (size_t)n;
	return 0;
}

int
buf_printf(struct buf *b, struct err *e, const char *fmt, ...)
{
	va_list ap;
	int rc;

	va_start(ap, fmt);
	rc = add_formatted(b, e, fmt, ap);
	va_end(ap);
	return rc;
}

const char *
buf_str(struct buf *b, struct err *e)
{
	if (buf_reserve(b, 0, e) < 0)
		return NULL;
	b->data[b->len] = '\0';
	return b->data;
}

static void
must(int rc, const struct err *e)
{
	if (rc == 0)
		return;
	fprintf(stderr, "gpm: %s\n", e->text);
	exit(1);
}

void
text_init(struct buf *b)
{
	buf_init(b, TEXT_LIMIT);
}

void
text_puts(struct buf *b, const char *s)
{
	struct err e;

	must(buf_puts(b, s, &e), &e);
}

void
text_add(struct buf *b, const void *data, size_t n)
{
	struct err e;

	must(buf_add(b, data, n, &e), &e);
}

void
text_printf(struct buf *b, const char *fmt, ...)
{
	struct err e;
	va_list ap;

	va_start(ap, fmt);
	must(add_formatted(b, &e, fmt, ap), &e);
	va_end(ap);
}

char *
text_str(struct buf *b)
{
	struct err e;

	must(buf_reserve(b, 0, &e), &e);
	b->data[b->len] = '\0';
	return b->data;
}

char *
text_take(struct buf *b)
{
	char *s = text_str(b);

	b->data = NULL;
	buf_release(b);
	return s;
}
