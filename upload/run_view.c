/* run_view.c -- a run of the spool as gpm-push sees it. */
#include "prelude.h"

#include "err.h"
#include "run_view.h"
#include "store.h"

struct reading {
	struct run_view *view;
	view_chunk_fn *fn;
	void *ctx;
};

void
run_view_init(struct run_view *v, struct spool_run *run)
{
	memset(v, 0, sizeof(*v));
	v->run = run;
	v->path = spool_run_path(run, VIEW_JOURNAL);
}

void
run_view_release(struct run_view *v)
{
	for (size_t i = 0; i < v->ntables; i++) {
		free(v->tables[i].label);
		columns_release(&v->tables[i].columns);
		free(v->tables[i].pieces.at);
	}
	for (size_t i = 0; i < v->nhosts; i++)
		record_free_fields(REC_HOST, &v->hosts[i]);
	free(v->hosts);
	for (size_t i = 0; i < v->nschema; i++)
		record_free_fields(REC_FILE, &v->schema[i]);
	free(v->schema);
	free(v->tables);
	free(v->path);
	record_free_fields(REC_RUN, &v->header);
	record_free_fields(REC_END, &v->end);
	memset(v, 0, sizeof(*v));
}

struct view_table *
run_view_table(struct run_view *v, uint64_t number)
{
	return number >= 1 && number <= v->ntables ? &v->tables[number - 1] : NULL;
}

bool
run_view_counts(struct run_view *v, uint64_t table, uint64_t attempt)
{
	const struct view_table *t = run_view_table(v, table);

	/* once the export is complete, an attempt that is not finished failed */
	return t != NULL && t->listed && t->attempt == attempt && (t->is_done || !v->ended);
}

static int
known_table(struct run_view *v, uint64_t number, struct view_table **out, struct err *e)
{
	if ((*out = run_view_table(v, number)) != NULL)
		return 0;
	return err_set(e, ERR_DIFFERS, "table number %llu was never listed", (unsigned long long)number);
}

static void
unlist_all(struct run_view *v)
{
	for (size_t i = 0; i < v->ntables; i++)
		v->tables[i].listed = false;
}

/* A table is listed: for the first time, or again at a later moment, with its old number.  An attempt
 * that the exporter does not take for good any more is followed by the line of its next attempt. */
static int
see_table(struct run_view *v, struct rec_table *rec, struct journal_place place, struct err *e)
{
	struct view_table *t = run_view_table(v, rec->table);

	if (t == NULL) {
		if (rec->table != v->ntables + 1)
			return err_set(e, ERR_DIFFERS, "table numbers are not in order");
		v->tables = mem_grow(v->tables, (v->ntables + 1) * sizeof(*v->tables));
		t = &v->tables[v->ntables++];
		memset(t, 0, sizeof(*t));
		t->label = table_label(rec->table, rec->schema, rec->name);
	}
	columns_release(&t->columns);
	t->columns = rec->columns;
	memset(&rec->columns, 0, sizeof(rec->columns));
	t->table_place = place;
	t->listed = true;
	t->has_failed_place = false;
	return 0;
}

/* A schema file; one of a later moment replaces that of an earlier. */
static int
see_schema(struct run_view *v, struct record *r, struct err *e)
{
	size_t i = 0;

	if (store_key_check(r->u.file.key, e) < 0)
		return -1;
	while (i < v->nschema && strcmp(v->schema[i].key, r->u.file.key) != 0)
		i++;
	if (i == v->nschema)
		v->schema = mem_grow(v->schema, ++v->nschema * sizeof(*v->schema));
	else
		record_free_fields(REC_FILE, &v->schema[i]);
	record_take(r, &v->schema[i]);
	return 0;
}

/* A chunk's spool name is a path: it must be the one that its numbers give. */
static int
see_chunk(struct reading *r, struct rec_chunk *rec, struct err *e)
{
	struct view_table *t;
	char *key;
	bool same;

	if (known_table(r->view, rec->table, &t, e) < 0)
		return -1;
	key = chunk_key(t->label, rec->attempt, rec->batch, rec->seq, "");
	same = strcmp(key, rec->key) == 0;
	free(key);
	if (!same)
		return err_set(e, ERR_DIFFERS, "a chunk of %s has the key '%.200s'", t->label, rec->key);
	return r->fn(r->ctx, rec, e);
}

