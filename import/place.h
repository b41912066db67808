/* place.h -- where a batch lies in a bucket, for databases that read buckets themselves.
 *
 * They read a folder, whatever is in it, and check little: so the folder is compared with the manifest before. */
#ifndef GPM_PLACE_H
#define GPM_PLACE_H

#include "find.h"

struct err;
struct opts;

struct place {
	char *server;    /* HOST[:PORT], as the database's hosts reach it: --server-endpoint, or what we use */
	bool tls;        /* it is spoken to by HTTPS */
	char *region;
	char *bucket;
	char *prefix;    /* of the runs: "", or ending with '/' */
};

/* place_find(opts, run, out, e): ERR_USAGE when RUN is in no bucket, or in one that such a database cannot name. */
int place_find(const struct opts *, const struct run *, struct place *out, struct err *) GPM_NODISCARD;
void place_release(struct place *);

/* place_folder(p, run, chunk): the folder of CHUNK's batch, from the bucket on, ending with '/'; the caller frees. */
char *place_folder(const struct place *, const struct run *, const struct rec_chunk *) GPM_NODISCARD;

/* place_compare(run, chunks, n, e): the batch's folder holds these objects, of these sizes, and no other; CHUNKS are all of
 * the batch, in their order.  ERR_DIFFERS names the first that is not so. */
int place_compare(const struct run *, const struct rec_chunk *const *chunks, size_t n, struct err *) GPM_NODISCARD;

#endif
