/* schema_step.h -- what a statement of the schema is called in gpm.steps (FORMAT.md, "Ledger"). */
#ifndef GPM_SCHEMA_STEP_H
#define GPM_SCHEMA_STEP_H

#include "sqlsplit.h"

/* schema_step_number(section, s): "pre-data:17", or "pre-data:17.3" where one became several; the caller frees. */
char *schema_step_number(const char *section, const struct sql_statement *) GPM_NODISCARD;

/* schema_step_hash(s, hex): by which a later run knows that the statement was done; returns HEX. */
#define SCHEMA_STEP_HASH_LEN 33
const char *schema_step_hash(const struct sql_statement *, char hex[SCHEMA_STEP_HASH_LEN]);

/* schema_step(section, s): the whole line: number, hash, and what it makes (made.h), if that is known; the caller frees. */
char *schema_step(const char *section, const struct sql_statement *) GPM_NODISCARD;

#endif