static void
see_done(struct view_table *t, struct rec_done *rec, struct journal_place place)
{
	t->is_done = true;
	t->done_place = place;
	free(t->pieces.at);
	t->pieces = rec->pieces;
	memset(&rec->pieces, 0, sizeof(rec->pieces));
	t->moment = rec->moment;
	t->rows = rec->rows;
	t->base_table = rec->base_table;
	t->has_base_lines = false;
	t->by_url = strcmp(rec->method, "on-segment") != 0;
}

static int
see(void *ctx, struct record *rec, struct journal_place place, struct err *e)
{
	struct reading *r = ctx;
	struct run_view *v = r->view;
	struct view_table *t;

	switch (rec->type) {
	case REC_RUN:
		record_take(rec, &v->header);
		v->has_header = true;
		return 0;
	case REC_MOMENT:
		v->moment = rec->u.moment.moment;
		unlist_all(v);
		return 0;
	case REC_TABLE:
		return see_table(v, &rec->u.table, place, e);
	case REC_ATTEMPT:
		if (known_table(v, rec->u.attempt.table, &t, e) < 0)
			return -1;
		t->attempt = rec->u.attempt.attempt;
		t->is_done = false;
		return 0;
	case REC_CHUNK:
		return see_chunk(r, &rec->u.chunk, e);
	case REC_DONE:
		if (known_table(v, rec->u.done.table, &t, e) < 0)
			return -1;
		see_done(t, &rec->u.done, place);
		return 0;
	case REC_FAILED:
		if (known_table(v, rec->u.failed.table, &t, e) < 0)
			return -1;
		t->has_failed_place = true;
		t->failed_place = place;
		return 0;
	case REC_FILE:
		return see_schema(v, rec, e);
	case REC_END:
		record_take(rec, &v->end);
		v->ended = true;
		return 0;
	case REC_HOST:
		v->hosts = mem_grow(v->hosts, (v->nhosts + 1) * sizeof(*v->hosts));
		record_take(rec, &v->hosts[v->nhosts++]);
		return 0;
	default:
		return 0; /* sequences and the like: for sealing, run_view_each */
	}
}

int
run_view_see(struct run_view *v, struct record *rec, struct journal_place place, view_chunk_fn *fn, void *ctx, struct err *e)
{
	struct reading r = { v, fn, ctx };

	return see(&r, rec, place, e);
}

const char *
run_view_host_of(const struct run_view *v, const struct view_table *t, uint64_t piece)
{
	for (size_t i = 0; i < v->nhosts; i++)
		if (v->hosts[i].moment == t->moment && numbers_has(&v->hosts[i].pieces, piece))
			return v->hosts[i].host;
	return NULL;
}

bool
run_view_has(const struct run_view *v, const char *host, const struct view_table *t, uint64_t piece)
{
	const char *who = run_view_host_of(v, t, piece);

	return who != NULL && strcmp(who, host) == 0;
}

bool
run_view_is_shared(const struct run_view *v)
{
	for (size_t i = 0; i < v->ntables; i++)
		if (v->tables[i].listed && v->tables[i].is_done && v->tables[i].pieces.len > 0)
			return true;
	return false;
}

int
run_view_read(struct run_view *v, view_chunk_fn *fn, void *ctx, struct err *e)
{
	struct reading r = { v, fn, ctx };
	uint64_t before = v->offset;

	if (journal_read(v->path, VIEW_FORMAT, spool_run_id(v->run), &v->offset, see, &r, e) < 0)
		return -1;
	/* the export syncs some lines later than it writes them: a number that is used here must not come again for
	 * something else after a power failure */
	return v->offset != before ? journal_settle(v->path, e) : 0;
}

int
run_view_line(struct journal *journal, struct journal_place place, enum record_type type, struct record *out,
    struct err *e)
{
	if (journal_record_at(journal, place, out, e) < 0)
		return -1;
	if (out->type == type)
		return 0;
	record_release(out);
	return err_set(e, ERR_DIFFERS, "the export's journal changed under way");
}

int
run_view_each(struct run_view *v, journal_fn *fn, void *ctx, struct err *e)
{
	uint64_t offset = 0;

	return journal_read(v->path, VIEW_FORMAT, spool_run_id(v->run), &offset, fn, ctx, e) < 0 ? -1 : 0;
}

int
run_view_each_but(struct run_view *v, enum record_type type, journal_fn *fn, void *ctx, struct err *e)
{
	return journal_read_but(v->path, VIEW_FORMAT, spool_run_id(v->run), type, fn, ctx, e) < 0 ? -1 : 0;
}
