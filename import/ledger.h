/* ledger.h -- exactly once: what of a run this destination holds (FORMAT.md, "Ledger"). */
#ifndef GPM_LEDGER_H
#define GPM_LEDGER_H

#include "db.h"
#include "keyset.h"
#include "record.h"

struct err;

/* ledger_create(db, e): schema gpm and its tables, when they are not there. */
int ledger_create(struct db *, struct err *) GPM_NODISCARD;

/* ledger_is_there(db, e): 1 when all of that is there, 0, -1. */
int ledger_is_there(struct db *, struct err *) GPM_NODISCARD;

/* ledger_lock_run(db, e): one import at a time works on this database; held by the session.
 * Waits a few seconds for the server to notice that an importer died, then ERR_LOCKED. */
int ledger_lock_run(struct db *, struct err *) GPM_NODISCARD;

/* ledger_wait_lock(db, number, what, e): until no session of a dead import holds the advisory lock of that number, shared, any
 * more; WHAT is named when that takes time.  It is not held afterwards. */
int ledger_wait_lock(struct db *, const char *number, const char *what, struct err *) GPM_NODISCARD;

/* --- steps: schema statements and other things that are done once --- */

/* ledger_wait_steps(db, e): before the first schema statement: until no session of a dead import is in the middle of
 * one.  ledger_begin_step(db, e): BEGIN for one, so that it can be waited for. */
int ledger_wait_steps(struct db *, struct err *) GPM_NODISCARD;
int ledger_begin_step(struct db *, struct err *) GPM_NODISCARD;

/* ledger_has_step(db, run, step, e): 1, 0, -1.  ledger_add_step, ledger_add_steps: in the caller's transaction. */
int ledger_has_step(struct db *, const char *run, const char *step, struct err *) GPM_NODISCARD;
int ledger_add_step(struct db *, const char *run, const char *step, struct err *) GPM_NODISCARD;
int ledger_add_steps(struct db *, const char *run, char *const *steps, size_t n, struct err *) GPM_NODISCARD;

/* ledger_steps(db, run, out, e): every step of the run that is done into the set OUT, each up to its first blank: "pre-data:17" of
 * "pre-data:17 <hash>". */
int ledger_steps(struct db *, const char *run, struct keyset *out, struct err *) GPM_NODISCARD;

/* ledger_marks(db, run, begin, out, e): of the run's steps that begin with BEGIN, a word and a blank, the rest into the set OUT. */
int ledger_marks(struct db *, const char *run, const char *begin, struct keyset *out, struct err *) GPM_NODISCARD;

/* ledger_statements(db, run, section, out, e): the hashes of the statements of SECTION that other runs than RUN did here; of those that made one
 * thing the last run's. */
int ledger_statements(struct db *, const char *run, const char *section, struct keyset *out, struct err *) GPM_NODISCARD;

/* SQL: the column run is of a run of the source of that id. */
#define LEDGER_OF_SOURCE(id) "run IN (SELECT run FROM gpm.steps WHERE step LIKE 'manifest %' AND substr(step, 75) = " id ")"

/* ledger_made(db, source, out, n, e): the things (made.h) that runs of the source of that id made here; the caller frees each of *N, and the
 * array. */
int ledger_made(struct db *, const char *source, char ***out, size_t *n, struct err *) GPM_NODISCARD;

/* In the caller's transaction: ledger_forget_statements(db, run, numbers, n, e): statements that RUN did here ("pre-data:17"), that have to be done again.
 * ledger_forget_after(db, run, e): what it did after the rows, and that it was verified. */
int ledger_forget_statements(struct db *, const char *run, char *const *numbers, size_t n, struct err *) GPM_NODISCARD;
int ledger_forget_after(struct db *, const char *run, struct err *) GPM_NODISCARD;

/* Steps that failed are there too, for the report, until the next start tries them again: "failed pre-data:17 <what and why>".
 * ledger_forget_failures(db, run, section, e): those of SECTION; in a transaction of its own. */
