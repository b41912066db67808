/* slices.c -- a big table in parts. */
#include "prelude.h"

#include <inttypes.h>

#include "err.h"
#include "slices.h"

/* A slice is at least so many chunks, so that few chunks are small because their slice ended. */
#define CHUNKS_AT_LEAST 4

/* With so many slices for each worker none waits long for the last. */
#define SLICES_A_JOB 4

/* FORMAT.md, I2: a writer numbers its batches below the next multiple of 10000.  Rows as text and out of
 * compressed storage may be many times as large as the table. */
#define BATCHES_A_WRITER 9999
#define TEXT_GROWTH 32

/* --- splitting ------------------------------------------------------------------------------- */

/* How many slices T would be worth. */
static uint64_t
slices_wanted(const struct state *s, const struct table *t, unsigned jobs)
{
	uint64_t least = CHUNKS_AT_LEAST * s->header.chunk_size, size = t->rec.bytes / (SLICES_A_JOB * (uint64_t)jobs);

	if (jobs < 2 || t->rec.filter != NULL || t->rec.columns.len == 0)
		return 1;
	if (size < least)
		size = least;
	if (size / s->header.batch_size > BATCHES_A_WRITER / TEXT_GROWTH)
		return 1;
	return t->rec.bytes / size > 1 ? t->rec.bytes / size : 1;
}

/* --- planning -------------------------------------------------------------------------------- */

/* T in N slices out of PARTS parts; 0: whole. */
static void
add_slices(struct slices *out, struct state *s, struct table *t, enum catalog_parts by, uint64_t n, uint64_t parts)
{
	struct attempt *a = attempt_new(s, t, n);

	out->attempts = mem_grow(out->attempts, (out->nattempts + 1) * sizeof(struct attempt *));
	out->attempts[out->nattempts++] = a;
	out->at = mem_grow(out->at, (out->len + n) * sizeof(*out->at));
	for (uint64_t i = 0; i < n; i++)
		out->at[out->len++] = (struct slice){
			.attempt = a, .writer = i, .by = n > 1 ? by : CATALOG_WHOLE, .from = parts * i / n, .to = parts * (i + 1) / n,
			.last = i + 1 == n,
		};
}

static int
plan_table(const struct catalog *c, struct db *db, struct state *s, struct table *t, unsigned jobs, struct slices *out,
    struct err *e)
{
	uint64_t n = db != NULL && catalog_parts(c) != CATALOG_WHOLE ? slices_wanted(s, t, jobs) : 1, parts = 0;

	if (n > 1 && catalog_nparts(c, db, t->rec.oid, &parts, e) < 0)
		return -1;
	/* a table's size counts what lies beside its heap; a slice has a page, or a segment, at least */
	add_slices(out, s, t, catalog_parts(c), parts == 0 ? 1 : n < parts ? n : parts, parts);
	return 0;
}

static int
larger_first(const void *a, const void *b)
{
	const struct table *x = *(const struct table *const *)a, *y = *(const struct table *const *)b;

	if (x->rec.bytes != y->rec.bytes)
		return x->rec.bytes > y->rec.bytes ? -1 : 1;
	return x->rec.table < y->rec.table ? -1 : x->rec.table > y->rec.table;
}

int
slices_plan(const struct catalog *c, struct db *db, struct state *s, unsigned jobs, struct slices *out, struct err *e)
{
	struct table **todo = mem_array(s->ntables, sizeof(struct table *));
	size_t n = 0;
	int rc = 0;

	memset(out, 0, sizeof(*out));
	for (size_t i = 0; i < s->ntables; i++)
		if (s->tables[i]->listed && !s->tables[i]->is_done)
			todo[n++] = s->tables[i];
	if (n > 0)
		qsort(todo, n, sizeof(struct table *), larger_first);
	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = plan_table(c, db, s, todo[i], jobs, out, e);
	free(todo);
	if (rc < 0)
		slices_release(out);
	return rc;
}

void
slices_release(struct slices *s)
{
	for (size_t i = 0; i < s->nattempts; i++)
		attempt_free(s->attempts[i]);
	free(s->attempts);
	free(s->at);
	memset(s, 0, sizeof(*s));
}

/* "WHERE gp_segment_id IN (2, 3)": only a list of constants lets the server ask those segments alone. */
static char *
segments_condition(const struct slice *s)
{
	struct buf sql;

	text_init(&sql);
	text_puts(&sql, "WHERE gp_segment_id IN (");
	for (uint64_t i = s->from; i < s->to; i++)
		text_printf(&sql, "%s%" PRIu64, i > s->from ? ", " : "", i);
	text_puts(&sql, ")");
	return text_take(&sql);
}

char *
slice_condition(const struct slice *s)
{
	if (s->by == CATALOG_WHOLE)
		return NULL;
	if (s->by == CATALOG_SEGMENTS)
		return segments_condition(s);
	if (s->last) /* open-ended: the table may have grown since */
		return mem_printf("WHERE ctid >= '(%" PRIu64 ",0)'::pg_catalog.tid", s->from);
	return mem_printf("WHERE ctid >= '(%" PRIu64 ",0)'::pg_catalog.tid AND ctid < '(%" PRIu64 ",0)'::pg_catalog.tid",
	    s->from, s->to);
}
