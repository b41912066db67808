/* assess_size.h -- how much there is, and how it lies on the segments, from what the catalogs know.
 *
 * Bytes on disk are asked of the functions of size, of all segments at once.  Rows and the text that they make are estimates: what ANALYZE
 * counted, times the widths of its statistics, where numbers and times count with their usual text. */
#ifndef GPM_ASSESS_SIZE_H
#define GPM_ASSESS_SIZE_H

#include "catalog.h"

struct assess_table {
	char *schema, *name;   /* mem_* */
	uint64_t bytes;        /* on disk, with TOAST, on all segments */
	uint64_t largest;      /* on the segment that has most; 0 without segments */
	uint64_t segments;     /* on which it lies */
	uint64_t rows;         /* 0: none, or never analyzed */
	uint64_t csv;          /* bytes of its rows as text, a guess from bytes where there are no statistics */
};

#define ASSESS_BIGGEST 10

struct assess_size {
	bool exact;            /* bytes are; else somebody holds a lock, and they are what VACUUM saw */
	uint64_t tables, leaves; /* a leaf is a table too */
	uint64_t unknown;      /* tables that hold bytes and have no statistics */
	uint64_t bytes, rows, csv;
	uint64_t chunks;       /* objects of rows */
	uint64_t objects;      /* with manifests and schema */
	uint64_t segments;     /* primaries; 0 without */
	struct assess_table biggest[ASSESS_BIGGEST]; /* the largest first */
	size_t nbiggest;
};

/* A table's part on the fullest segment, in percent of what it would be if all had the same; 100 or more. */
uint64_t assess_skew(const struct assess_table *);

/* assess_measure(catalog, db, chunk_size, out, e): -1: the server refused; nothing is to be released then. */
int assess_measure(const struct catalog *, struct db *, uint64_t chunk_size, struct assess_size *out, struct err *) GPM_NODISCARD;
void assess_size_release(struct assess_size *);

#endif
