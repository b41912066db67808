/* rows.c -- where a row ends, how many there are, and their digest (row digest v1).
 *
 * rows_scan.c finds the ends in a span of a few kilobytes, then the records of that span are
 * hashed while it is still in the nearest cache. */
#include "prelude.h"

#include <inttypes.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "buf.h"
#include "err.h"
#include "floats.h"
#include "rows.h"
#include "rows_scan.h"

struct rows {
	struct dialect dialect;
	struct float_column { size_t column; int kind; } *floats;
	size_t nfloats;
	size_t ncolumns;      /* up to the last of these; 0: records are hashed as they stand */
	size_t *ends;         /* where these columns end in the record that is being hashed */
	struct rows_scan scan;
	struct buf carry;     /* the record that is not complete yet */
	struct buf canonical; /* the record that is being hashed, its numbers rewritten */
	uint64_t count;
	uint64_t bytes;
	struct digest digest;
	rows_record_fn *watch; /* or NULL */
	void *watch_ctx;
};

struct rows *
rows_new(const struct dialect *dialect, const unsigned char *float_kind, size_t ncolumns)
{
	struct rows *r = mem_alloc(sizeof(*r));

	r->dialect = *dialect;
	while (float_kind != NULL && ncolumns > 0 && float_kind[ncolumns - 1] == 0)
		ncolumns--;
	if (float_kind != NULL && ncolumns > 0) {
		r->ncolumns = ncolumns;
		r->ends = mem_array(ncolumns, sizeof(r->ends[0]));
		r->floats = mem_array(ncolumns, sizeof(r->floats[0]));
		for (size_t i = 0; i < ncolumns; i++)
			if (float_kind[i] != 0)
				r->floats[r->nfloats++] = (struct float_column){ i, float_kind[i] };
	}
	r->scan.quoted = dialect->format == DIALECT_CSV;
	r->scan.quote = dialect->quote;
	buf_init(&r->carry, ROWS_RECORD_LIMIT);
	buf_init(&r->canonical, FLOATS_MAX(ROWS_RECORD_LIMIT));
	return r;
}

void
rows_free(struct rows *r)
{
	if (r == NULL)
		return;
	buf_release(&r->canonical);
	buf_release(&r->carry);
	free(r->ends);
	free(r->floats);
	free(r);
}

void
rows_watch(struct rows *r, rows_record_fn *fn, void *ctx)
{
	r->watch = fn;
	r->watch_ctx = ctx;
}

static int
too_long(const struct rows *r, struct err *e)
{
	err_set(e, ERR_FAILED, "record %" PRIu64 " is longer than %zu bytes", r->count + 1,
	    ROWS_RECORD_LIMIT);
	return err_hint(e, "a quote without its partner makes the rest of the rows one record");
}

/* DATA up to the field at AT, and the field's canonical form, behind what r->canonical holds.  ROOM bytes
 * from the field on can be read. */
static int
add_canonical(struct rows *r, const char *data, size_t at, size_t len, size_t room, int kind, struct err *e)
{
	char *to;

	if (buf_reserve(&r->canonical, at + FLOATS_MAX(len), e) < 0)
		return -1;
	to = r->canonical.data + r->canonical.len;
	memcpy(to, data, at);
	to = floats_canonical(to + at, data + at, len, room, kind);
	r->canonical.len = (size_t)(to - r->canonical.data);
	return 0;
}

/* The record into r->canonical, with the numbers of its flagged columns rewritten. */
static int
canonical_record(struct rows *r, const char *data, size_t len, size_t room, struct err *e)
{
	size_t fields = 1 + rows_scan_fields(&r->dialect, data, len, r->ends, r->ncolumns), copied = 0;

	if (fields < r->ncolumns)
		return err_set(e, ERR_FAILED, "record %" PRIu64 " has %zu columns, at least %zu were expected",
		    r->count + 1, fields, r->ncolumns);
	if (fields == r->ncolumns)
		r->ends[fields - 1] = len;
	buf_reset(&r->canonical);
	for (const struct float_column *f = r->floats; f < r->floats + r->nfloats; f++) {
		size_t at = f->column == 0 ? 0 : r->ends[f->column - 1] + 1, end = r->ends[f->column];

		if (add_canonical(r, data + copied, at - copied, end - at, room - at, f->kind, e) < 0)
			return err_context(e, "record %" PRIu64, r->count + 1);
		copied = end;
	}
	if (buf_add(&r->canonical, data + copied, len - copied, e) < 0)
		return err_context(e, "record %" PRIu64, r->count + 1);
	return r->canonical.len > ROWS_RECORD_LIMIT ? too_long(r, e) : 0;
}

