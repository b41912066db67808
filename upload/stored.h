/* stored.h -- what of a run is stored already: the push journal, with an index of its chunks. */
#ifndef GPM_STORED_H
#define GPM_STORED_H

#include "journal.h"
#include "spool.h"

struct err;
struct stored;

struct stored_chunk {
	uint64_t table, attempt, batch, seq;
	struct journal_place place; /* its line */
};

/* stored_open(run, out, e): replays push.jsonl; the caller holds the run's push lock. 56 bytes of
 * memory a chunk. */
int stored_open(struct spool_run *, struct stored **out, struct err *) GPM_NODISCARD;
void stored_close(struct stored *); /* NULL is fine */

const struct rec_push *stored_options(const struct stored *); /* NULL before stored_pin */
bool stored_is_sealed(const struct stored *);

/* stored_pin(s, options, e): journal how this run is stored. */
int stored_pin(struct stored *, const struct rec_push *, struct err *) GPM_NODISCARD;

/* stored_add(s, chunk, e): durable when it returns 0.  From any thread. */
int stored_add(struct stored *, const struct rec_chunk *, struct err *) GPM_NODISCARD;
int stored_seal(struct stored *, const struct rec_sealed *, struct err *) GPM_NODISCARD;

/* stored_has(s, …): is there a line of this chunk?  Not while others add. */
bool stored_has(struct stored *, uint64_t table, uint64_t attempt, uint64_t batch, uint64_t seq);

/* stored_range(s, table, attempt, from, to): the chunks FROM … TO - 1 of an attempt, in order of
 * batch and seq; stored_at gives one of them.  Not while others add. */
void stored_range(struct stored *, uint64_t table, uint64_t attempt, size_t *from, size_t *to);
const struct stored_chunk *stored_at(const struct stored *, size_t);

/* stored_read(s, i, out, e): its line; the caller frees OUT's fields (REC_CHUNK). */
int stored_read(struct stored *, size_t, struct rec_chunk *out, struct err *) GPM_NODISCARD;

#endif
