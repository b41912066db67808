/* ahead.h -- the objects of some chunks one after the other, the next one fetched while the caller works
 * on the one before. */
#ifndef GPM_AHEAD_H
#define GPM_AHEAD_H

#include "find.h"

struct ahead;
struct err;

/* ahead_new(run): for one worker.  Holds at most two objects, as they are stored; their memory is kept
 * for the next ones. */
struct ahead *ahead_new(struct run *) GPM_NODISCARD;
void ahead_free(struct ahead *); /* NULL is fine */

/* ahead_begin(a, chunks, n): from now on these, which must live until ahead_end.  Fetches nothing yet.
 * ahead_end(a): no more of them; a fetch that is under way is given up and waited for. */
void ahead_begin(struct ahead *, const struct rec_chunk *const *chunks, size_t n);
void ahead_end(struct ahead *);

/* ahead_give_up(a): from another thread, while the worker may wait in ahead_next: what is fetched ends as by a signal. */
void ahead_give_up(struct ahead *);

/* ahead_next(a, object, e): the next chunk's object, its size and SHA-256 compared (unpack_fetch); good until
 * the next call.  The one after it is fetched meanwhile, and its error told when its turn comes. */
int ahead_next(struct ahead *, const struct buf **object, struct err *) GPM_NODISCARD;

#endif
