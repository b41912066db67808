/* left_probe.c -- the export's journal as a Greenplum's would be that found a table unchanged, where there is none.
 *
 *   left-probe SPOOL RUN BASE TABLE NUMBER
 *
 * In the journal of RUN, whose export is complete, TABLE (its name alone) is left to the run BASE, as its table NUMBER (0: the one of its name). */
#include "prelude.h"

#include <unistd.h>

#include "err.h"
#include "journal.h"
#include "parse.h"

#define FORMAT "gpm-export-journal"

struct work {
	char *base, *table;
	uint64_t there, here;   /* its numbers */
	uint64_t named;         /* what is said to be its number there, 0: THERE */
	struct rec_done done;   /* in the base */
	struct journal *out;
};

static void
must(int rc, const struct err *e)
{
	if (rc >= 0)
		return;
	fprintf(stderr, "left-probe: %s\n", e->text);
	exit(1);
}

static int
see_base(void *ctx, struct record *r, struct journal_place place, struct err *e)
{
	struct work *w = ctx;

	(void)place;
	(void)e;
	if (r->type == REC_TABLE && strcmp(r->u.table.name, w->table) == 0)
		w->there = r->u.table.table;
	if (r->type == REC_DONE && r->u.done.table == w->there)
		record_take(r, &w->done);
	return 0;
}

static void
leave(struct work *w, struct rec_done *d)
{
	static char method[] = "base";

	free(d->method);
	d->method = mem_str(method);
	d->base = mem_str(w->base);
	d->base_table = w->named != 0 ? w->named : w->there;
	d->chunks = w->done.chunks;
	d->batches = w->done.batches;
	d->rows = w->done.rows;
	d->digest = w->done.digest;
	d->plain_bytes = w->done.plain_bytes;
}

static int
rewrite(void *ctx, struct record *r, struct journal_place place, struct err *e)
{
	struct work *w = ctx;

	(void)place;
	if (r->type == REC_RUN)
		r->u.run.base = mem_str(w->base);
	if (r->type == REC_TABLE && strcmp(r->u.table.name, w->table) == 0)
		w->here = r->u.table.table;
	if (r->type == REC_CHUNK && r->u.chunk.table == w->here)
		return 0;
	if (r->type == REC_DONE && r->u.done.table == w->here)
		leave(w, &r->u.done);
	return journal_note(w->out, r->type, &r->u, e);
}

int
main(int argc, char **argv)
{
	struct work w = { .there = 0 };
	uint64_t offset = 0;
	char *base, *run, *new;
	struct err e;

	if (argc != 6)
		return 2;
	w.base = argv[3];
	w.table = argv[4];
	w.named = strtoull(argv[5], NULL, 10);
	base = mem_printf("%s/%s/export.jsonl", argv[1], argv[3]);
	run = mem_printf("%s/%s/export.jsonl", argv[1], argv[2]);
	new = mem_printf("%s.new", run);
	must(journal_read(base, FORMAT, argv[3], &offset, see_base, &w, &e), &e);
	offset = 0;
	must(journal_open(new, FORMAT, argv[2], NULL, NULL, &w.out, &e), &e);
	must(journal_read(run, FORMAT, argv[2], &offset, rewrite, &w, &e), &e);
	journal_close(w.out);
	if (rename(new, run) != 0) {
		perror(run);
		return 1;
	}
	record_free_fields(REC_DONE, &w.done);
	free(base);
	free(run);
	free(new);
	return 0;
}
