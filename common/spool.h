/* spool.h -- the local folder that holds runs between export and push (FORMAT.md, "Spool").
 *
 *   <spool>/<run>/export.jsonl, push.jsonl      journals
 *   <spool>/<run>/export.lock, push.lock        held by flock while a tool works on the run
 *   <spool>/<run>/schema/…, data/…              as in the bucket, uncompressed
 */
#ifndef GPM_SPOOL_H
#define GPM_SPOOL_H

#include "runid.h"

struct err;
struct spool;      /* the folder */
struct spool_run;  /* one run in it */

/* spool_open(dir, create, out, e): DIR must exist unless CREATE. */
int spool_open(const char *dir, bool create, struct spool **out, struct err *) GPM_NODISCARD;
void spool_close(struct spool *); /* NULL is fine; drops its lock */
const char *spool_dir(const struct spool *);

/* spool_lock(s, e): for the moment in which an export decides which run to go on with. Waits. */
int spool_lock(struct spool *, struct err *) GPM_NODISCARD;
void spool_unlock(struct spool *);

/* spool_lock_group(s, e): held by an export of all databases from its first run to its end, until spool_close; ERR_LOCKED when another
 * holds it.  spool_group_goes_on(s): does one? */
int spool_lock_group(struct spool *, struct err *) GPM_NODISCARD;
bool spool_group_goes_on(struct spool *);

/* spool_runs(s, out, n, e): ids of the runs, oldest first; the caller frees *OUT. */
typedef char spool_id[RUNID_LEN + 1];
int spool_runs(struct spool *, spool_id **out, size_t *n, struct err *) GPM_NODISCARD;

/* spool_rows_size(s, run, bytes, e): of all files of rows in the spool, but for those that RUN has not closed
 * (".part"), which their writer knows about. */
int spool_rows_size(struct spool *, const char *run, uint64_t *bytes, struct err *) GPM_NODISCARD;

/* spool_run_open(s, id, create, out, e): a handle; the folder must exist unless CREATE. */
int spool_run_open(struct spool *, const char *id, bool create, struct spool_run **out, struct err *) GPM_NODISCARD;
void spool_run_close(struct spool_run *); /* NULL is fine; drops its locks */
const char *spool_run_id(const struct spool_run *);

/* spool_run_lock(r, who, e): take <who>.lock ("export" or "push"); ERR_LOCKED when another process
 * holds it.  Dropped at close, and by the kernel when the process dies. */
int spool_run_lock(struct spool_run *, const char *who, struct err *) GPM_NODISCARD;

/* spool_run_path(r, key): "<spool>/<run>/<key>"; the caller frees. */
char *spool_run_path(const struct spool_run *, const char *key) GPM_NODISCARD;

/* spool_run_make_dirs(r, key, e): the folders that KEY's file needs, durable.
 * spool_run_begin_dirs: the same without any sync; spool_run_sync_dirs makes the names of all of them durable, but for
 * the first below the run, which must have been there.  A sync after the file was made costs a journalling
 * file system next to nothing, one in between a write of its journal. */
int spool_run_make_dirs(struct spool_run *, const char *key, struct err *) GPM_NODISCARD;
int spool_run_begin_dirs(struct spool_run *, const char *key, struct err *) GPM_NODISCARD;
int spool_run_sync_dirs(struct spool_run *, const char *key, struct err *) GPM_NODISCARD;

/* spool_run_remove(r, key, e): a file or folder of the run with all in it; absent is fine. */
int spool_run_remove(struct spool_run *, const char *key, struct err *) GPM_NODISCARD;

#endif
