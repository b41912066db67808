/* fits.h -- is a table of the destination as a run has it? */
#ifndef GPM_FITS_H
#define GPM_FITS_H

#include "db.h"
#include "record.h"

struct err;

/* fits_check(db, t, e): names of columns, and types as far as this server has them; no partition where the run has none.  ERR_DATABASE, naming no table, says what is different. */
int fits_check(struct db *, const struct rec_table *t, struct err *) GPM_NODISCARD;

#endif
