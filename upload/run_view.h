/* run_view.h -- a run of the spool as gpm-push sees it: the export's journal, read while it grows. */
#ifndef GPM_RUN_VIEW_H
#define GPM_RUN_VIEW_H

#include "journal.h"
#include "spool.h"

struct err;

struct view_table {
	char *label;                /* table_label() */
	struct columns columns;     /* to digest its rows */
	uint64_t attempt;           /* the newest that began; 0 none */
	bool listed;                /* in the newest moment */
	bool is_done;               /* the newest attempt is finished */
	struct journal_place table_place, done_place, failed_place; /* lines in the export's journal */
	bool has_failed_place;
};


struct run_view {
	struct spool_run *run;
	char *path;                 /* of the export's journal */
	uint64_t offset;            /* how far it was read */
	bool has_header;
	struct rec_run header;
	uint64_t moment;            /* the newest */
	struct view_table *tables;  /* by number - 1 */
	size_t ntables;
	struct rec_file *schema;    /* the schema files, the newest of each key */
	size_t nschema;
	struct rec_end end;
	bool ended;                 /* the export is complete */
};

/* Called for each chunk line that was not seen before; takes REC's content. */
typedef int view_chunk_fn(void *ctx, struct rec_chunk *rec, struct err *);

void run_view_init(struct run_view *, struct spool_run *);
void run_view_release(struct run_view *);

/* run_view_read(v, fn, ctx, e): what the export journalled since the last call. */
int run_view_read(struct run_view *, view_chunk_fn *, void *ctx, struct err *) GPM_NODISCARD;

/* run_view_table(v, number): NULL for a number that was never listed. */
struct view_table *run_view_table(struct run_view *, uint64_t number);

/* run_view_counts(v, table, attempt): does this attempt count, as far as is known now? */
bool run_view_counts(struct run_view *, uint64_t table, uint64_t attempt);

/* run_view_each(v, fn, ctx, e): the journal once more, from its start: for sealing. */
int run_view_each(struct run_view *, journal_fn *, void *ctx, struct err *) GPM_NODISCARD;

#endif
