/* rows_scan.h -- the fast half of rows.c: at which bytes records and fields end. */
#ifndef GPM_ROWS_SCAN_H
#define GPM_ROWS_SCAN_H

#include "dialect.h"

struct rows_scan {
	bool quoted;     /* newlines between quotes end nothing */
	char quote;
	uint64_t inside; /* the next byte stands inside quotes: all bits set; else 0 */
};

#define ROWS_SPAN ((size_t)4096)

/* rows_scan_span(s, data, len, ends): look at LEN <= ROWS_SPAN bytes, put the offset of every '\n'
 * that ends a record into ENDS, return how many there are.  S remembers whether the span ended
 * inside quotes; whoever does not go on behind the span's last byte must set S->inside. */
size_t rows_scan_span(struct rows_scan *, const char *data, size_t len, uint16_t ends[ROWS_SPAN]);

/* rows_scan_fields(dialect, data, len, ends, max): look at one record of LEN bytes without its
 * terminator, put the offset of every delimiter that ends a field into ENDS, MAX of them at most, return
 * how many there are. */
size_t rows_scan_fields(const struct dialect *, const char *data, size_t len, size_t *ends, size_t max);

/* The same without vector instructions: what they are where there are none, and what they are tested
 * against where there are. */
size_t rows_scan_span_portable(struct rows_scan *, const char *data, size_t len, uint16_t ends[ROWS_SPAN]);
size_t rows_scan_fields_portable(const struct dialect *, const char *data, size_t len, size_t *ends, size_t max);

#endif
