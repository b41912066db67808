/* lookback_internal.h -- what the files of lookback share. */
#ifndef GPM_LOOKBACK_INTERNAL_H
#define GPM_LOOKBACK_INTERNAL_H

#include "keyset.h"
#include "lookback.h"
#include "made.h"
#include "schema_step.h"

#define LOOKBACK_DEEPEST 100 /* levels of partitions: the text may say that two tables are partitions of each other */
#define TABLE "table "
#define PARTITION "partition "

/* A statement of the section. */
struct seen {
	char *number;          /* in gpm.steps */
	char hash[SCHEMA_STEP_HASH_LEN];
	struct made made;
	bool safe;             /* it says how something is to be */
};

/* A table of the run and what it is a partition of, both as things. */
struct part {
	char *table, *above;
};

struct lookback {
	const struct opts *opts;
	struct run *run;
	struct adapter *adapter; /* of our own, for it remembers */
	struct findings *findings;
	struct seen *at;       /* of the section */
	size_t n;
	struct part *parts;    /* by table, once pre-data was seen */
	size_t nparts;
	struct keyset *roots;  /* what they are partitions of */
	struct keyset *things; /* that the run makes, as far as it was seen */
	struct keyset *known;  /* hashes of what other runs did in the section */
	struct keyset *missing; /* numbers of what has to be done again */
	struct keyset *away;   /* of indexes of partitions that are elsewhere: what attaches them, as a thing */
	struct keyset *made;   /* things that runs of this source made here; NULL before it is asked */
	struct keyset *differs; /* tables */
	struct keyset *here;   /* things */
	struct keyset *anew;   /* roots that were not here when this run began to make them */
};

/* lookback_above(l, table): what TABLE is a partition of in the run, both as things; NULL: of nothing. */
const char *lookback_above(const struct lookback *, const char *table);

/* lookback_is_new(l, s, done): S makes something, and was done here neither by another run nor, DONE, by this one. */
bool lookback_is_new(const struct lookback *, const struct seen *, const struct keyset *done);

/* --- lookback_way.c --- */

/* lookback_clear(l, db, done, e): tables and views that the run has otherwise, or not any more, go before anything is made, or are told. */
int lookback_clear(struct lookback *, struct db *, const struct keyset *done, struct err *) GPM_NODISCARD;

/* lookback_tell_gone(l, db, e): other things that earlier runs made, that are here, and that the run does not have.  After post-data was seen. */
int lookback_tell_gone(const struct lookback *, struct db *, struct err *) GPM_NODISCARD;

#endif
