/* stored.c -- what of a run is stored already. */
#include "prelude.h"

#include <pthread.h>

#include "err.h"
#include "stored.h"

#define JOURNAL_NAME "push.jsonl"
#define JOURNAL_FORMAT "gpm-push-journal"

struct stored {
	struct journal *journal;
	struct rec_push options;
	bool has_options;
	bool sealed;
	pthread_mutex_t mutex;      /* over the index while workers add */
	struct stored_chunk *chunks;
	size_t nchunks, cap;
	bool sorted;
};

static void
add_to_index(struct stored *s, const struct rec_chunk *c, struct journal_place place)
{
	if (s->nchunks == s->cap) {
		s->cap = s->cap == 0 ? 1024 : s->cap + s->cap / 2;
		s->chunks = mem_grow(s->chunks, s->cap * sizeof(*s->chunks));
	}
	s->chunks[s->nchunks++] = (struct stored_chunk){ c->table, c->attempt, c->batch, c->seq, place };
	s->sorted = false;
}

static int
replay(void *ctx, struct record *r, struct journal_place place, struct err *e)
{
	struct stored *s = ctx;

	(void)e; /* cannot fail */
	if (r->type == REC_PUSH) {
		record_free_fields(REC_PUSH, &s->options);
		record_take(r, &s->options);
		s->has_options = true;
	} else if (r->type == REC_CHUNK) {
		add_to_index(s, &r->u.chunk, place);
	} else if (r->type == REC_SEALED) {
		s->sealed = true;
	}
	return 0;
}

int
stored_open(struct spool_run *run, struct stored **out, struct err *e)
{
	struct stored *s = mem_alloc(sizeof(*s));
	char *path = spool_run_path(run, JOURNAL_NAME);
	int rc;

	pthread_mutex_init(&s->mutex, NULL);
	rc = journal_open(path, JOURNAL_FORMAT, spool_run_id(run), replay, s, &s->journal, e);
	free(path);
	if (rc < 0) {
		stored_close(s);
		return -1;
	}
	*out = s;
	return 0;
}

void
stored_close(struct stored *s)
{
	if (s == NULL)
		return;
	journal_close(s->journal);
	record_free_fields(REC_PUSH, &s->options);
	pthread_mutex_destroy(&s->mutex);
	free(s->chunks);
	free(s);
}

const struct rec_push *
stored_options(const struct stored *s)
{
	return s->has_options ? &s->options : NULL;
}

bool
stored_is_sealed(const struct stored *s)
{
	return s->sealed;
}

int
stored_pin(struct stored *s, const struct rec_push *options, struct err *e)
{
	struct rec_push *o = &s->options;

	if (journal_append(s->journal, REC_PUSH, options, NULL, e) < 0)
		return -1;
	record_free_fields(REC_PUSH, o);
	o->target = mem_str(options->target);
	o->compression = mem_str(options->compression);
	o->encryption = mem_str(options->encryption);
	o->key_id = mem_str(options->key_id);
	o->url = mem_str(options->url);
	o->methods.at = mem_array(options->methods.len, sizeof(char *));
	for (size_t i = 0; i < options->methods.len; i++)
		o->methods.at[o->methods.len++] = mem_str(options->methods.at[i]);
	s->has_options = true;
	return 0;
}

int
stored_add(struct stored *s, const struct rec_chunk *c, struct err *e)
{
	struct journal_place place;

	if (journal_append(s->journal, REC_CHUNK, c, &place, e) < 0)
		return -1;
	pthread_mutex_lock(&s->mutex);
	add_to_index(s, c, place);
	pthread_mutex_unlock(&s->mutex);
	return 0;
}

int
stored_seal(struct stored *s, const struct rec_sealed *rec, struct err *e)
{
	if (journal_append(s->journal, REC_SEALED, rec, NULL, e) < 0)
		return -1;
	s->sealed = true;
	return 0;
}

static int
compare(const void *a, const void *b)
{
	const struct stored_chunk *x = a, *y = b;

	if (x->table != y->table)
		return x->table < y->table ? -1 : 1;
	if (x->attempt != y->attempt)
		return x->attempt < y->attempt ? -1 : 1;
	if (x->batch != y->batch)
		return x->batch < y->batch ? -1 : 1;
	return x->seq < y->seq ? -1 : x->seq > y->seq;
}

static void
sort(struct stored *s)
{
	if (!s->sorted && s->nchunks > 0)
		qsort(s->chunks, s->nchunks, sizeof(*s->chunks), compare);
	s->sorted = true;
}

/* The first chunk that is not before KEY. */
static size_t
lower_bound(struct stored *s, const struct stored_chunk *key)
{
	size_t low = 0, high = s->nchunks;

	sort(s);
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare(&s->chunks[middle], key) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

bool
stored_has(struct stored *s, uint64_t table, uint64_t attempt, uint64_t batch, uint64_t seq)
{
	struct stored_chunk key = { .table = table, .attempt = attempt, .batch = batch, .seq = seq };
	size_t i = lower_bound(s, &key);

	return i < s->nchunks && compare(&s->chunks[i], &key) == 0;
}

void
stored_range(struct stored *s, uint64_t table, uint64_t attempt, size_t *from, size_t *to)
{
	struct stored_chunk key = { .table = table, .attempt = attempt };

	*from = lower_bound(s, &key);
	key.attempt++;
	*to = lower_bound(s, &key);
}

const struct stored_chunk *
stored_at(const struct stored *s, size_t i)
{
	return &s->chunks[i];
}

int
stored_read(struct stored *s, size_t i, struct rec_chunk *out, struct err *e)
{
	struct record r;

	if (journal_record_at(s->journal, s->chunks[i].place, &r, e) < 0)
		return -1;
	if (r.type != REC_CHUNK) {
		record_release(&r);
		return err_set(e, ERR_DIFFERS, "the push journal's line at byte %llu is no chunk",
		    (unsigned long long)s->chunks[i].place.offset);
	}
	record_take(&r, out);
	return 0;
}
