/* ledger_internal.h -- what the files of the ledger share. */
#ifndef GPM_LEDGER_INTERNAL_H
#define GPM_LEDGER_INTERNAL_H

#include "ledger.h"

/* ledger_note_table(db, run, t, before, e): RUN has entered T. */
int ledger_note_table(struct db *, const char *run, const struct rec_table *, uint64_t before, struct err *) GPM_NODISCARD;

/* ledger_check_triggers(db, t, e): ERR_DATABASE when some would fire on the rows. */
int ledger_check_triggers(struct db *, const struct rec_table *, struct err *) GPM_NODISCARD;

/* --- ledger_again.c: tables that a load has come to before --- */

/* ledger_check_same(db, run, t, replace, before, e): is T still the table that RUN entered, with *BEFORE rows in it, and does it hold what RUN loaded into it?
 * ERR_DATABASE when it was made anew or emptied since.  One that was made anew and is empty RUN enters again, *BEFORE is 0 then, under REPLACE or
 * when RUN had loaded nothing into the other one.  No session loads T meanwhile. */
int ledger_check_same(struct db *, const char *run, const struct rec_table *, bool replace, uint64_t *before, struct err *) GPM_NODISCARD;

/* ledger_loaded(db, run, table, rows, e): what RUN has loaded into its table of that number. */
int ledger_loaded(struct db *, const char *run, uint64_t table, uint64_t *rows, struct err *) GPM_NODISCARD;

/* ledger_enter_emptied(db, run, t, own, loaded_only, e): in one transaction, beside which nobody reads or writes T: its rows go, with all that the ledger says
 * of them, whichever run loaded them, and RUN has entered it.  LOADED_ONLY: ERR_DATABASE, and nothing goes, when T is not the relation that runs
 * loaded, or holds not exactly as many rows as they loaded into it.  ledger_enter_empty: the same for a table without rows; one that has some is ERR_DATABASE. */
int ledger_enter_emptied(struct db *, const char *run, const struct rec_table *, const struct keyset *own, bool loaded_only, struct err *) GPM_NODISCARD;
int ledger_enter_empty(struct db *, const char *run, const struct rec_table *, struct err *) GPM_NODISCARD;

#endif
