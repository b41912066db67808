/* stored.c -- what of a run is stored already. */
#include "prelude.h"

#include <pthread.h>

#include "err.h"
#include "store.h"
#include "stored.h"

struct stored {
	struct journal *journal;
	struct rec_push options;
	bool has_options;
	bool sealed;
	pthread_mutex_t mutex;      /* over the index while workers add */
	struct stored_index *index;
	char opened[TIME_LEN];      /* marks: when this start began, */
	uint64_t plain, object;     /* what it has stored, */
	time_t marked;              /* and when that was noted last; 0: not yet */
	char *error;                /* the newest one that is noted */
	struct strings bases;       /* runs in whose folders objects are */
	struct rec_file *files;     /* the newest line of each key */
	size_t nfiles;
	struct rec_piece *pieces;
	size_t npieces;
	bool pieces_sorted;
};

static void
add_file(struct stored *s, const struct rec_file *f)
{
	struct rec_file copy = *f;
	size_t i = 0;

	copy.key = mem_str(f->key);
	copy.compression = mem_str(f->compression);
	copy.encryption = mem_str(f->encryption);
	while (i < s->nfiles && strcmp(s->files[i].key, f->key) != 0)
		i++;
	if (i == s->nfiles)
		s->files = mem_grow(s->files, ++s->nfiles * sizeof(*s->files));
	else
		record_free_fields(REC_FILE, &s->files[i]);
	s->files[i] = copy;
}

static void
add_piece(struct stored *s, const struct rec_piece *p)
{
	s->pieces = mem_grow(s->pieces, (s->npieces + 1) * sizeof(*s->pieces));
	s->pieces[s->npieces++] = *p;
	s->pieces_sorted = false;
}

/* Into the index; the mutex is held, or nobody else is there. */
static int
add_chunk(struct stored *s, const struct rec_chunk *c, struct journal_place place, struct err *e)
{
	size_t i = 0;

	if (c->base != NULL) {
		while (i < s->bases.len && strcmp(s->bases.at[i], c->base) != 0)
			i++;
		if (i == s->bases.len) {
			s->bases.at = mem_grow(s->bases.at, (i + 1) * sizeof(char *));
			s->bases.at[s->bases.len++] = mem_str(c->base);
		}
	}
	return stored_index_add(s->index, c, place, e);
}

static int
replay(void *ctx, struct record *r, struct journal_place place, struct err *e)
{
	struct stored *s = ctx;

	if (r->type == REC_CHUNK)
		return add_chunk(s, &r->u.chunk, place, e);
	if (r->type == REC_PUSH) {
		record_free_fields(REC_PUSH, &s->options);
		record_take(r, &s->options);
		s->has_options = true;
	} else if (r->type == REC_FILE) {
		add_file(s, &r->u.file);
	} else if (r->type == REC_PIECE) {
		add_piece(s, &r->u.piece);
	} else if (r->type == REC_SEALED) {
		s->sealed = true;
	} else if (r->type == REC_MARK) {
		free(s->error);
		s->error = r->u.mark.error != NULL ? mem_str(r->u.mark.error) : NULL;
	}
	return 0;
}

int
stored_open(struct spool_run *run, struct stored **out, struct err *e)
{
	struct stored *s = mem_alloc(sizeof(*s));
	char *path = spool_run_path(run, STORED_JOURNAL);
	int rc;

	pthread_mutex_init(&s->mutex, NULL);
	s->index = stored_index_new();
	time_now(s->opened);
	rc = journal_open(path, STORED_FORMAT, spool_run_id(run), replay, s, &s->journal, e);
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
	for (size_t i = 0; i < s->nfiles; i++)
		record_free_fields(REC_FILE, &s->files[i]);
	free(s->files);
	free(s->pieces);
	stored_index_free(s->index);
	free(s->error);
	for (size_t i = 0; i < s->bases.len; i++)
		free(s->bases.at[i]);
	free(s->bases.at);
	free(s);
}

