/* gpfdist_headers.h -- what the headers of a segment's POST or GET say. */
#ifndef GPM_GPFDIST_HEADERS_H
#define GPM_GPFDIST_HEADERS_H

struct err;

/* The headers that matter here; what else comes is passed over. */
#define GPFDIST_HEADER_LIST \
	X(XID, "X-GP-XID") X(CID, "X-GP-CID") X(SN, "X-GP-SN") X(SEGMENT, "X-GP-SEGMENT-ID") \
	X(SEQ, "X-GP-SEQ") X(DONE, "X-GP-DONE") X(PROTO, "X-GP-PROTO") \
	X(LENGTH, "Content-Length") X(ENCODING, "Transfer-Encoding") X(EXPECT, "Expect") \
	X(COUNT, "X-GP-SEGMENT-COUNT") X(CSVOPT, "X-GP-CSVOPT")

enum gpfdist_header {
#define X(name, text) GPFDIST_##name,
	GPFDIST_HEADER_LIST
#undef X
	GPFDIST_HEADER_COUNT
};

struct gpfdist_headers {
	const char *value[GPFDIST_HEADER_COUNT]; /* NULL: it did not come; the caller's memory */
	bool twice;
};

/* XID, CID and SN with '/' between. */
#define GPFDIST_STATEMENT_LEN 128

struct gpfdist_post {
	char statement[GPFDIST_STATEMENT_LEN]; /* whose rows these are */
	int segment;                           /* content id; -1 is the coordinator's */
	uint64_t seq;                          /* 1 opens, then one more for each body */
	bool done;                             /* the segment has no more */
	uint64_t length;                       /* of the body */
};

struct gpfdist_get {
	char statement[GPFDIST_STATEMENT_LEN]; /* which scan the rows are for */
	int segment;
	unsigned segments;                     /* of the cluster; 0: it was not said */
	const char *unfit;                     /* NULL, or why rows in the run's dialect are not what the external
	                                        * table declares: a text for its user */
};

/* gpfdist_headers_add(h, name, value): one line; H begins zeroed.  Names in any case. */
void gpfdist_headers_add(struct gpfdist_headers *, const char *name, const char *value);

/* gpfdist_headers_length(h, length): the body's; false when the headers tell none that can be relied on. */
bool gpfdist_headers_length(const struct gpfdist_headers *, uint64_t *length);

/* gpfdist_headers_read(h, post, e): 0, or the HTTP status that it is to be refused with, and why: a text that
 * repeats nothing of what came. */
unsigned gpfdist_headers_read(const struct gpfdist_headers *, struct gpfdist_post *, struct err *) GPM_NODISCARD;
unsigned gpfdist_headers_read_get(const struct gpfdist_headers *, struct gpfdist_get *, struct err *) GPM_NODISCARD;

#endif
