/* relay_copy.h -- one object from store to store, compared on its way. */
#ifndef GPM_RELAY_COPY_H
#define GPM_RELAY_COPY_H

#include "buf.h"
#include "context.h"
#include "relay_books.h"

/* A worker's room: an object of up to RELAY_MEMORY bytes is held in memory, a larger one in a temporary file. */
#define RELAY_MEMORY ((uint64_t)64 << 20)
struct relay_room {
	struct buf memory;
	int fd;            /* -1: there is none yet */
};
void relay_room_init(struct relay_room *);
void relay_room_release(struct relay_room *);

/* relay_copy(p, from, books, room, object, e): nothing is put before all of it was compared with OBJECT's size and hash; where that is
 * not known, it is after.  P's store is the destination.  An object that the source lacks is looked for there.
 * 1 it is there and noted, 0 neither has it, -1. */
int relay_copy(struct push *, struct store *from, struct relay_books *, struct relay_room *, struct relay_object *, struct err *) GPM_NODISCARD;

#endif
