/* gather.h -- the parts of a run that several hosts stored, joined: its export and push journals, as one host alone would
 * have written them. */
#ifndef GPM_GATHER_H
#define GPM_GATHER_H

#include "context.h"

struct err;

/* gather_run(p, e): into P->run, an empty folder.  Only when the export is complete and every piece of every table is there
 * once, its chunks add up to it, and the pieces to as many rows as the export counted.  What is missing is
 * told by table, piece and host, and then it is ERR_TEMPORARY; what does not add up is ERR_DIFFERS.
 * Sets P->how.  P->view is as part_read_export leaves it, and is to be read again. */
int gather_run(struct push *, struct err *) GPM_NODISCARD;

#endif
