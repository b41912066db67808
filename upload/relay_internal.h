/* relay_internal.h -- what relay.c and relay_run.c share. */
#ifndef GPM_RELAY_INTERNAL_H
#define GPM_RELAY_INTERNAL_H

#include <pthread.h>

#include "context.h"
#include "keyset.h"
#include "pool.h"
#include "relay_copy.h"

struct manifest;

struct relay {
	struct push p;            /* whose store is the destination */
	struct store *from;
	struct relay_books *books;
	struct relay_room *rooms; /* one a worker */
	struct pool *pool;
	struct keyset *named;     /* keys that the run's manifests name; NULL while there is no root manifest */
	pthread_mutex_t mutex;    /* over what follows, of the run under way */
	uint64_t objects, bytes;  /* that were put */
	uint64_t missing, damaged;
	char *first_missing;
};

/* relay_run_id(r): of the run under way. */
const char *relay_run_id(const struct relay *);

/* relay_bring_run(r, root, e): all that ROOT, the root manifest of the run under way, names, and then itself.
 * relay_bring_what_is_here(r, e): of a run in volumes whose root manifest is on another disk; never 0: ERR_LIMIT when all went well.
 * ERR_DIFFERS when something was damaged, ERR_LIMIT when it is in volumes that are not here: the rest was brought over. */
int relay_bring_run(struct relay *, struct manifest *root, struct err *) GPM_NODISCARD;
int relay_bring_what_is_here(struct relay *, struct err *) GPM_NODISCARD;

#endif
