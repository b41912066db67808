/* patience.h -- waiting for gpm-export: gpm-push --follow. */
#ifndef GPM_PATIENCE_H
#define GPM_PATIENCE_H

struct err;
struct opts;
struct patience;

/* patience_new(opts): for --wait, told of once a --progress-interval. */
struct patience *patience_new(const struct opts *) GPM_NODISCARD;
void patience_free(struct patience *); /* NULL is fine */

/* patience_wait(p, what, e): a short while, for WHAT ("rows of run …").  ERR_TEMPORARY when nothing was got for
 * --wait, ERR_STOPPED after a signal. */
int patience_wait(struct patience *, const char *what, struct err *) GPM_NODISCARD;

/* patience_got(p): something came; the clock starts anew. */
void patience_got(struct patience *);

#endif
