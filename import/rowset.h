/* rowset.h -- the rows of two sides, each in any order and some more than once: which has one side only?
 *
 * Every row is shown twice, and memory does not depend on how many there are.  In the first round rows fall into parts by
 * their digests, and only the parts' sums are kept: of a part whose sums are equal both sides hold the same rows.  In
 * the second round the rows of the other parts are kept, and one of each side with the same digest cancel each other. */
#ifndef GPM_ROWSET_H
#define GPM_ROWSET_H

#include "rows.h"

struct rowset;

enum rowset_side { ROWSET_SOURCE, ROWSET_HERE };

/* rowset_new(memory): MEMORY bytes for rows that are kept, besides some 3 MB. */
struct rowset *rowset_new(size_t memory) GPM_NODISCARD;
void rowset_free(struct rowset *); /* NULL is fine */

/* rowset_sum(s, side, digest): first round, a row. */
void rowset_sum(struct rowset *, enum rowset_side, struct digest);

/* rowset_differing(s): how many parts differ; ends the first round. */
size_t rowset_differing(struct rowset *);

/* rowset_add(s, side, digest, data, len, chunk, row): second round, a row; CHUNK and ROW say where it stands, for the source.
 * Copied when it is kept. */
void rowset_add(struct rowset *, enum rowset_side, struct digest, const char *data, size_t len, size_t chunk, uint64_t row);

/* rowset_left_out(s): parts that differ and were not looked at, because their rows passed the memory. */
size_t rowset_left_out(const struct rowset *);

struct rowset_row {
	struct rowset_row *next;
	struct digest digest;
	enum rowset_side side;
	size_t chunk;
	uint64_t row;
	size_t len;
	char data[];
};

/* rowset_rows(s, side, n): the rows that only SIDE has, *N of them, those of the source by chunk and row; the caller
 * frees the array, the rows are S's. */
const struct rowset_row **rowset_rows(struct rowset *, enum rowset_side, size_t *n) GPM_NODISCARD;

#endif
