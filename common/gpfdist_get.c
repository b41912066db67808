/* gpfdist_get.c -- one GET, from its head to the last frame of its answer.
 *
 * A frame is a letter, the length of what follows (4 bytes, big endian) and that: F the name of the rows, L the number
 * of their first one, D rows, E a text that fails the statement; D without rows is the end.  What ends without one
 * of the last two is an error to the segment. */
#include "prelude.h"

#include "err.h"
#include "gpfdist_deal_internal.h"
#include "gpfdist_get.h"
#include "gpfdist_headers.h"

#define HTTP_BAD_METHOD 405u
#define HTTP_NOT_FOUND 404u
#define HTTP_OK 200u

#define NAME_MAX_BYTES ((size_t)200) /* a segment takes no more than 256 of F */
#define HEAD_MAX_BYTES (5 + NAME_MAX_BYTES + 5 + 8 + 5)
#define TEXT_MAX_BYTES ((size_t)500)

/* What segments ask when a statement of theirs has waited for long (readable_external_table_timeout); it is shown to
 * nobody. */
#define STATUS_PATH "/gpfdist/status"
#define STATUS_TEXT "rows are dealt out by gpm-import\n"

struct get {
	struct deal_seat *seat;  /* NULL: the status was asked for */
	struct buf head;         /* what stands before the frame's rows; how much of it was read */
	size_t head_at;
	struct deal_frame frame; /* while there are rows of it left */
	bool last;               /* nothing comes behind it */
};

/* --- frames ---------------------------------------------------------------------------------- */

static void
add_frame_head(struct buf *b, char type, size_t len)
{
	const char bytes[5] = { type, (char)(len >> 24), (char)(len >> 16), (char)(len >> 8), (char)len };

	text_add(b, bytes, sizeof(bytes));
}

static void
add_number(struct buf *b, uint64_t n)
{
	char bytes[8];

	for (int i = 7; i >= 0; i--, n >>= 8)
		bytes[i] = (char)n;
	text_add(b, bytes, sizeof(bytes));
}

static void
add_text(struct buf *b, char type, const char *text, size_t max)
{
	size_t len = strlen(text);

	if (len > max) {
		/* no character is cut in two */
		for (len = max; len > 0 && (text[len] & 0xc0) == 0x80; len--)
			;
	}
	add_frame_head(b, type, len);
	text_add(b, text, len);
}

/* The next frame's head, and its rows if it has any; -1 when the connection is to be shut. */
static int
next_frame(struct get *g)
{
	struct err e;
	int rc = deal_next(g->seat, &g->frame, &e);

	buf_reset(&g->head);
	g->head_at = 0;
	if (rc < -1)
		return -1;
	g->last = rc <= 0;
	if (rc == 0) {
		add_frame_head(&g->head, 'D', 0);
	} else if (rc < 0) {
		add_text(&g->head, 'E', e.text, TEXT_MAX_BYTES);
	} else {
		add_text(&g->head, 'F', g->frame.piece->name, NAME_MAX_BYTES);
		add_frame_head(&g->head, 'L', 8);
		add_number(&g->head, g->frame.first_row);
		add_frame_head(&g->head, 'D', g->frame.len);
	}
	return 0;
}

/* What there is without waiting, N bytes of it at most. */
static size_t
read_frame(struct get *g, char *room, size_t n)
{
	size_t head = g->head.len - g->head_at < n ? g->head.len - g->head_at : n;
	size_t rows = g->frame.len < n - head ? g->frame.len : n - head;

	memcpy(room, g->head.data + g->head_at, head);
	g->head_at += head;
	if (rows > 0) {
		memcpy(room + head, g->frame.rows, rows);
		g->frame.rows += rows;
		g->frame.len -= rows;
		if (g->frame.len == 0)
			deal_frame_done(g->seat, &g->frame);
	}
	return head + rows;
}

/* --- the service ----------------------------------------------------------------------------- */

static unsigned
refuse(struct err *e, unsigned status, const char *why)
{
	err_set(e, ERR_FAILED, "%s", why);
	return status;
}

static struct get *
new_get(struct deal_seat *seat)
{
	struct get *g = mem_alloc(sizeof(*g));

	g->seat = seat;
	buf_init(&g->head, HEAD_MAX_BYTES + TEXT_MAX_BYTES);
	return g;
}

static unsigned
begin_status(struct get **out)
{
	*out = new_get(NULL);
	text_puts(&(*out)->head, STATUS_TEXT);
	(*out)->last = true;
	return 0;
}

static unsigned
begin(void *ctx, const struct gpfdist_head *head, void **out, struct err *e)
{
	struct dealer *d = ctx;
	bool get = strcmp(head->method, "GET") == 0;
	struct gpfdist_get what;
	struct deal_seat *seat;
	unsigned status;

	if (get && strcmp(head->path, STATUS_PATH) == 0)
		return begin_status((struct get **)out);
	status = get ? gpfdist_headers_read_get(head->headers, &what, e) : refuse(e, HTTP_BAD_METHOD, "rows are taken by GET");
	/* who does not know a token is told nothing else */
	if (status != 0)
		return deal_refuse(d, head->path, e) ? status : refuse(e, HTTP_NOT_FOUND, "not found");
	if ((seat = deal_sit(d, head->path, &what, head->fd)) == NULL)
		return refuse(e, HTTP_NOT_FOUND, "not found");
	*out = new_get(seat);
	return 0;
}

static bool
is_refused(const void *request)
{
	(void)request; /* those that are were so at once */
	return false;
}

static void
add(void *request, const char *data, size_t n)
{
	(void)request; /* a body was refused by the headers that announce it */
	(void)data;
	(void)n;
}

static unsigned
end(void *request, struct err *e)
{
	(void)request;
	(void)e;
	return HTTP_OK;
}

static ssize_t
read_get(void *request, char *room, size_t n)
{
	struct get *g = request;

	if (g->head_at == g->head.len && g->frame.len == 0) {
		if (g->last)
			return 0;
		if (next_frame(g) < 0)
			return -1;
	}
	return (ssize_t)read_frame(g, room, n);
}

static void
free_get(void *request, bool whole)
{
	struct get *g = request;

	(void)whole; /* the seat knows whether it was told the end */
	if (g->frame.piece != NULL)
		deal_frame_done(g->seat, &g->frame);
	if (g->seat != NULL)
		deal_leave(g->seat);
	buf_release(&g->head);
	free(g);
}

const struct gpfdist_service gpfdist_get_service = {
	.proto = "1", .begin = begin, .is_refused = is_refused, .add = add, .end = end, .read = read_get,
	.piece = DEAL_FRAME_BYTES + HEAD_MAX_BYTES, .free = free_get,
};
