/* repeat.h -- may a statement of a schema be done a second time? */
#ifndef GPM_REPEAT_H
#define GPM_REPEAT_H

#include "sqlsplit.h"

/* repeat_is_safe(s): S says how something is to be (OWNER TO, SET DEFAULT, COMMENT, GRANT, CREATE OR REPLACE …), so that doing it again changes
 * nothing; false when it makes something, which would be there already, and for what is not known. */
bool repeat_is_safe(const struct sql_statement *);

#endif
