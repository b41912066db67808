/* naive_rows.h -- what common/rows.h promises, one byte at a time: what the tests and fuzzers
 * compare rows.c with. */
#ifndef GPM_NAIVE_ROWS_H
#define GPM_NAIVE_ROWS_H

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "naive_floats.h"
#include "rows.h"

struct naive_rows {
	uint64_t count;
	struct digest digest;
	size_t stop;   /* where the first record ends at which STOP_AT bytes were taken; or len */
	bool at_end;
	bool missing;  /* a record lacks a flagged column; the rest says nothing then */
};

/* Add one record; false when it has fewer columns than the last flagged one. */
static bool
naive_record(const struct dialect *d, const unsigned char *kind, size_t ncolumns, const char *rec,
    size_t len, struct naive_rows *out)
{
	char *text = malloc(3 * len + 64 * (ncolumns + 1));
	size_t n = 0, column = 0, from = 0, last = 0;
	bool quoted = false, escaped = false;
	XXH128_hash_t h;
	uint64_t low = out->digest.low;

	for (size_t i = 0; i < ncolumns; i++)
		if (kind != NULL && kind[i] != 0)
			last = i + 1;
	for (size_t i = 0; i <= len; i++) {
		bool ends = i == len || (rec[i] == d->delimiter && !quoted && !escaped);

		if (ends) {
			if (column < last && kind[column] != 0)
				n += naive_canonical(rec + from, i - from, kind[column], text + n);
			else {
				memcpy(text + n, rec + from, i - from);
				n += i - from;
			}
			if (i < len)
				text[n++] = rec[i];
			from = i + 1;
			column++;
		} else if (d->format == DIALECT_CSV && rec[i] == d->quote)
			quoted = !quoted;
		escaped = d->format == DIALECT_TEXT && !ends && !escaped && rec[i] == '\\';
	}
	h = XXH3_128bits(text, n);
	free(text);
	out->digest.low += h.low64;
	out->digest.high += h.high64 + (out->digest.low < low);
	out->count++;
	return column >= last;
}

static struct naive_rows
naive_rows(const struct dialect *d, const unsigned char *kind, size_t ncolumns, const char *data,
    size_t len, uint64_t stop_at)
{
	struct naive_rows r = { .stop = len, .at_end = true };
	bool quoted = false;
	size_t start = 0;

	for (size_t i = 0; i < len; i++) {
		if (d->format == DIALECT_CSV && data[i] == d->quote)
			quoted = !quoted;
		if (data[i] != '\n' || quoted)
			continue;
		if (!naive_record(d, kind, ncolumns, data + start, i - start, &r))
			r.missing = true;
		start = i + 1;
		if (stop_at > 0 && start >= stop_at) {
			r.stop = start;
			return r;
		}
	}
	r.at_end = start == len;
	return r;
}

#endif
