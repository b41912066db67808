/* tidy.h -- before a run is sealed: objects that nothing will name are removed, those that the journal
 * names are there. */
#ifndef GPM_TIDY_H
#define GPM_TIDY_H

#include "context.h"

struct err;

/* tidy_run(p, e): objects of attempts that do not count, of a process that died between a put and its
 * journal line, and temporary files, all below the run's folder, are removed.  An object of an attempt that
 * counts and is gone meanwhile is ERR_DIFFERS.
 * Only while the run is not sealed and its push lock is held. */
int tidy_run(struct push *, struct err *) GPM_NODISCARD;

/* tidy_parts(p, e): once the run is sealed, what its hosts said of their shares goes. */
int tidy_parts(struct push *, struct err *) GPM_NODISCARD;

/* tidy_unnamed(p, named, e): removes what stands below the run's folder and is not among NAMED, keys below it. */
struct keyset;
int tidy_unnamed(struct push *, struct keyset *named, struct err *) GPM_NODISCARD;

#endif
