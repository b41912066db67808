/* state.h -- what an export knows of its run: its journal, replayed. */
#ifndef GPM_STATE_H
#define GPM_STATE_H

#include "journal.h"
#include "spool.h"

struct err;

struct table {
	struct rec_table rec;
	char *label;         /* table_label() */
	uint64_t attempts;   /* begun so far */
	bool listed;         /* is in the newest moment's list */
	bool is_done;        /* its newest attempt is finished */
	struct rec_done done;
	const char *method;  /* of the attempt that was begun last, in this process */
	char *change;        /* what the newest moment shows of its rows (rec_done), or NULL */
};

struct state {
	struct spool_run *run;
	struct journal *journal;
	struct rec_run header;
	bool has_header;
	bool ended;              /* the journal has its end record */
	uint64_t moments;
	struct table **tables;   /* by number - 1 */
	size_t ntables;
	struct table **index;    /* hash of (schema, name) */
	size_t index_size;
};

/* state_open(spool, id, create, out, e): open run ID, take its export lock, replay its journal.
 * A handle for the process that exports. */
int state_open(struct spool *, const char *id, bool create, struct state **out, struct err *) GPM_NODISCARD;
void state_close(struct state *); /* NULL is fine */

/* state_load(spool, id, out, e): what run ID had in the end, without its lock; nothing is to be written to it. */
int state_load(struct spool *, const char *id, struct state **out, struct err *) GPM_NODISCARD;

/* state_find(s, schema, name): NULL when it never was listed. */
struct table *state_find(const struct state *, const char *schema, const char *name);

/* state_begin_listing(s, moment, e): journal the moment; no table is listed any more.
 * state_list(s, rec, e): journal REC (its content is taken) under its old number or a new one. A
 * finished attempt stays good when oid and columns are as they were. */
int state_begin_listing(struct state *, struct rec_moment *, struct err *) GPM_NODISCARD;
int state_list(struct state *, struct rec_table *rec, struct err *) GPM_NODISCARD;

/* table_same_shape(a, b): the same relation, with the same columns and filter? */
bool table_same_shape(const struct rec_table *, const struct rec_table *);

/* state_begin_attempt(s, t, method, e): journal the next attempt of T; its older files go.  METHOD is kept by
 * pointer.  The line is synced with the attempt's first chunk. */
int state_begin_attempt(struct state *, struct table *, const char *method, struct err *) GPM_NODISCARD;

/* state_finish_attempt(s, t, done, e): journal it; DONE's strings are borrowed.  The line is synced with the next
 * chunk or the end record: without it the table is taken out once more. */
int state_finish_attempt(struct state *, struct table *, struct rec_done *, struct err *) GPM_NODISCARD;

/* state_end(s, e): journal the end record over the listed tables. */
int state_end(struct state *, struct err *) GPM_NODISCARD;

/* state_peek(spool, id, header, ended, failed, e): the run record of any run, without its lock; 1, or 0
 * when the journal has none yet.  The caller frees HEADER's fields.  *FAILED: tables that are missing in a run that
 * *ENDED. */
int state_peek(struct spool *, const char *id, struct rec_run *header, bool *ended, uint64_t *failed, struct err *) GPM_NODISCARD;

#endif
