/* pieces.h -- files that segments, or a gpfdist, wrote on this host: cut into chunks of whole rows, stored, removed. */
#ifndef GPM_PIECES_H
#define GPM_PIECES_H

#include "context.h"

struct err;

/* pieces_store(p, e): every piece of P->part that the view knows to be finished and that is not stored yet, then the part
 * itself (part.h).  P->opts says in which folders the files are.
 *
 * Chunks end where FORMAT.md says, so that a piece that was begun goes on behind its last stored chunk; what is
 * stored of it must still be what the file holds.  A file is removed when all of it is stored, unless P->keep; what
 * attempts that do not count left behind is removed as well.
 * A file that is missing or torn is told by name, the others are stored, and then it is ERR_DIFFERS. */
int pieces_store(struct push *, struct err *) GPM_NODISCARD;

#endif
