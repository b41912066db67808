/* base.h -- an earlier run of the bucket, whose objects need not be stored again.
 *
 * A chunk of the run under way that would become the very bytes of one of its objects (SHA-256 and size) is named by that object instead. Its tables' manifests
 * are read one by one, as they are needed, and kept: about 200 bytes for each of their chunks. */
#ifndef GPM_BASE_H
#define GPM_BASE_H

#include "record.h"
#include "store.h"

struct base;
struct err;

/* base_choose(store, wanted, header, id, out, e): the run that WANTED names: an id, or "latest": the newest sealed one of the same database that is
 * older than run ID, whose run record is HEADER.  1: *OUT, which base_open gives; 0: there is none; ERR_NO_RUN when one was named that is not sealed. A damaged
 * one is passed over by "latest", with a warning. */
int base_choose(struct store *, const char *wanted, const struct rec_run *header, const char *id, struct base **out, struct err *) GPM_NODISCARD;

/* base_open(store, id, out, e): run ID, sealed. */
int base_open(struct store *, const char *id, struct base **out, struct err *) GPM_NODISCARD;
void base_close(struct base *); /* NULL is fine */

const struct rec_push *base_push(const struct base *); /* how it is stored */

/* base_runs(b, out): ID, and the runs that it refers to itself; the caller frees them (record_free_fields of a push record). */
void base_runs(const struct base *, struct strings *out);

/* base_find(b, label, sha256, size, key, run, e): does a chunk of the table with that label (but for its number) have these bytes?  1: KEY below
 * the folder of RUN, both B's; 0; -1.  From any thread. */
int base_find(struct base *, const char *label, const unsigned char sha256[32], uint64_t size, const char **key, const char **run,
    struct err *) GPM_NODISCARD;

/* base_chunks(b, table, fn, ctx, e): all chunks of B's table of that number, in order, each with the run in whose folder its object is,
 * B's; C's content may be taken.  Nothing is kept of them.  ERR_DIFFERS when there is no such table, or its manifest is not as it should be. */
typedef int base_chunk_fn(void *ctx, struct rec_chunk *c, const char *run, struct err *);
int base_chunks(struct base *, uint64_t table, base_chunk_fn *, void *ctx, struct err *) GPM_NODISCARD;

#endif
