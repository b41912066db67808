/* sealed_run.h -- the sealed runs that a spool remembers, from their journals alone. */
#ifndef GPM_SEALED_RUN_H
#define GPM_SEALED_RUN_H

#include "record.h"
#include "spool.h"

struct err;

struct sealed_run {
	spool_id id;
	struct rec_run header;
	struct rec_push push;    /* how it is stored */
	char sha256[65];         /* of its root manifest, in hex, as this host stored it */
};

/* sealed_run_find(spool, source, before, out, e): the newest one of SOURCE's server and database whose id is before BEFORE (NULL: any).
 * 1: the caller sealed_run_releases OUT; 0: the spool knows of none; -1. A run whose journals cannot be read is one of which nothing is known. */
int sealed_run_find(struct spool *, const struct rec_run *source, const char *before, struct sealed_run *out, struct err *) GPM_NODISCARD;

/* sealed_run_look(spool, source, id, out): the same of the run ID alone. */
bool sealed_run_look(struct spool *, const struct rec_run *source, const char *id, struct sealed_run *out) GPM_NODISCARD;

void sealed_run_release(struct sealed_run *); /* fine on a zeroed one */

#endif
