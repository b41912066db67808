/* rows_scan.h -- the fast half of rows.c: at which bytes records end. */
#ifndef GPM_ROWS_SCAN_H
#define GPM_ROWS_SCAN_H

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

/* The same without vector instructions: what rows_scan_span is where there are none, and what it
 * is tested against where there are. */
size_t rows_scan_span_portable(struct rows_scan *, const char *data, size_t len, uint16_t ends[ROWS_SPAN]);

#endif
