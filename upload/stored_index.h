/* stored_index.h -- which chunks are stored, and where their lines are in the push journal: by table and attempt, 16 bytes a
 * chunk, so that a run of millions of chunks fits into memory. */
#ifndef GPM_STORED_INDEX_H
#define GPM_STORED_INDEX_H

#include "journal.h"

struct err;
struct stored_index;
struct stored_list;  /* the chunks of one attempt at a table */

struct stored_index *stored_index_new(void);
void stored_index_free(struct stored_index *); /* NULL is fine */

/* stored_index_add(x, chunk, place, e): ERR_FAILED for numbers that it cannot hold: 2^32 tables, attempts, batches or
 * chunks of a batch, a journal of 1 TiB, a line of 8 MiB. */
int stored_index_add(struct stored_index *, const struct rec_chunk *, struct journal_place, struct err *) GPM_NODISCARD;

/* stored_index_settle(x): sort what was added; afterwards, until the next is added, many threads may ask at once. */
void stored_index_settle(struct stored_index *);

/* stored_index_has(x, table, attempt, batch, seq); the index may sort itself.  _own: and its object is in the folder of its own
 * run, not an earlier one's. */
bool stored_index_has(struct stored_index *, uint64_t table, uint64_t attempt, uint64_t batch, uint64_t seq);
bool stored_index_has_own(struct stored_index *, uint64_t table, uint64_t attempt, uint64_t batch, uint64_t seq);

/* stored_index_list(x, table, attempt): in order of batch and seq; good until the next is added.  NULL: none.
 * stored_len, stored_batch, stored_place, stored_is_based (its object is in an earlier run's folder): of such a list; NULL has none. */
const struct stored_list *stored_index_list(struct stored_index *, uint64_t table, uint64_t attempt);
size_t stored_len(const struct stored_list *);
uint64_t stored_batch(const struct stored_list *, size_t);
bool stored_is_based(const struct stored_list *, size_t);
struct journal_place stored_place(const struct stored_list *, size_t);

#endif
