/* anew.h -- a table that earlier runs made and filled, or a view, taken away, so that it can be made as a newer run has it. */
#ifndef GPM_ANEW_H
#define GPM_ANEW_H

#include "db.h"
#include "find.h"
#include "keyset.h"

struct err;

struct anew {
	struct db *db;
	struct run *run;
	const struct keyset *made;   /* things (made.h) that runs of this source made here */
	const struct keyset *things; /* that this run's schema makes before the rows */
	bool gone;                   /* --drop-gone: what the run does not have may go, too */
};

/* anew_drop(a, thing, e): a table, with its partitions and with views of and foreign keys to it that runs made; or a view, with views of it. All or
 * nothing, in one transaction beside which nobody reads or writes it. ERR_DATABASE, naming no table, and nothing goes, unless all of this holds: runs
 * made it; every table is the relation that runs loaded, with exactly as many rows; RUN brings all rows of each, or has it no more and GONE is
 * said; nothing else depends on them. */
int anew_drop(const struct anew *, const char *thing, struct err *) GPM_NODISCARD;

#endif
