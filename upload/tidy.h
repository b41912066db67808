/* tidy.h -- objects of a run that nothing will name: removed before the run is sealed. */
#ifndef GPM_TIDY_H
#define GPM_TIDY_H

#include "context.h"

struct err;

/* tidy_run(p, e): objects of attempts that do not count, of a process that died between a put and its
 * journal line, and temporary files, all below the run's folder.  Only while the run is not
 * sealed and its push lock is held. */
int tidy_run(struct push *, struct err *) GPM_NODISCARD;

#endif