/* Count and hash one complete record, its terminator left out.  ROOM bytes from DATA on can be read. */
static int
take_record(struct rows *r, const char *data, size_t len, size_t room, struct err *e)
{
	const char *hashed = data;
	size_t hashed_len = len;
	XXH128_hash_t hash;
	struct digest digest;

	if (len > ROWS_RECORD_LIMIT)
		return too_long(r, e);
	if (r->ncolumns > 0) {
		if (canonical_record(r, data, len, room, e) < 0)
			return -1;
		hashed = r->canonical.data;
		hashed_len = r->canonical.len;
	}
	hash = XXH3_128bits(hashed, hashed_len);
	digest = (struct digest){ .high = hash.high64, .low = hash.low64 };
	r->digest = digest_add(r->digest, digest);
	r->count++;
	return r->watch != NULL ? r->watch(r->watch_ctx, digest, data, len, e) : 0;
}

/* Keep the beginning of a record whose end is still to come. */
static int
carry(struct rows *r, const char *data, size_t len, struct err *e)
{
	if (len > ROWS_RECORD_LIMIT - r->carry.len)
		return too_long(r, e);
	return buf_add(&r->carry, data, len, e);
}

/* A record that ends here, and began here or in the carry. */
static int
end_record(struct rows *r, const char *data, size_t len, size_t room, struct err *e)
{
	if (r->carry.len == 0)
		return take_record(r, data, len, room, e);
	if (carry(r, data, len, e) < 0 || take_record(r, r->carry.data, r->carry.len, r->carry.len, e) < 0)
		return -1;
	buf_reset(&r->carry);
	return 0;
}

/* How many bytes of a push may be taken before a record end stops it. */
static size_t
bytes_to_stop(const struct rows *r, uint64_t stop_at)
{
	uint64_t left;

	if (stop_at == 0)
		return SIZE_MAX;
	left = stop_at > r->bytes ? stop_at - r->bytes : 0;
	return left < SIZE_MAX ? (size_t)left : SIZE_MAX;
}

int
rows_push(struct rows *r, const char *data, size_t len, uint64_t stop_at, size_t *used, struct err *e)
{
	const size_t stop = bytes_to_stop(r, stop_at);
	uint16_t ends[ROWS_SPAN];
	size_t at, start = 0; /* of the span, of the record */

	for (at = 0; at < len; at += ROWS_SPAN) {
		size_t span = len - at < ROWS_SPAN ? len - at : ROWS_SPAN;
		size_t n = rows_scan_span(&r->scan, data + at, span, ends);

		for (size_t i = 0; i < n; i++) {
			size_t end = at + ends[i];

			if (end_record(r, data + start, end - start, len - start, e) < 0)
				return -1;
			start = end + 1;
			if (start >= stop) {
				r->scan.inside = 0; /* the scan was ahead; no record starts inside quotes */
				r->bytes += start;
				*used = start;
				return 0;
			}
		}
	}
	if (start < len && carry(r, data + start, len - start, e) < 0)
		return -1;
	r->bytes += len;
	*used = len;
	return 0;
}

bool
rows_at_end(const struct rows *r)
{
	return r->carry.len == 0;
}

uint64_t
rows_count(const struct rows *r)
{
	return r->count;
}

uint64_t
rows_bytes(const struct rows *r)
{
	return r->bytes;
}

struct digest
rows_digest(const struct rows *r)
{
	return r->digest;
}

void
rows_reset(struct rows *r)
{
	r->count = 0;
	r->bytes = 0;
	r->digest = (struct digest){ 0, 0 };
}
