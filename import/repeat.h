/* repeat.h -- may a statement of a schema be done a second time, and what when what it makes is there already? */
#ifndef GPM_REPEAT_H
#define GPM_REPEAT_H

#include "sqlsplit.h"

/* repeat_is_safe(s): S says how something is to be (OWNER TO, SET DEFAULT, COMMENT, GRANT, CREATE OR REPLACE …), so that doing it again changes
 * nothing; false when it makes something, which would be there already, and for what is not known. */
bool repeat_is_safe(const struct sql_statement *);

/* repeat_is_there(sqlstate): a statement failed because what it makes is there already.
 * repeat_stays(s): S makes what holds rows, or what other things are made in or of, so that nobody should drop it for another try. */
bool repeat_is_there(const char *sqlstate);
bool repeat_stays(const struct sql_statement *);

#endif
