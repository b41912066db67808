/* seal.h -- manifests last: what makes a run loadable. */
#ifndef GPM_SEAL_H
#define GPM_SEAL_H

#include "context.h"

struct err;

/* seal_run(p, e): when the export is complete and every chunk stored: remove objects of attempts that
 * do not count, store the schema, the table manifests, SHA256SUMS, and at last the root manifest.
 * May be repeated after a death: it writes the same bytes again. */
int seal_run(struct push *, struct err *) GPM_NODISCARD;

/* seal_read(p, e): the export's journal, whose chunks are all stored already, into P->view. */
int seal_read(struct push *, struct err *) GPM_NODISCARD;

/* seal_tell(p): what was sealed, for the user. */
void seal_tell(struct push *);

/* seal_find(p, e): 1 when the bucket holds this run's root manifest (a push that died just after
 * writing it, or a push of a copied spool), 0, -1.
 * seal_found(p, e): then: it is checked, compared with the export's sums, and journalled. */
int seal_find(struct push *, struct err *) GPM_NODISCARD;
int seal_found(struct push *, struct err *) GPM_NODISCARD;

#endif
