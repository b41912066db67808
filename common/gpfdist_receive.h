/* gpfdist_receive.h -- the end of the gpfdist protocol that takes rows: Greenplum's segments POST the
 * rows of a writable external table to it.
 *
 *   receiver_start(&settings, &receiver, e);
 *   reception_open(receiver, 4, sink, writers, &reception, e);
 *   … CREATE WRITABLE EXTERNAL TABLE x (LIKE t) LOCATION ('<reception_url>') FORMAT 'csv' … ;
 *   … INSERT INTO x SELECT … FROM t;  COMMIT;
 *   reception_close(reception, &totals, e);
 *   receiver_stop(receiver);
 *
 * A receiver is one HTTP server.  A reception is one attempt at one table: its URL holds a token that
 * cannot be guessed and takes the rows of one statement, (XID, CID, SN), only; a retry opens another.
 * HTTP never tells that rows were committed: an attempt counts when the statement was, it wrote as
 * many rows as the sink was given, and reception_close returns 0.
 *
 * Who gives URLs away without having opened a reception (settings.unknown) opens it when the first request comes. */
#ifndef GPM_GPFDIST_RECEIVE_H
#define GPM_GPFDIST_RECEIVE_H

#include "gpfdist_endpoint.h"

#include "gpfdist_token.h"

struct err;
struct receiver;
struct reception;

/* A request for a PATH that no open reception has: true when CTX's owner has opened one for it meanwhile
 * (reception_open_as).  Called from several threads, with no lock held. */
typedef bool receiver_unknown(void *ctx, struct receiver *, const char *path);

/* What a connection takes of settings.memory: buffers, a thread's stack, TLS. */
#define RECEIVER_CONNECTION_BYTES ((uint64_t)160 << 10)
/* What bodies need at least of it. */
#define RECEIVER_BODIES_MIN ((uint64_t)4 << 20)

struct receiver_settings {
	struct gpfdist_place place;
	unsigned connections;    /* at once; best one a segment and table in flight, and a third more */
	uint64_t memory;         /* bytes, for everything: bodies get what the connections leave */
	uint64_t spill;          /* bytes of temporary files at once, for bodies above a quarter of that */
	uint64_t body_max;       /* the largest body, a row or writable_external_table_bufsize; at most SPILL */
	unsigned wait_seconds;   /* a body waits so long for its turn before it is answered 408, "again";
	                          * half of gpfdist_retry_timeout.  One that the sink was given is waited for */
	unsigned header_seconds; /* a request's head has to be complete by then; 0: 20 */
	unsigned idle_seconds;   /* a connection may say nothing between two requests; 0: 300 */
	receiver_unknown *unknown; /* NULL: what is not open is not found */
	void *unknown_ctx;
};

/* receiver_start(s, out, e): listen and answer.  S is not needed afterwards.  ERR_USAGE when the memory does
 * not do for the connections, with the numbers. */
int receiver_start(const struct receiver_settings *, struct receiver **out, struct err *) GPM_NODISCARD;
unsigned receiver_port(const struct receiver *);

/* receiver_stop(r): every reception was closed before.  NULL is fine. */
void receiver_stop(struct receiver *);

/* Takes DATA, the whole rows of one body, each body once; DATA is the caller's again on return.  Never
 * called twice at a time for the same LANE, 0 … lanes - 1, but for several lanes from several threads;
 * low lanes are used first.  It may block: that is what holds the segments back.  On -1 everything is
 * refused from then on, with E's text, which a segment may show to its user. */
typedef int reception_sink(void *ctx, unsigned lane, const char *data, size_t len, struct err *);

int reception_open(struct receiver *, unsigned lanes, reception_sink *, void *ctx, struct reception **out,
    struct err *) GPM_NODISCARD;

/* A segment has told its end, and waits for the answer: what the sink took is to be safe now.  -1: as of the sink. */
typedef int reception_ended(void *ctx, struct err *);

/* reception_open_as(r, token, sink, ended, ctx, out): one lane, under a token that was given away before; no other
 * open reception may have it. */
void reception_open_as(struct receiver *, const char token[GPFDIST_TOKEN_LEN], reception_sink *, reception_ended *, void *ctx,
    struct reception **out);

/* reception_url(r): gpfdist[s]://host:port/token/t, for LOCATION.  Whoever knows it can send rows: it stands
 * in no log. */
const char *reception_url(const struct reception *);

struct reception_totals {
	uint64_t bodies, bytes;      /* that the sink took */
	unsigned segments;           /* that sent anything; one without rows does not */
	unsigned unfinished;         /* of them: no end was told; 0 unless the statement failed */
	uint64_t repeats;            /* bodies that came again and were dropped */
	uint64_t again;              /* requests that were answered 408, "again": the sink is slower than the segments */
	uint64_t refused;            /* those that were answered with another error */
	char first_refusal[256];     /* why, "" when REFUSED is 0 */
};

/* reception_close(r, totals, e): no further body is taken, whatever comes is answered 404; waits for
 * sink calls that are under way; frees R.  TOTALS, which may be NULL, is filled in any case.  -1 when what was received cannot
 * count: the sink failed, a body was no whole rows, or a segment is unfinished. */
int reception_close(struct reception *, struct reception_totals *, struct err *) GPM_NODISCARD;

#endif
