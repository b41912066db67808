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
	unsigned char *float_kind; /* of the columns up to the last flagged one */
	size_t ncolumns;           /* how many these are; 0: records are hashed as they stand */
	struct rows_scan scan;
	struct buf carry;     /* the record that is not complete yet */
	struct buf canonical; /* the record that is being hashed, its numbers rewritten */
	uint64_t count;
	uint64_t bytes;
	struct digest digest;
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
		r->float_kind = mem_alloc(ncolumns);
		memcpy(r->float_kind, float_kind, ncolumns);
	}
	r->scan.quoted = dialect->format == DIALECT_CSV;
	r->scan.quote = dialect->quote;
	buf_init(&r->carry, ROWS_RECORD_LIMIT);
	buf_init(&r->canonical, ROWS_RECORD_LIMIT);
	return r;
}

void
rows_free(struct rows *r)
{
	if (r == NULL)
		return;
	buf_release(&r->canonical);
	buf_release(&r->carry);
	free(r->float_kind);
	free(r);
}

/* How long the field is that starts at DATA; its delimiter or the record's end comes after it. */
static size_t
field_len(const struct dialect *dialect, const char *data, size_t len)
{
	bool inside = false;
	size_t i;

	if (dialect->format == DIALECT_TEXT) {
		for (i = 0; i < len && data[i] != dialect->delimiter; i++)
			if (data[i] == '\\' && i + 1 < len)
				i++; /* what was escaped is no delimiter */
		return i;
	}
	for (i = 0; i < len && (inside || data[i] != dialect->delimiter); i++)
		inside ^= data[i] == dialect->quote;
	return i;
}

/* The record into r->canonical, with the numbers of its flagged columns rewritten. */
static int
canonical_record(struct rows *r, const char *data, size_t len, struct err *e)
{
	size_t at = 0, copied = 0;

	buf_reset(&r->canonical);
	for (size_t column = 0; column < r->ncolumns; column++) {
		size_t n;

		if (at > len)
			return err_set(e, ERR_FAILED, "record %" PRIu64 " has %zu columns, at least %zu "
			    "were expected", r->count + 1, column, r->ncolumns);
		n = field_len(&r->dialect, data + at, len - at);
		if (r->float_kind[column] != 0) {
			if (buf_add(&r->canonical, data + copied, at - copied, e) < 0 ||
			    floats_canonical(data + at, n, r->float_kind[column], &r->canonical, e) < 0)
				return err_context(e, "record %" PRIu64, r->count + 1);
			copied = at + n;
		}
		at += n + 1; /* past LEN behind the last field */
	}
	if (buf_add(&r->canonical, data + copied, len - copied, e) < 0)
		return err_context(e, "record %" PRIu64, r->count + 1);
	return 0;
}

static int
too_long(const struct rows *r, struct err *e)
{
	err_set(e, ERR_FAILED, "record %" PRIu64 " is longer than %zu bytes", r->count + 1,
	    ROWS_RECORD_LIMIT);
	return err_hint(e, "a quote without its partner makes the rest of the rows one record");
}

/* Count and hash one complete record, its terminator left out. */
static int
take_record(struct rows *r, const char *data, size_t len, struct err *e)
{
	XXH128_hash_t hash;

	if (len > ROWS_RECORD_LIMIT)
		return too_long(r, e);
	if (r->ncolumns > 0) {
		if (canonical_record(r, data, len, e) < 0)
			return -1;
		data = r->canonical.data;
		len = r->canonical.len;
	}
	hash = XXH3_128bits(data, len);
	r->digest = digest_add(r->digest, (struct digest){ .high = hash.high64, .low = hash.low64 });
	r->count++;
	return 0;
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
end_record(struct rows *r, const char *data, size_t len, struct err *e)
{
	if (r->carry.len == 0)
		return take_record(r, data, len, e);
	if (carry(r, data, len, e) < 0 || take_record(r, r->carry.data, r->carry.len, e) < 0)
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

			if (end_record(r, data + start, end - start, e) < 0)
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