#define LEDGER_FAILED "failed "
int ledger_forget_failures(struct db *, const char *run, const char *section, struct err *) GPM_NODISCARD;

/* ledger_make_durable(db, run, e): everything that was committed in this database is on disk when it returns 0. */
int ledger_make_durable(struct db *, const char *run, struct err *) GPM_NODISCARD;

/* --- tables and shares --- */

/* A table that holds rows, to which the run comes for the first time … */
enum ledger_entry {
	LEDGER_NEW,     /* … is refused */
	LEDGER_APPEND,  /* … is added to */
	LEDGER_REPLACE, /* … is emptied, when they are exactly what earlier runs loaded; else refused */
	LEDGER_RELOAD,  /* … is emptied, also when the run has come to it before */
};

/* ledger_enter_table(db, run, t, entry, own, before, e): before the first share of T.  Waits until no session of
 * a dead import loads T any more.  *BEFORE is the number of rows that were there when this run
 * first came to the table, 0 for one that was emptied.  Refused (ERR_DATABASE, names no table) is what ENTRY says, a table that
 * this run entered and that was made anew or emptied since, and one that would be emptied though a foreign key of a table that is not
 * among OWN (run_names.h; NULL when nothing is to be emptied) points to it. */
int ledger_enter_table(struct db *, const char *run, const struct rec_table *t, enum ledger_entry, const struct keyset *own,
    uint64_t *before, struct err *) GPM_NODISCARD;

/* ledger_keep(db, run, t, chunks, rows, next, ctx, analyzed, e): under --replace, before ledger_enter_table: does T hold just what another run has loaded, out of the very objects (SHA-256, in
 * the same order) that are T's in RUN, CHUNKS of them with ROWS?  1: its rows stay, the ledger's lines are RUN's now, and nothing is to be loaded; 0; -1.  NEXT gives RUN's
 * chunks one after the other (1, 0, -1), when they are asked for. *ANALYZED: T has statistics. Rows are counted, not compared: who has changed one in place is found by --verify content. */
typedef int ledger_next_fn(void *ctx, struct rec_chunk *out, struct err *);
int ledger_keep(struct db *, const char *run, const struct rec_table *t, uint64_t chunks, uint64_t rows, ledger_next_fn *, void *ctx,
    bool *analyzed, struct err *) GPM_NODISCARD;

/* ledger_enter_since(db, run, t, rest, again, e): the same for T of which the run has only the rows behind a value (since.h).  There may be none of
 * them here yet, and have to be REST others.  AGAIN, --reload, is refused. */
int ledger_enter_since(struct db *, const char *run, const struct rec_table *t, uint64_t rest, bool again, struct err *) GPM_NODISCARD;

/* ledger_check_rest(db, t, rest, rows, e): T holds REST rows besides ROWS behind the value? */
int ledger_check_rest(struct db *, const struct rec_table *t, uint64_t rest, uint64_t rows, struct err *) GPM_NODISCARD;

/* --- partitions whose rows go through their root (through.h) --- */

/* ledger_enter_part(db, run, t, first, entry, before, e): the same for T of which the destination has the root alone, whose name T has (tree). FIRST:
 * of the root, in this process.  Refused when the root holds rows that RUN did not load into it or its partitions, unless
 * ENTRY is to append; they are *BEFORE then, of the first part.  To replace: a root that is empty although rows were loaded through it is new to every run. To
 * reload: refused when rows of T are in the root. */
int ledger_enter_part(struct db *, const char *run, const struct rec_table *, bool first, enum ledger_entry, uint64_t *before,
    struct err *) GPM_NODISCARD;

/* ledger_root_key(schema, name): what stands for a root in the set of ledger_roots; the caller frees.
 * ledger_roots(db, run, out, n, e): the roots through which RUN's rows went into the set OUT, *N of them. */
