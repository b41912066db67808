/* unchecked.h -- tables whose rows came past our own eyes: a database read the objects itself, their number was
 * compared, and nobody looked at their content.  Kept as steps of the run (FORMAT.md, "Ledger"). */
#ifndef GPM_UNCHECKED_H
#define GPM_UNCHECKED_H

#include "db.h"

struct err;

#define UNCHECKED_STEP "unchecked %" PRIu64 " " /* a table's number; a batch's follows */

/* unchecked_note(db, run, table, batch, e): in the transaction that loads the batch. */
int unchecked_note(struct db *, const char *run, uint64_t table, uint64_t batch, struct err *) GPM_NODISCARD;

/* unchecked_any(db, run, e): is there such a table in the run?  1, 0 also where there is no ledger, -1. */
int unchecked_any(struct db *, const char *run, struct err *) GPM_NODISCARD;

/* unchecked_is(db, run, table, e): 1, 0, -1; after unchecked_any said 1. */
int unchecked_is(struct db *, const char *run, uint64_t table, struct err *) GPM_NODISCARD;

/* unchecked_settle(db, run, table): all rows of the table were compared.  Who may not write the ledger leaves it. */
void unchecked_settle(struct db *, const char *run, uint64_t table);

#endif
