/* business_results.h -- the results of --checks at the source. */
#ifndef GPM_BUSINESS_RESULTS_H
#define GPM_BUSINESS_RESULTS_H

#include "business.h"
#include "state.h"

/* business_results(b, db, state, e): each query of B in the snapshot that DB's session is in, and what it gives as the run's schema/checks.json.
 * The first that fails ends it: nothing else was read yet. */
int business_results(struct business *, struct db *, struct state *, struct err *) GPM_NODISCARD;

#endif