char *ledger_root_key(const char *schema, const char *name) GPM_NODISCARD;
int ledger_roots(struct db *, const char *run, struct keyset *out, size_t *n, struct err *) GPM_NODISCARD;

/* ledger_target(db, run, table, schema, name, e): where the rows of RUN's table of that number went; 1 and both names, which the
 * caller frees; 0 when it was not entered; -1. */
int ledger_target(struct db *, const char *run, uint64_t table, char **schema, char **name, struct err *) GPM_NODISCARD;

/* ledger_other(db, run, t, other, e): RUN has not come to T, and another run has: 1, and *OTHER is that one, the caller frees; else 0. */
int ledger_other(struct db *, const char *run, const struct rec_table *, char **other, struct err *) GPM_NODISCARD;

/* ledger_check_loaded_only(db, t, e): T, which the caller has locked, is the relation that runs loaded and holds exactly as many rows; the number of
 * runs that came to it.  Else ERR_DATABASE, naming no table.
 * ledger_forget(db, t, e): what the ledger says of T, by its name, of all runs, and what hangs on that, goes, in the caller's transaction;
 * the number of entries. */
int ledger_check_loaded_only(struct db *, const struct rec_table *, struct err *) GPM_NODISCARD;
int ledger_forget(struct db *, const struct rec_table *, struct err *) GPM_NODISCARD;

/* ledger_rows_before(db, run, t, before, e): what ledger_enter_table noted; 1, 0 not entered, -1. */
int ledger_rows_before(struct db *, const char *run, const struct rec_table *t, uint64_t *before,
    struct err *) GPM_NODISCARD;

/* ledger_begin_share(db, run, t, chunks, n, last, left, nleft, e): begin a transaction, share the lock on the
 * table's name, then look the N consecutive chunks of one batch up, at least one; LAST: they are
 * the end of it.  LEFT, room for N, gets the *NLEFT ones that are not loaded; none: no transaction is left
 * open.  A chunk that was loaded from another object is ERR_DIFFERS. */
int ledger_begin_share(struct db *, const char *run, const struct rec_table *t, const struct rec_chunk *chunks,
    size_t n, bool last, const struct rec_chunk **left, size_t *nleft, struct err *) GPM_NODISCARD;

/* ledger_add_chunk(db, run, t, chunk, e): one line, in the share's transaction. */
int ledger_add_chunk(struct db *, const char *run, const struct rec_table *t, const struct rec_chunk *,
    struct err *) GPM_NODISCARD;

/* ledger_commit(db, e): COMMIT that really was one.
 * ledger_roll_back(db, e): after a failure, which E tells of; false when the connection is gone as well: that is what E tells of then,
 * unless it tells of something greater than a table's trouble. */
int ledger_commit(struct db *, struct err *) GPM_NODISCARD;
bool ledger_roll_back(struct db *, struct err *);

/* ledger_count(db, t, rows, e): rows of the table at the destination that the run's filter covers. */
int ledger_count(struct db *, const struct rec_table *t, uint64_t *rows, struct err *) GPM_NODISCARD;

/* --- for those who print what load does (plan) --- */

#define LEDGER_LOCK_LEN 24
void ledger_run_lock(char out[LEDGER_LOCK_LEN]);   /* the number of the import's advisory lock */
void ledger_table_lock(const struct rec_table *, char out[LEDGER_LOCK_LEN]); /* of a table's */
/* "FROM … WHERE …", a row for each trigger that would fire even in a session that loads */
void ledger_triggers_sql(struct buf *, const struct rec_table *);
extern const char ledger_storage_sql[]; /* a query, before them: sets what they need */
extern const char ledger_create_sql[]; /* ledger_create's statements */
extern const char ledger_table_sql[];  /* a table is entered: run, number, schema, name, qualified name, rows before */
extern const char ledger_chunk_sql[];  /* a chunk is loaded: run, table, batch, seq, schema, name, key, SHA-256, rows */

#endif
