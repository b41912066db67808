/* chunks.h -- the chunks of a run, from the export's journal to the workers that store them. */
#ifndef GPM_CHUNKS_H
#define GPM_CHUNKS_H

#include "context.h"

struct err;

/* chunks_send(p, e): stores what the export of the run under way has journalled and is not stored, until its journal says nothing new, or
 * with --follow until the export is complete. */
int chunks_send(struct push *, struct err *) GPM_NODISCARD;

#endif
