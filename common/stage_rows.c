/* stage_rows.c -- the stage that reads rows as they pass: count, digest, size, XXH3-128. */
#include "prelude.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "err.h"
#include "stage.h"

struct rows_stage {
	struct stage stage; /* first, so that one pointer is both */
	struct rows *rows;
	XXH3_state_t *state; /* apart: it wants a stricter alignment than malloc's */
	XXH128_canonical_t hash;
};

static int
push(struct stage *s, const char *data, size_t len, struct err *e)
{
	struct rows_stage *r = (struct rows_stage *)s;
	size_t used;

	if (rows_push(r->rows, data, len, 0, &used, e) < 0)
		return -1;
	XXH3_128bits_update(r->state, data, len);
	return stage_push(s->next, data, len, e);
}

static int
finish(struct stage *s, struct err *e)
{
	struct rows_stage *r = (struct rows_stage *)s;

	if (!rows_at_end(r->rows))
		return err_set(e, ERR_DIFFERS, "the last record is incomplete");
	XXH128_canonicalFromHash(&r->hash, XXH3_128bits_digest(r->state));
	return 0;
}

static void
release(struct stage *s)
{
	struct rows_stage *r = (struct rows_stage *)s;

	XXH3_freeState(r->state);
	rows_free(r->rows);
	free(r);
}

static const struct stage_ops ops = { .push = push, .finish = finish, .free = release };

struct stage *
stage_rows(const struct dialect *dialect, const unsigned char *float_kind, size_t ncolumns,
    struct stage *next)
{
	struct rows_stage *r = mem_alloc(sizeof(*r));

	r->stage.ops = &ops;
	r->stage.next = next;
	r->rows = rows_new(dialect, float_kind, ncolumns);
	r->state = XXH3_createState();
	if (r->state == NULL) {
		fputs("gpm: out of memory\n", stderr);
		exit(1);
	}
	XXH3_128bits_reset(r->state);
	return &r->stage;
}

uint64_t
stage_rows_count(const struct stage *s)
{
	return rows_count(((const struct rows_stage *)s)->rows);
}

struct digest
stage_rows_digest(const struct stage *s)
{
	return rows_digest(((const struct rows_stage *)s)->rows);
}

uint64_t
stage_rows_size(const struct stage *s)
{
	return rows_bytes(((const struct rows_stage *)s)->rows);
}

const unsigned char *
stage_rows_xxh3(const struct stage *s)
{
	return ((const struct rows_stage *)s)->hash.digest;
}
