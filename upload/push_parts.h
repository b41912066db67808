/* push_parts.h -- gpm-push for runs that several hosts store: --host-part and --seal. */
#ifndef GPM_PUSH_PARTS_H
#define GPM_PUSH_PARTS_H

#include "context.h"

struct err;

/* push_host_part(p, e): what P->part has of every run of the bucket that is not sealed, or of --run.  ERR_TEMPORARY while
 * gpm-export may still have more for it; with --follow it stays until then.
 * push_seal(p, e): seal every run whose parts are there, or --run.
 * Their own journals are in folders of --spool, so that it can be one that gpm-export uses. */
int push_host_part(struct push *, struct err *) GPM_NODISCARD;
int push_seal(struct push *, struct err *) GPM_NODISCARD;

#endif
