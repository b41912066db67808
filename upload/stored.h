/* stored.h -- what of a run is stored already: the push journal, with an index of its chunks. */
#ifndef GPM_STORED_H
#define GPM_STORED_H

#include "spool.h"
#include "stored_index.h"

struct err;
struct stored;

#define STORED_JOURNAL "push.jsonl"
#define STORED_FORMAT "gpm-push-journal"

/* stored_open(run, out, e): replays push.jsonl; the caller holds the run's push lock. */
int stored_open(struct spool_run *, struct stored **out, struct err *) GPM_NODISCARD;
void stored_close(struct stored *); /* NULL is fine */

const struct rec_push *stored_options(const struct stored *); /* NULL before stored_pin */
bool stored_is_sealed(const struct stored *);

/* stored_pin(s, options, e): journal how this run is stored. */
int stored_pin(struct stored *, const struct rec_push *, struct err *) GPM_NODISCARD;

/* stored_add(s, chunk, e): durable when it returns 0.  From any thread. */
int stored_add(struct stored *, const struct rec_chunk *, struct err *) GPM_NODISCARD;
/* stored_add_base(s, chunk, e): an object of another run, which no start has to store: not durable before the next line that is. */
int stored_add_base(struct stored *, const struct rec_chunk *, struct err *) GPM_NODISCARD;
/* stored_end(s, why): this start is at its end: notes how far it came, and what it ended with, unless WHY is NULL or an
 * everyday end.  NULL is fine. */
void stored_end(struct stored *, const struct err *why);
int stored_seal(struct stored *, const struct rec_sealed *, struct err *) GPM_NODISCARD;

/* stored_add_file, stored_add_piece: lines of other kinds, durable.  From any thread. */
int stored_add_file(struct stored *, const struct rec_file *, struct err *) GPM_NODISCARD;
int stored_add_piece(struct stored *, const struct rec_piece *, struct err *) GPM_NODISCARD;

/* stored_file(s, key): the newest line of that object; NULL.  Not while others add. */
const struct rec_file *stored_file(const struct stored *, const char *key);

/* stored_piece(s, i): piece number I of those that are stored, in no order; NULL after the last.  stored_has_piece: is
 * there a line of this one?  Not while others add. */
const struct rec_piece *stored_piece(const struct stored *, size_t i);
bool stored_has_piece(struct stored *, uint64_t table, uint64_t attempt, uint64_t piece);

/* stored_check_place(s, run, url, e): a run goes to one place: URL is where its push began, or it has not begun. */
int stored_check_place(const struct stored *, const char *run, const char *url, struct err *) GPM_NODISCARD;

/* stored_bases(s): the runs in whose folders objects are that lines of chunks name (--base).  Not while others add. */
const struct strings *stored_bases(const struct stored *);

/* stored_has(s, …): is there a line of this chunk?  stored_has_own: and is its object in the folder of its own run?  Not while others add. */
bool stored_has(struct stored *, uint64_t table, uint64_t attempt, uint64_t batch, uint64_t seq);
bool stored_has_own(struct stored *, uint64_t table, uint64_t attempt, uint64_t batch, uint64_t seq);

/* stored_list(s, table, attempt): the stored chunks of an attempt, in order of batch and seq (stored_index.h); NULL: none.
 * Not while others add. */
const struct stored_list *stored_list(struct stored *, uint64_t table, uint64_t attempt);

/* stored_settle(s): no more will be added for now: many threads may ask at once. */
void stored_settle(struct stored *);

/* stored_read(s, list, i, out, e): chunk I's line; the caller frees OUT's fields (REC_CHUNK). */
int stored_read(struct stored *, const struct stored_list *, size_t i, struct rec_chunk *out, struct err *) GPM_NODISCARD;

#endif
