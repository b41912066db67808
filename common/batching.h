/* batching.h -- how the chunks of one writer are numbered (FORMAT.md, I2): batches from writer × 10000 + 1, chunks from 1
 * within their batch, a batch closed at the first chunk end past the run's batch size or number of chunks. */
#ifndef GPM_BATCHING_H
#define GPM_BATCHING_H

#include "record.h"

struct err;

struct batching {
	uint64_t first;      /* the number of the writer's first batch */
	uint64_t batch, seq; /* of the newest chunk; batch is 0 before the first */
	uint64_t batches;    /* begun */
	uint64_t bytes;      /* plain bytes of the batch's closed chunks */
};

void batching_init(struct batching *, uint64_t writer);

/* batching_next(b, run, e): the numbers of the next chunk. */
int batching_next(struct batching *, const struct rec_run *run, struct err *) GPM_NODISCARD;

/* batching_closed(b, plain_bytes): the chunk is complete. */
void batching_closed(struct batching *, uint64_t plain_bytes);

#endif
