/* attempt.h -- one try at taking a table out, by one worker or, in slices, by several.
 *
 * All or nothing: the attempt is journalled before its first file, and done when its last slice is. */
#ifndef GPM_ATTEMPT_H
#define GPM_ATTEMPT_H

#include "catalog.h"
#include "state.h"

struct err;
struct attempt;

/* A part of a table: its parts FROM … TO - 1, or all of it (CATALOG_WHOLE). */
struct slice {
	struct attempt *attempt; /* shared with the table's other slices */
	uint64_t writer;         /* its number, from 0 */
	enum catalog_parts by;
	uint64_t from, to;
	bool last;               /* of the table's */
};

/* attempt_new(state, t, nslices): freed by attempt_free when no slice is under way any more. */
struct attempt *attempt_new(struct state *, struct table *, size_t nslices) GPM_NODISCARD;
void attempt_free(struct attempt *); /* NULL is fine */
struct table *attempt_table(const struct attempt *);

/* attempt_begin(a, method, e): at the start of every slice: the first journals the attempt.  1: go on; 0: another
 * slice has failed, so that this one is not needed; -1.  METHOD is kept by pointer. */
int attempt_begin(struct attempt *, const char *method, struct err *) GPM_NODISCARD;

/* attempt_again(a): what was begun has failed and is tried once more, as another attempt; false when it was
 * tried often enough.  For a table in one slice. */
bool attempt_again(struct attempt *) GPM_NODISCARD;

/* attempt_add(a, part): a slice is out; true when it was the last. */
bool attempt_add(struct attempt *, const struct rec_done *part) GPM_NODISCARD;

/* attempt_sum(sums, part): add chunks, batches, rows, bytes and digest of PART. */
void attempt_sum(struct rec_done *sums, const struct rec_done *part);

/* attempt_sums(a): of its slices, for the last of them to complete. */
struct rec_done *attempt_sums(struct attempt *);

/* attempt_fail(a): true for the first slice that says so. */
bool attempt_fail(struct attempt *) GPM_NODISCARD;

#endif
