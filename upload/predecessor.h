/* predecessor.h -- which run of the same source a run follows. */
#ifndef GPM_PREDECESSOR_H
#define GPM_PREDECESSOR_H

#include "context.h"

struct err;

/* predecessor_find(p, e): the newest sealed run in the spool that is older than the one under way and of the same
 * database, with the SHA-256 of its root manifest as this host stored it, into p->view.header.  Fields that the export filled
 * stay; none is found where the spool has forgotten.  The bucket is not asked: it is not to be believed. */
int predecessor_find(struct push *, struct err *) GPM_NODISCARD;

#endif
