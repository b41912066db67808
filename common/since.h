/* since.h -- rows of a table that only grows, from some value of a column on. */
#ifndef GPM_SINCE_H
#define GPM_SINCE_H

#include "record.h"

/* since_filter(column, value): the condition of the rows behind VALUE, 'WHERE "column" > ''value'''; the caller frees.  Both are quoted; the value is
 * read as the column's type.  Rows without a value are not behind it. */
char *since_filter(const char *column, const char *value) GPM_NODISCARD;

/* since_is(t): T is of that kind, and its filter is just what its column and value make. */
bool since_is(const struct rec_table *);

#endif
