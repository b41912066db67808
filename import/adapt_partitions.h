/* adapt_partitions.h -- the partitions of a CREATE TABLE as Greenplum 4 to 6 write them: one clause, all levels.
 * Shared by adapt_*.c only. */
#ifndef GPM_ADAPT_PARTITIONS_H
#define GPM_ADAPT_PARTITIONS_H

#include "adapt_rules.h"

#define PARTITION_LEVELS 16

/* PARTITION BY … SUBPARTITION BY …: tokens. */
struct clause {
	size_t at, end;        /* all of it */
	struct level {
		bool list;
		size_t keys;   /* '(' of the columns */
	} levels[PARTITION_LEVELS];
	size_t nlevels;
	size_t elements;       /* '(' of the first level's partitions */
};

/* clause_read(w, at, out): false when it is not of this kind: PostgreSQL's own PARTITION BY, or nothing that is known. */
bool clause_read(const struct work *, size_t at, struct clause *out);

/* One partition. */
struct element {
	bool is_default;
	size_t values;         /* '(' of VALUES, or 0 */
	size_t start, stop;    /* '(' of START and END, or 0 */
	bool start_exclusive, stop_inclusive;
	size_t start_how, stop_how; /* the words EXCLUSIVE and INCLUSIVE, or 0 */
	size_t with, space;    /* '(' of WITH, the name behind TABLESPACE, or 0 */
	size_t below;          /* '(' of its own partitions, or 0 */
	char *table;           /* its table's name; NULL when it has none */
};

/* element_read(w, i, out): the partition that begins at I; returns where the next one begins, or the ')' behind the last; 0 when it
 * cannot be read.  The caller frees OUT's table in any case. */
size_t element_read(const struct work *, size_t i, struct element *out);

/* --- bounds (adapt_bounds.c) --- */

/* bound_next(w, key, open, out): the value behind that at OPEN, '(' of an expression, in the order of column KEY, as an
 * expression; false when there is none that can be named. */
bool bound_next(const struct work *, const char *key, size_t open, struct buf *out);

/* bound_needs_rewrite(w, key): Greenplum 7 does not step over a value of this type itself, as it does with whole numbers and times. */
bool bound_needs_rewrite(const struct work *, const char *key);

/* --- what cannot be declared (adapt_inherits.c) --- */

/* inherits_check(w, l, el, out): what holds for all rows of EL, a partition by L, as a condition; nothing of the default one. */
bool inherits_check(const struct work *, const struct level *l, const struct element *el, struct buf *out);

#endif
