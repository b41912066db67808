/* buf.h -- a growable run of bytes with a ceiling. */
#ifndef GPM_BUF_H
#define GPM_BUF_H

struct err;

struct buf {
	char *data;     /* not NUL-terminated by itself; see buf_str */
	size_t len;
	size_t cap;
	size_t limit;   /* bytes that it may hold at most */
};

/* buf_init(b, limit): an empty buffer that never holds more than LIMIT bytes.  No allocation. */
void buf_init(struct buf *, size_t limit);

/* buf_release(b): free what it holds; B may be initialised again.  Fine on a zeroed struct. */
void buf_release(struct buf *);

/* buf_reset(b): empty it, keep its memory. */
void buf_reset(struct buf *);

/* buf_reserve(b, n, e): make room for N more bytes.  -1 when that passes the limit or memory is
 * short; B is then unchanged. */
int buf_reserve(struct buf *, size_t n, struct err *) GPM_NODISCARD;

int buf_add(struct buf *, const void *data, size_t n, struct err *) GPM_NODISCARD;
int buf_addc(struct buf *, char, struct err *) GPM_NODISCARD;
int buf_puts(struct buf *, const char *s, struct err *) GPM_NODISCARD;
int buf_printf(struct buf *, struct err *, const char *fmt, ...) GPM_PRINTF(3, 4) GPM_NODISCARD;

/* buf_str(b, e): the bytes with a NUL after them, valid until B changes; NULL when out of memory.
 * The NUL is not counted in len nor against the limit. */
const char *buf_str(struct buf *, struct err *) GPM_NODISCARD;

/* Text that is known to be small (SQL, one line of a log): these end the program when memory is
 * short or the limit is passed, which would be a mistake in the program. */
#define TEXT_LIMIT ((size_t)256 << 20)
void text_init(struct buf *);
void text_puts(struct buf *, const char *);
void text_add(struct buf *, const void *, size_t);
void text_printf(struct buf *, const char *fmt, ...) GPM_PRINTF(2, 3);
char *text_str(struct buf *); /* NUL-terminated, valid until the next call on it */
char *text_take(struct buf *) GPM_NODISCARD; /* the same, owned by the caller; B is empty after */

#endif
