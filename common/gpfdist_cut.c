/* gpfdist_cut.c -- rows cut into frames: as many whole rows as fit, or one that does not. */
#include "prelude.h"

#include "dialect.h"
#include "err.h"
#include "gpfdist_deal_internal.h"
#include "rows_scan.h"

struct cutter {
	struct deal_piece *piece;
	size_t start, end;         /* of the frame that grows: its first byte, and behind its last row */
	uint64_t first, rows;      /* its first row, and how many came before END in all */
};

static void
close_frame(struct cutter *c)
{
	struct deal_piece *p = c->piece;

	if (p->ncuts == p->cuts_room) {
		p->cuts_room = p->cuts_room > 0 ? 2 * p->cuts_room : 64;
		p->cuts = mem_grow(p->cuts, p->cuts_room * sizeof(*p->cuts));
	}
	p->cuts[p->ncuts++] = (struct deal_cut){ .end = c->end, .first_row = c->first };
	c->start = c->end;
	c->first = c->rows + 1;
}

static void
take_row(struct cutter *c, size_t end)
{
	if (end - c->start > DEAL_FRAME_BYTES && c->end > c->start)
		close_frame(c);
	c->end = end;
	c->rows++;
	if (end - c->start > DEAL_FRAME_BYTES)
		close_frame(c);
}

int
deal_cut(struct deal_piece *p, struct err *e)
{
	struct rows_scan scan = { .quoted = true, .quote = '"' };
	struct cutter c = { .piece = p, .first = 1 };
	uint16_t ends[ROWS_SPAN];

	for (size_t at = 0; at < p->rows.len; at += ROWS_SPAN) {
		size_t len = p->rows.len - at < ROWS_SPAN ? p->rows.len - at : ROWS_SPAN;
		size_t n = rows_scan_span(&scan, p->rows.data + at, len, ends);

		for (size_t i = 0; i < n; i++)
			take_row(&c, at + ends[i] + 1);
	}
	if (c.end != p->rows.len)
		return err_set(e, ERR_DIFFERS, "the last row is not whole");
	if (c.end > c.start)
		close_frame(&c);
	return 0;
}

void
deal_piece_free(struct deal_piece *p)
{
	buf_release(&p->rows);
	free(p->cuts);
	free(p->name);
	free(p);
}
