/* adapt_kin.h -- which table is a partition of which, and which index is on which partition, as a schema's statements say it; and what
 * a statement is about. */
#ifndef GPM_ADAPT_KIN_H
#define GPM_ADAPT_KIN_H

#include "sqlsplit.h"

struct adapt_kin;

struct adapt_kin *adapt_kin_new(void) GPM_NODISCARD;
void adapt_kin_free(struct adapt_kin *); /* NULL is fine */

/* adapt_kin_see(k, s): S comes next in the text. */
void adapt_kin_see(struct adapt_kin *, const struct sql_statement *);

/* adapt_kin_above(k, name, index): the table that NAME ("sales"."orders_2024") is a partition of, or *INDEX: an index on; NULL: of none
 * that is known. */
const char *adapt_kin_above(const struct adapt_kin *, const char *name, bool *index);

/* adapt_about(s): the table that S says something of or makes an index, a trigger or the like on, or the index that S says something of, in the
 * spelling of adapt_kin_above; NULL when it is neither's.  The caller frees. */
char *adapt_about(const struct sql_statement *) GPM_NODISCARD;

#endif
