/* assess_report.h -- what an assessment found, for people and for programs. */
#ifndef GPM_ASSESS_REPORT_H
#define GPM_ASSESS_REPORT_H

#include "assess_check.h"
#include "assess_size.h"

#define ASSESS_OBJECTS 1000 /* names that a finding keeps; the count goes on */

/* What a check brought up. */
struct finding {
	const struct check *check;
	uint64_t count;        /* of objects */
	struct strings objects; /* the first ASSESS_OBJECTS by name */
	char *refused;         /* why the server did not answer, instead; mem_* */
};

struct assessment {
	struct rec_run who;    /* the source: system, version, database, encoding */
	const char *catalog;   /* its generation */
	const char *destination;
	uint64_t destination_segments; /* 0: not told */
	uint64_t chunk_size;
	struct finding *findings; /* those that found something or were refused, in the order of the table */
	size_t nfindings;
	size_t nchecks;        /* that were made */
	struct assess_size size;
	char *size_refused;    /* why there is none; mem_* */
};

/* How many findings there are of SEVERITY; of those that were refused. */
size_t assessment_count(const struct assessment *, enum severity);
size_t assessment_refused(const struct assessment *);

/* assess_text: for a terminal of 80 columns; names cannot drive it.  assess_json: one document, pretty printed.  To stdout. */
int assess_text(const struct assessment *, struct err *) GPM_NODISCARD;
int assess_json(const struct assessment *, struct err *) GPM_NODISCARD;

#endif
