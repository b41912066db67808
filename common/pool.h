/* pool.h -- N worker threads and a short queue of jobs. */
#ifndef GPM_POOL_H
#define GPM_POOL_H

struct err;
struct pool;

/* Does one job; WORKER is 0 … n-1, always the same thread.  Owns JOB.  A return of -1 stops the
 * whole pool: no further job is begun.  A trouble that only concerns the job is the function's own
 * to note. */
typedef int pool_fn(void *ctx, unsigned worker, void *job, struct err *);

/* pool_start(n, fn, drop, ctx): the queue holds N jobs that wait.  DROP frees a job that is never
 * begun; NULL when there is nothing to free. */
struct pool *pool_start(unsigned n, pool_fn *, void (*drop)(void *job), void *ctx) GPM_NODISCARD;

/* pool_put(p, job, e): waits while the queue is full.  Takes JOB in any case.  -1 when the pool was
 * stopped: the error of the worker that did it, or ERR_STOPPED after a signal. */
int pool_put(struct pool *, void *job, struct err *) GPM_NODISCARD;

/* pool_finish(p, e): waits for all jobs, ends the threads, frees P.  -1: the first error. */
int pool_finish(struct pool *, struct err *) GPM_NODISCARD;

/* pool_abort(p): as pool_finish, but waiting jobs are dropped.  NULL is fine. */
void pool_abort(struct pool *);

#endif
