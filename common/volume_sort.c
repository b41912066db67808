/* volume_sort.c -- keys in their order, however many there are.
 *
 * They are gathered, sorted and written to a temporary file as a run of it whenever memory is used up; then the runs are merged. */
#include "prelude.h"

#include <unistd.h>

#include "atomic.h"
#include "buf.h"
#include "err.h"
#include "volume_sort.h"

#define READ_SIZE ((size_t)64 << 10) /* of a run, at a time */

struct item {          /* in the gathered bytes and in the file, its key and a NUL behind it */
	struct store_object object;
	size_t len;
};

struct run {
	uint64_t at, end;  /* what is still in the file */
	struct buf bytes;  /* read, from FROM on not yet used */
	size_t from;
	struct item item;  /* the next one, */
	const char *key;   /* and its key; NULL: there is none */
};

struct volume_sort {
	struct buf bytes;
	size_t *places;    /* of items in it */
	size_t n, room;
	struct run *runs;
	size_t nruns;
	int fd;            /* -1: nothing is written yet */
	uint64_t written;
};

struct volume_sort *
volume_sort_new(void)
{
	struct volume_sort *s = mem_alloc(sizeof(*s));

	buf_init(&s->bytes, VOLUME_SORT_MEMORY + sizeof(struct item) + STORE_KEY_MAX + 2);
	s->fd = -1;
	return s;
}

void
volume_sort_free(struct volume_sort *s)
{
	if (s == NULL)
		return;
	for (size_t i = 0; i < s->nruns; i++)
		buf_release(&s->runs[i].bytes);
	if (s->fd >= 0)
		close(s->fd);
	buf_release(&s->bytes);
	free(s->places);
	free(s->runs);
	free(s);
}

static const char *
key_at(const struct volume_sort *s, size_t i)
{
	return s->bytes.data + s->places[i] + sizeof(struct item);
}

static int
compare(const void *a, const void *b, void *ctx)
{
	const char *bytes = ctx;

	return strcmp(bytes + *(const size_t *)a + sizeof(struct item), bytes + *(const size_t *)b + sizeof(struct item));
}

/* Sorted, each key once. */
static void
sort(struct volume_sort *s)
{
	size_t kept = 0;

	if (s->n > 0)
		qsort_r(s->places, s->n, sizeof(*s->places), compare, s->bytes.data);
	for (size_t i = 0; i < s->n; i++)
		if (kept == 0 || strcmp(key_at(s, kept - 1), key_at(s, i)) != 0)
			s->places[kept++] = s->places[i];
	s->n = kept;
}

static size_t
item_size(const struct volume_sort *s, size_t i)
{
	struct item item;

	memcpy(&item, s->bytes.data + s->places[i], sizeof(item));
	return sizeof(item) + item.len + 1;
}

/* What was gathered becomes a run of the file. */
static int
spill(struct volume_sort *s, struct err *e)
{
	struct run run = { .at = s->written };
	struct buf out;
	int rc = s->fd < 0 ? file_temp(&s->fd, e) : 0;

	sort(s);
	buf_init(&out, 2 * READ_SIZE);
	for (size_t i = 0; rc == 0 && i < s->n; i++) {
		rc = buf_add(&out, s->bytes.data + s->places[i], item_size(s, i), e);
		if (rc == 0 && (out.len >= READ_SIZE || i + 1 == s->n)) {
			rc = file_write_all(s->fd, out.data, out.len, "a temporary file", e);
			s->written += out.len;
			buf_reset(&out);
		}
	}
	buf_release(&out);
	run.end = s->written;
	buf_init(&run.bytes, 2 * READ_SIZE);
	s->runs = mem_grow(s->runs, (s->nruns + 1) * sizeof(*s->runs));
	s->runs[s->nruns++] = run;
	buf_reset(&s->bytes);
	s->n = 0;
	return rc;
}

int
volume_sort_add(struct volume_sort *s, const char *key, size_t len, struct store_object object, struct err *e)
{
	struct item item;

	memset(&item, 0, sizeof(item));
	item.object = object;
	item.len = len;
	if (s->bytes.len >= VOLUME_SORT_MEMORY && spill(s, e) < 0)
		return -1;
	if (s->n == s->room) {
		s->room = s->room > 0 ? 2 * s->room : 64;
		s->places = mem_grow(s->places, s->room * sizeof(*s->places));
	}
	s->places[s->n++] = s->bytes.len;
	return buf_add(&s->bytes, &item, sizeof(item), e) < 0 || buf_add(&s->bytes, key, len, e) < 0 ? -1 : buf_addc(&s->bytes, '\0', e);
}

/* --- merging --- */

/* At least one whole item in memory, when the run has one. */
static int
fill(struct volume_sort *s, struct run *r, struct err *e)
{
	size_t rest = r->bytes.len - r->from, n = r->end - r->at < READ_SIZE ? (size_t)(r->end - r->at) : READ_SIZE;

	if (n == 0 || rest >= sizeof(struct item) + STORE_KEY_MAX + 2)
		return 0;
	if (rest > 0)
		memmove(r->bytes.data, r->bytes.data + r->from, rest);
	r->bytes.len = rest;
	r->from = 0;
	if (buf_reserve(&r->bytes, n, e) < 0 || file_read_at(s->fd, r->bytes.data + rest, n, r->at, "a temporary file", e) < 0)
		return -1;
	r->bytes.len += n;
	r->at += n;
	return 0;
}

static int
next(struct volume_sort *s, struct run *r, struct err *e)
{
	r->key = NULL;
	if (fill(s, r, e) < 0)
		return -1;
	if (r->from == r->bytes.len)
		return 0;
	memcpy(&r->item, r->bytes.data + r->from, sizeof(r->item));
	r->key = r->bytes.data + r->from + sizeof(r->item);
	r->from += sizeof(r->item) + r->item.len + 1;
	return 0;
}

static struct run *
least(struct volume_sort *s)
{
	struct run *found = NULL;

	for (size_t i = 0; i < s->nruns; i++)
		if (s->runs[i].key != NULL && (found == NULL || strcmp(s->runs[i].key, found->key) < 0))
			found = &s->runs[i];
	return found;
}

static int
tell(const char *key, const struct item *item, store_list_fn *fn, void *ctx, struct err *e)
{
	return fn(ctx, key, item->len > 0 && key[item->len - 1] == '/', &item->object, e);
}

static int
merge(struct volume_sort *s, store_list_fn *fn, void *ctx, struct err *e)
{
	char last[STORE_KEY_MAX + 2] = "";
	struct run *r;

	for (size_t i = 0; i < s->nruns; i++)
		if (next(s, &s->runs[i], e) < 0)
			return -1;
	while ((r = least(s)) != NULL) {
		if (strcmp(r->key, last) != 0 && tell(r->key, &r->item, fn, ctx, e) < 0)
			return -1;
		snprintf(last, sizeof(last), "%s", r->key);
		if (next(s, r, e) < 0)
			return -1;
	}
	return 0;
}

int
volume_sort_each(struct volume_sort *s, store_list_fn *fn, void *ctx, struct err *e)
{
	if (s->nruns > 0)
		return spill(s, e) < 0 ? -1 : merge(s, fn, ctx, e);
	sort(s);
	for (size_t i = 0; i < s->n; i++) {
		struct item item;

		memcpy(&item, s->bytes.data + s->places[i], sizeof(item));
		if (tell(key_at(s, i), &item, fn, ctx, e) < 0)
			return -1;
	}
	return 0;
}
