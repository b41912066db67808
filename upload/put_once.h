/* put_once.h -- an object that is never replaced: gpm-push --write-once. */
#ifndef GPM_PUT_ONCE_H
#define GPM_PUT_ONCE_H

#include "store.h"

struct err;

/* put_once(store, key, body, e): as store_put, where nothing is; what is there already has to be the same bytes, which
 * are read.  ERR_DIFFERS when they are not. */
int put_once(struct store *, const char *key, const struct store_body *, struct err *) GPM_NODISCARD;

#endif
