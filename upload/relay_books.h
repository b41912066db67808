/* relay_books.h -- what of a run is at the destination of a relay already: a journal, compared with what is there now. */
#ifndef GPM_RELAY_BOOKS_H
#define GPM_RELAY_BOOKS_H

#include "spool.h"
#include "store.h"

struct err;
struct relay_books;

struct relay_object {
	char *key;         /* below the run's folder */
	uint64_t bytes;
	bool hashed;       /* it is known what it has to be */
	unsigned char sha256[32];
};

/* relay_books_open(run, to, out, e): replays the journal of this destination, and lists what is there: 96 bytes of memory an object.  A
 * store that keeps books of its own (volumes) has neither. */
int relay_books_open(struct spool_run *, struct store *to, struct relay_books **out, struct err *) GPM_NODISCARD;
void relay_books_close(struct relay_books *); /* NULL is fine */

/* relay_books_have(b, object, e): was it put, and is it there?  1, 0 (also when it is not known what it has to be), -1.
 * relay_books_void: something is about to be put under its key, so what was noted of that key does not count any more.
 * relay_books_add: it was put.  Both are durable when they return 0.  All from any thread, one key by one thread at a time. */
int relay_books_have(struct relay_books *, const struct relay_object *, struct err *) GPM_NODISCARD;
int relay_books_void(struct relay_books *, const struct relay_object *, struct err *) GPM_NODISCARD;
int relay_books_add(struct relay_books *, const struct relay_object *, struct err *) GPM_NODISCARD;

#endif
