/* units.h -- partitions whose rows went through a root: there they cannot be told apart, so the root is what is compared. */
#ifndef GPM_UNITS_H
#define GPM_UNITS_H

#include "find.h"

/* A partition, as far as its line of the verdict needs it. */
struct unit_part {
	struct rec_manifest line;  /* its names are copies, its key is NULL */
};

/* A root, and the sums over its partitions. */
struct unit {
	struct rec_table root;     /* tree; encoding and columns of the first partition */
	uint64_t rows, plain_bytes, before;
	struct digest digest;
	bool lacks;                /* some of its partitions are not loaded: nothing can be said of it */
	bool orders_differ;        /* the partitions do not have the same columns in one order: their digests have no sum that says something */
	struct unit_part *parts;
	size_t nparts;
};

struct units {
	struct unit *at;
	size_t len;
};

/* units_add(u, line, t, before): T, of which BEFORE is noted, is a part of its root.  Copies what it keeps. */
void units_add(struct units *, const struct rec_manifest *line, const struct run_table *t, uint64_t before);
/* units_lack(u, t): T is a part that is not loaded, or not whole. */
void units_lack(struct units *, const struct run_table *t);
void units_release(struct units *);

#endif
