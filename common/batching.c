/* batching.c -- how the chunks of one writer are numbered. */
#include "prelude.h"

#include "batching.h"
#include "err.h"
#include "piece.h"

void
batching_init(struct batching *b, uint64_t writer)
{
	memset(b, 0, sizeof(*b));
	b->first = writer * PIECE_BATCHES + 1;
}

int
batching_next(struct batching *b, const struct rec_run *run, struct err *e)
{
	if (b->batch == 0 || b->seq >= run->batch_chunks || b->bytes >= run->batch_size) {
		b->batch = b->batch == 0 ? b->first : b->batch + 1;
		b->batches++;
		b->seq = 0;
		b->bytes = 0;
	}
	b->seq++;
	if (b->first == 1 || b->batch < b->first + PIECE_BATCHES - 1)
		return 0;
	err_set(e, ERR_FAILED, "a slice of the table has more than %d batches", PIECE_BATCHES - 1);
	return err_hint(e, "give a larger --batch-size, with --new-run");
}

void
batching_closed(struct batching *b, uint64_t plain_bytes)
{
	b->bytes += plain_bytes;
}
