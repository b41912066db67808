/* find.h -- which run, and is it whole: runs in the bucket and their root manifests. */
#ifndef GPM_FIND_H
#define GPM_FIND_H

#include "manifest.h"
#include "progress.h"

struct err;
struct opts;

/* A sealed run whose root manifest was read and checked: its own hash, its run id against the
 * folder's name, its sums against its lines, its signature against the key that it names. */
struct run {
	char id[RUNID_LEN + 1];
	struct store *store;       /* not owned */
	struct manifest *root;
	struct rec_run header;
	struct rec_push push;
	struct master_key *master_key; /* of --encrypt-key, the one that the run names; else NULL */
};

/* Runs of the bucket, oldest first, sealed or not. */
struct found_run {
	char id[RUNID_LEN + 1];
	bool sealed;
};
int find_runs(struct store *, struct found_run **out, size_t *n, struct err *) GPM_NODISCARD;

/* run_open(store, id, out, e): ERR_NO_RUN when there is no sealed run of that id. */
int run_open(struct store *, const char *id, struct run **out, struct err *) GPM_NODISCARD;
void run_close(struct run *); /* NULL is fine */

/* find_run(store, opts, out, e): --run, or the latest sealed one, of --database where that is given.  Without either, sealed runs of
 * several databases are an error that names them: which one is meant cannot be guessed.  An older run
 * that cannot be read is told and passed over; when the newest one cannot, that is the error.  With
 * --trusted-keys a run that none of them signed counts as one that cannot be read.  With --encrypt-key the run
 * has to be encrypted by that key. */
int find_run(struct store *, const struct opts *, struct run **out, struct err *) GPM_NODISCARD;

/* run_need_key(run, e): ERR_CREDENTIALS when the run is encrypted and --encrypt-key was not given. */
int run_need_key(const struct run *, struct err *) GPM_NODISCARD;

/* run_key(run, key): "<run>/<key>"; the caller frees. */
char *run_key(const struct run *, const char *key) GPM_NODISCARD;

/* run_chunk_key(run, c): "<run>/<key>" of a chunk's object, which may be in the folder of an earlier run; the caller frees. */
char *run_chunk_key(const struct run *, const struct rec_chunk *) GPM_NODISCARD;

/* run_chunk_context(run, c, e): put that key before E's text; -1. */
int run_chunk_context(const struct run *, const struct rec_chunk *, struct err *);

/* run_each(run, type, fn, ctx, e): the root manifest's records of one type, in their order. */
typedef int run_each_fn(void *ctx, struct record *, struct err *);
int run_each(struct run *, enum record_type, run_each_fn *, void *ctx, struct err *) GPM_NODISCARD;

/* run_expect(run, progress, e): its tables' plain bytes are what is to be done. */
int run_expect(struct run *, struct progress *, struct err *) GPM_NODISCARD;

/* One table of a run, its manifest checked against the root's line, its chunks in order and adding up. */
struct run_table {
	const struct run *run;
	struct rec_table table;
	struct rec_done done;
	struct manifest *manifest; /* run_table_chunk reads on in it */
	unsigned users;
};
int run_table_open(struct run *, const struct rec_manifest *line, struct run_table **out, struct err *) GPM_NODISCARD;
/* run_table_share(t): one more user, in any thread; returns T.  The last run_table_close frees it. */
struct run_table *run_table_share(struct run_table *);
void run_table_close(struct run_table *); /* NULL is fine */

/* run_table_chunk(t, out, e): 1 and the next chunk, 0 at the end, -1.  Keys are checked. */
int run_table_chunk(struct run_table *, struct rec_chunk *out, struct err *) GPM_NODISCARD;

#endif
