/* target.h -- for whom a run is stored: which ways of loading it stay open, and how its objects must look for
 * them.  One table says it all; what it gave is pinned in the run. */
#ifndef GPM_TARGET_H
#define GPM_TARGET_H

#include "record.h"
#include "stage.h"

struct err;
struct target;

/* target_choose(name, compress, encrypt, out, how, e): the target of that name (--for), and how its objects are
 * compressed: as COMPRESS says, or when that is NULL as suits the target.  ERR_USAGE for a name that is none,
 * and when the target cannot read what COMPRESS, or ENCRYPT, makes. */
int target_choose(const char *name, const char *compress, bool encrypt, const struct target **out, struct compression *how,
    struct err *) GPM_NODISCARD;

/* target_describe(t, push): the fields target and methods of an empty PUSH. */
void target_describe(const struct target *, struct rec_push *);

#endif
