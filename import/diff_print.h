/* diff_print.h -- rows that one side has and the other has not, for people. */
#ifndef GPM_DIFF_PRINT_H
#define GPM_DIFF_PRINT_H

#include "record.h"
#include "rowset.h"

struct differences {
	const struct rec_table *table;
	char **keys;                        /* of the chunks, by the rows' numbers */
	const struct rowset_row **missing;  /* the source has them */
	size_t nmissing;
	const struct rowset_row **extra;    /* this server has them */
	size_t nextra;
	size_t most;                        /* rows that are shown */
};

/* diff_print(d): on stdout.  A missing row and an extra one that agree in half of their columns or more are one row that
 * was changed, and its columns that differ stand side by side.  Control characters are spelt, long values cut. */
void diff_print(const struct differences *);

#endif
