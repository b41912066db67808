/* state.c -- what an export knows of its run: its journal, replayed. */
#include "prelude.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "err.h"
#include "state.h"

#define JOURNAL_NAME "export.jsonl"
#define JOURNAL_FORMAT "gpm-export-journal"

/* --- tables by name -------------------------------------------------------------------------- */

static uint64_t
hash_name(const char *schema, const char *name)
{
	return XXH3_64bits_withSeed(name, strlen(name), XXH3_64bits(schema, strlen(schema)));
}

/* The slot of a name: its table, or the free place where it belongs. */
static struct table **
find_slot(const struct state *s, const char *schema, const char *name)
{
	size_t i = hash_name(schema, name) & (s->index_size - 1);

	while (s->index[i] != NULL && (strcmp(s->index[i]->rec.schema, schema) != 0 ||
	    strcmp(s->index[i]->rec.name, name) != 0))
		i = (i + 1) & (s->index_size - 1);
	return &s->index[i];
}

static void
grow_index(struct state *s)
{
	free(s->index);
	s->index_size = s->index_size == 0 ? 256 : 2 * s->index_size;
	s->index = mem_array(s->index_size, sizeof(*s->index));
	for (size_t i = 0; i < s->ntables; i++)
		*find_slot(s, s->tables[i]->rec.schema, s->tables[i]->rec.name) = s->tables[i];
}

struct table *
state_find(const struct state *s, const char *schema, const char *name)
{
	return s->index_size == 0 ? NULL : *find_slot(s, schema, name);
}

static struct table *
by_number(struct state *s, uint64_t number, struct err *e)
{
	if (number >= 1 && number <= s->ntables)
		return s->tables[number - 1];
	err_set(e, ERR_DIFFERS, "table number %llu was never listed", (unsigned long long)number);
	return NULL;
}

bool
table_same_shape(const struct rec_table *a, const struct rec_table *b)
{
	if (a->oid != b->oid || a->columns.len != b->columns.len ||
	    strcmp(a->filter != NULL ? a->filter : "", b->filter != NULL ? b->filter : "") != 0)
		return false;
	for (size_t i = 0; i < a->columns.len; i++)
		if (strcmp(a->columns.at[i].name, b->columns.at[i].name) != 0 ||
		    strcmp(a->columns.at[i].type, b->columns.at[i].type) != 0)
			return false;
	return true;
}

/* Put REC (taken) into the state: the table's old number, or the next. */
static struct table *
list_table(struct state *s, struct rec_table *rec)
{
	struct table **slot, *t;

	if (2 * (s->ntables + 1) > s->index_size)
		grow_index(s);
	slot = find_slot(s, rec->schema, rec->name);
	if ((t = *slot) == NULL) {
		t = *slot = mem_alloc(sizeof(*t));
		s->tables = mem_grow(s->tables, (s->ntables + 1) * sizeof(struct table *));
		s->tables[s->ntables++] = t;
		rec->table = s->ntables;
		t->label = table_label(rec->table, rec->schema, rec->name);
	} else {
		rec->table = t->rec.table;
		if (!table_same_shape(&t->rec, rec))
			t->is_done = false;
		record_free_fields(REC_TABLE, &t->rec);
	}
	t->rec = *rec;
	memset(rec, 0, sizeof(*rec));
	free(t->change);
	t->change = NULL;
	t->listed = true;
	return t;
}

static void
unlist_all(struct state *s)
{
	for (size_t i = 0; i < s->ntables; i++)
		s->tables[i]->listed = false;
}

/* --- replay ---------------------------------------------------------------------------------- */

static int
replay(void *ctx, struct record *r, struct journal_place place, struct err *e)
{
	struct state *s = ctx;
	struct rec_table rec;
	struct table *t;
	uint64_t number;

	(void)place; /* lines are never read again */
	switch (r->type) {
	case REC_RUN:
		record_take(r, &s->header);
		s->has_header = true;
		return 0;
	case REC_MOMENT:
		s->moments = r->u.moment.moment;
		unlist_all(s);
		return 0;
	case REC_TABLE:
		number = r->u.table.table;
		record_take(r, &rec);
		if (list_table(s, &rec)->rec.table != number)
			return err_set(e, ERR_DIFFERS, "table numbers are not in order");
		return 0;
	case REC_ATTEMPT:
		if ((t = by_number(s, r->u.attempt.table, e)) == NULL)
			return -1;
		t->attempts = r->u.attempt.attempt;
		t->is_done = false;
		return 0;
	case REC_DONE:
		if ((t = by_number(s, r->u.done.table, e)) == NULL)
			return -1;
		record_free_fields(REC_DONE, &t->done);
		record_take(r, &t->done);
		t->is_done = true;
		return 0;
	case REC_END:
		s->ended = true;
		return 0;
	default:
		return 0; /* what only gpm-push needs */
	}
}

int
state_open(struct spool *spool, const char *id, bool create, struct state **out, struct err *e)
{
	struct state *s = mem_alloc(sizeof(*s));
	char *path = NULL;

	if (spool_run_open(spool, id, create, &s->run, e) < 0 || spool_run_lock(s->run, "export", e) < 0)
		goto err0;
	path = spool_run_path(s->run, JOURNAL_NAME);
	if (journal_open(path, JOURNAL_FORMAT, id, replay, s, &s->journal, e) < 0)
		goto err0;
	free(path);
	*out = s;
	return 0;

err0:
	free(path);
	state_close(s);
	return -1;
}

