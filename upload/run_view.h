/* run_view.h -- a run of the spool as gpm-push sees it: the export's journal, read while it grows. */
#ifndef GPM_RUN_VIEW_H
#define GPM_RUN_VIEW_H

#include "journal.h"
#include "spool.h"

struct err;

#define VIEW_JOURNAL "export.jsonl"
#define VIEW_FORMAT "gpm-export-journal"

struct view_table {
	char *label;                /* table_label() */
	struct columns columns;     /* to digest its rows */
	uint64_t attempt;           /* the newest that began; 0 none */
	bool listed;                /* in the newest moment */
	bool is_done;               /* the newest attempt is finished */
	struct journal_place table_place, done_place, failed_place; /* lines in the export's journal */
	bool has_failed_place;
	/* of the newest finished attempt: */
	struct numbers pieces;      /* in which other hosts bring its rows; empty: they went through the export's spool */
	uint64_t moment, rows;
	uint64_t base_table;        /* its rows are those of this table of the run's base; 0: of none */
	bool has_base_lines;        /* base_tables_add is done with it */
	bool by_url;                /* a gpfdist's or receiver's: a piece without rows has no file */
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
	struct rec_host *hosts;     /* who brings which pieces at which moment; none: all is in this spool */
	size_t nhosts;
};

/* Called for each chunk line that was not seen before; takes REC's content. */
typedef int view_chunk_fn(void *ctx, struct rec_chunk *rec, struct err *);

void run_view_init(struct run_view *, struct spool_run *);
void run_view_release(struct run_view *);

/* run_view_see(v, rec, place, fn, ctx, e): one record of an export's journal, whose content may be taken; PLACE is its line's. */
int run_view_see(struct run_view *, struct record *, struct journal_place, view_chunk_fn *, void *ctx, struct err *) GPM_NODISCARD;

/* run_view_has(v, host, t, piece): is it for HOST to bring PIECE of T's newest finished attempt?
 * run_view_host_of(v, t, piece): who does; NULL: nobody. */
bool run_view_has(const struct run_view *, const char *host, const struct view_table *, uint64_t piece);
const char *run_view_host_of(const struct run_view *, const struct view_table *, uint64_t piece);

/* run_view_is_shared(v): are there tables whose rows other hosts bring, as far as is known now? */
bool run_view_is_shared(const struct run_view *);

/* run_view_read(v, fn, ctx, e): what the export journalled since the last call; it is on disk when this returns 0. */
int run_view_read(struct run_view *, view_chunk_fn *, void *ctx, struct err *) GPM_NODISCARD;

/* run_view_table(v, number): NULL for a number that was never listed. */
struct view_table *run_view_table(struct run_view *, uint64_t number);

/* run_view_counts(v, table, attempt): does this attempt count, as far as is known now? */
bool run_view_counts(struct run_view *, uint64_t table, uint64_t attempt);

/* run_view_line(journal, place, type, out, e): one line again as it stands, from a handle of journal_attach; the caller
 * releases OUT. */
int run_view_line(struct journal *, struct journal_place, enum record_type, struct record *out, struct err *) GPM_NODISCARD;

/* run_view_each(v, fn, ctx, e): the journal once more, from its start: for sealing.  run_view_each_but: without records of TYPE. */
int run_view_each(struct run_view *, journal_fn *, void *ctx, struct err *) GPM_NODISCARD;
int run_view_each_but(struct run_view *, enum record_type, journal_fn *, void *ctx, struct err *) GPM_NODISCARD;

#endif