const struct strings *
stored_bases(const struct stored *s)
{
	return &s->bases;
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

static void
copy_strings(struct strings *to, const struct strings *from)
{
	to->at = mem_array(from->len, sizeof(char *));
	for (size_t i = 0; i < from->len; i++)
		to->at[to->len++] = mem_str(from->at[i]);
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
	o->signed_by = mem_str(options->signed_by);
	o->url = mem_str(options->url);
	copy_strings(&o->methods, &options->methods);
	copy_strings(&o->bases, &options->bases);
	s->has_options = true;
	return 0;
}

/* --- marks --- */

#define MARK_SECONDS 10

/* TIME NULL: now.  The mutex is held, or nobody else is there. */
static int
note_mark(struct stored *s, char *when, uint64_t plain, uint64_t object, char *error, struct err *e)
{
	struct rec_mark m = { .time = when, .plain_bytes = plain, .stored_bytes = object, .error = error };
	char now[TIME_LEN];

	if (when == NULL)
		m.time = time_now(now);
	s->marked = time(NULL);
	return journal_note(s->journal, REC_MARK, &m, e);
}

/* A chunk was stored; the mutex is held. */
static int
mark_chunk(struct stored *s, const struct rec_chunk *c, struct err *e)
{
	bool first = s->plain == 0;

	if (first && note_mark(s, s->opened, 0, 0, NULL, e) < 0)
		return -1;
	s->plain += c->plain_bytes;
	s->object += c->stored_bytes;
	return first || time(NULL) - s->marked >= MARK_SECONDS ? note_mark(s, NULL, s->plain, s->object, NULL, e) : 0;
}

void
stored_end(struct stored *s, const struct err *why)
{
	bool everyday = why == NULL || why->code == ERR_UNFINISHED || why->code == ERR_LIMIT || why->code == ERR_STOPPED;
	char text[sizeof(why->text)];
	struct err ignored;

	if (s == NULL || s->sealed) /* that line stays the last one */
		return;
	snprintf(text, sizeof(text), "%s", everyday ? "" : why->text);
	/* a start that ends like the one before it, with nothing done, adds nothing to the journal */
	if (s->plain == 0 && (everyday || (s->error != NULL && strcmp(s->error, text) == 0)))
		return;
	if (note_mark(s, NULL, s->plain, s->object, everyday ? NULL : text, &ignored) < 0)
		err_clear(&ignored); /* the caller has an error of its own, or none that matters more */
}

int
stored_add(struct stored *s, const struct rec_chunk *c, struct err *e)
{
	struct journal_place place;
	int rc;

	if (journal_append(s->journal, REC_CHUNK, c, &place, e) < 0)
		return -1;
	pthread_mutex_lock(&s->mutex);
	rc = add_chunk(s, c, place, e);
	if (rc == 0)
		rc = mark_chunk(s, c, e);
	pthread_mutex_unlock(&s->mutex);
	return rc;
}

int
stored_add_base(struct stored *s, const struct rec_chunk *c, struct err *e)
{
	struct journal_place place;
	int rc;

	if (journal_note_at(s->journal, REC_CHUNK, c, &place, e) < 0)
		return -1;
	pthread_mutex_lock(&s->mutex);
	rc = add_chunk(s, c, place, e);
	pthread_mutex_unlock(&s->mutex);
	return rc;
}

int
stored_add_file(struct stored *s, const struct rec_file *f, struct err *e)
{
	if (journal_append(s->journal, REC_FILE, f, NULL, e) < 0)
		return -1;
	pthread_mutex_lock(&s->mutex);
	add_file(s, f);
	pthread_mutex_unlock(&s->mutex);
	return 0;
}

int
stored_add_piece(struct stored *s, const struct rec_piece *p, struct err *e)
{
	if (journal_append(s->journal, REC_PIECE, p, NULL, e) < 0)
		return -1;
	pthread_mutex_lock(&s->mutex);
	add_piece(s, p);
	pthread_mutex_unlock(&s->mutex);
	return 0;
}

const struct rec_file *
stored_file(const struct stored *s, const char *key)
{
	for (size_t i = 0; i < s->nfiles; i++)
		if (strcmp(s->files[i].key, key) == 0)
			return &s->files[i];
	return NULL;
}

static int
compare_pieces(const void *a, const void *b)
{
	const struct rec_piece *x = a, *y = b;

	if (x->table != y->table)
		return x->table < y->table ? -1 : 1;
	if (x->attempt != y->attempt)
		return x->attempt < y->attempt ? -1 : 1;
	return x->piece < y->piece ? -1 : x->piece > y->piece;
}

const struct rec_piece *
stored_piece(const struct stored *s, size_t i)
{
	return i < s->npieces ? &s->pieces[i] : NULL;
}

bool
stored_has_piece(struct stored *s, uint64_t table, uint64_t attempt, uint64_t piece)
{
	struct rec_piece key = { .table = table, .attempt = attempt, .piece = piece };

	if (s->npieces == 0)
		return false;
	if (!s->pieces_sorted)
		qsort(s->pieces, s->npieces, sizeof(*s->pieces), compare_pieces);
	s->pieces_sorted = true;
	return bsearch(&key, s->pieces, s->npieces, sizeof(*s->pieces), compare_pieces) != NULL;
}

int
stored_check_place(const struct stored *s, const char *run, const char *url, struct err *e)
{
	const struct rec_push *pinned = stored_options(s);

	if (pinned == NULL || pinned->url == NULL || store_same_place(pinned->url, url))
		return 0;
	err_set(e, ERR_FAILED, "run %s is being pushed to '%s', not to '%s'", run, pinned->url, url);
	return err_hint(e, "finish it there; a run goes to one place");
}

int
stored_seal(struct stored *s, const struct rec_sealed *rec, struct err *e)
{
	if (s->plain > 0 && note_mark(s, NULL, s->plain, s->object, NULL, e) < 0)
		return -1;
	if (journal_append(s->journal, REC_SEALED, rec, NULL, e) < 0)
		return -1;
	s->sealed = true;
	return 0;
}

void
stored_settle(struct stored *s)
{
	stored_index_settle(s->index);
}

bool
stored_has(struct stored *s, uint64_t table, uint64_t attempt, uint64_t batch, uint64_t seq)
{
	return stored_index_has(s->index, table, attempt, batch, seq);
}

bool
stored_has_own(struct stored *s, uint64_t table, uint64_t attempt, uint64_t batch, uint64_t seq)
{
	return stored_index_has_own(s->index, table, attempt, batch, seq);
}

const struct stored_list *
stored_list(struct stored *s, uint64_t table, uint64_t attempt)
{
	return stored_index_list(s->index, table, attempt);
}

int
stored_read(struct stored *s, const struct stored_list *list, size_t i, struct rec_chunk *out, struct err *e)
{
	struct journal_place place = stored_place(list, i);
	struct record r;

	if (journal_record_at(s->journal, place, &r, e) < 0)
		return -1;
	if (r.type != REC_CHUNK) {
		record_release(&r);
		return err_set(e, ERR_DIFFERS, "the push journal's line at byte %llu is no chunk", (unsigned long long)place.offset);
	}
	record_take(&r, out);
	return 0;
}