int
state_load(struct spool *spool, const char *id, struct state **out, struct err *e)
{
	struct state *s = mem_alloc(sizeof(*s));
	char *path = NULL;
	int rc = spool_run_open(spool, id, false, &s->run, e);

	if (rc == 0) {
		path = spool_run_path(s->run, JOURNAL_NAME);
		rc = journal_read_but(path, JOURNAL_FORMAT, id, REC_CHUNK, replay, s, e);
	}
	free(path);
	if (rc < 0) {
		state_close(s);
		return -1;
	}
	*out = s;
	return 0;
}

void
state_close(struct state *s)
{
	if (s == NULL)
		return;
	for (size_t i = 0; i < s->ntables; i++) {
		record_free_fields(REC_TABLE, &s->tables[i]->rec);
		record_free_fields(REC_DONE, &s->tables[i]->done);
		free(s->tables[i]->label);
		free(s->tables[i]->change);
		free(s->tables[i]);
	}
	free(s->tables);
	free(s->index);
	record_free_fields(REC_RUN, &s->header);
	journal_close(s->journal);
	spool_run_close(s->run);
	free(s);
}

struct peek {
	struct rec_run *header;
	bool has_header;
	bool *ended;
	uint64_t *failed;
};

static int
peek_record(void *ctx, struct record *r, struct journal_place place, struct err *e)
{
	struct peek *p = ctx;

	(void)place;
	(void)e; /* cannot fail */
	if (r->type == REC_RUN && !p->has_header) {
		record_take(r, p->header);
		p->has_header = true;
	}
	if (r->type == REC_END) {
		*p->ended = true;
		*p->failed = r->u.end.failed;
	}
	return 0;
}

int
state_peek(struct spool *spool, const char *id, struct rec_run *header, bool *ended, uint64_t *failed, struct err *e)
{
	struct peek p = { .header = header, .ended = ended, .failed = failed };
	struct spool_run *run;
	uint64_t offset = 0;
	char *path;
	int rc;

	memset(header, 0, sizeof(*header));
	*ended = false;
	*failed = 0;
	if (spool_run_open(spool, id, false, &run, e) < 0)
		return -1;
	path = spool_run_path(run, JOURNAL_NAME);
	rc = journal_read(path, JOURNAL_FORMAT, id, &offset, peek_record, &p, e);
	free(path);
	spool_run_close(run);
	if (rc < 0)
		record_free_fields(REC_RUN, header);
	return rc < 0 ? -1 : p.has_header;
}

/* --- going on -------------------------------------------------------------------------------- */

int
state_begin_listing(struct state *s, struct rec_moment *m, struct err *e)
{
	m->moment = ++s->moments;
	unlist_all(s);
	if (spool_run_make_dirs(s->run, "data/", e) < 0) /* the one folder that all tables share */
		return -1;
	return journal_note(s->journal, REC_MOMENT, m, e);
}

int
state_list(struct state *s, struct rec_table *rec, struct err *e)
{
	struct table *t = list_table(s, rec);

	return journal_note(s->journal, REC_TABLE, &t->rec, e);
}

/* The files of all attempts go: of older ones, whose removal may have been cut short any number of times, and of one
 * of the number that comes now, whose line a power failure took away. */
static int
remove_attempts(struct state *s, const struct table *t, struct err *e)
{
	char *folder = mem_printf("data/%s", t->label);
	int rc = spool_run_remove(s->run, folder, e);

	free(folder);
	return rc;
}

int
state_begin_attempt(struct state *s, struct table *t, const char *method, struct err *e)
{
	char now[TIME_LEN];
	struct rec_attempt rec = {
		.table = t->rec.table, .attempt = t->attempts + 1, .moment = s->moments,
		.method = mem_str(method), .time = mem_str(time_now(now)),
	};
	int rc = journal_note(s->journal, REC_ATTEMPT, &rec, e);

	record_free_fields(REC_ATTEMPT, &rec);
	if (rc < 0)
		return -1;
	t->is_done = false;
	t->method = method;
	t->attempts++;
	return remove_attempts(s, t, e);
}

int
state_finish_attempt(struct state *s, struct table *t, struct rec_done *done, struct err *e)
{
	char now[TIME_LEN];
	int rc;

	done->table = t->rec.table;
	done->attempt = t->attempts;
	done->moment = s->moments;
	done->method = mem_str(t->method);
	done->time = mem_str(time_now(now));
	done->change = mem_str(t->change);
	if ((rc = journal_note(s->journal, REC_DONE, done, e)) < 0) {
		record_free_fields(REC_DONE, done);
		return -1;
	}
	record_free_fields(REC_DONE, &t->done);
	t->done = *done;
	t->is_done = true;
	return 0;
}

int
state_end(struct state *s, struct err *e)
{
	char now[TIME_LEN];
	struct rec_end end = { .time = mem_str(time_now(now)) };
	int rc;

	for (size_t i = 0; i < s->ntables; i++) {
		const struct table *t = s->tables[i];

		if (!t->listed)
			continue;
		if (t->is_done) {
			end.tables++;
			end.rows += t->done.rows;
			end.plain_bytes += t->done.plain_bytes;
		} else {
			end.failed++;
		}
	}
	rc = journal_append(s->journal, REC_END, &end, NULL, e);
	s->ended = rc == 0;
	record_free_fields(REC_END, &end);
	return rc;
}
