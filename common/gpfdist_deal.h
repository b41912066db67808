/* gpfdist_deal.h -- the end of the gpfdist protocol that gives rows: Greenplum's segments GET the rows of a readable
 * external table from it.
 *
 *   dealer_start(&settings, &dealer, e);
 *   deal_open(dealer, &deal, e);
 *   … in one thread: CREATE EXTERNAL TABLE x (LIKE t) LOCATION ('<deal_url>') FORMAT 'csv' … ;
 *   …                INSERT INTO t SELECT … FROM x;
 *   … in another:    { deal_room; deal_give } for each piece of rows, then deal_end, or deal_fail;
 *   deal_shut(deal);
 *   deal_close(deal, &totals, e);
 *   dealer_stop(dealer);
 *
 * A dealer is one HTTP server.  A deal is one attempt at some rows: its URL holds a token that cannot be guessed,
 * and the first scan, (XID, CID, SN), that asks for it has it; another scan, and a segment that asks twice, gets an
 * error.  Rows are dealt out, in frames of whole rows, to whichever segment of that scan has room for more.
 * A segment is told that it has all of its rows only once everything that was given is dealt out and deal_end was
 * called; it gets an error, and so its statement, as soon as anything is wrong.  A segment that goes away
 * before its end spoils the deal, whether it had rows or not: they are not dealt to another one, and a retry opens another deal.
 * HTTP never tells that rows were committed: an attempt counts when the statement was, it took as many rows as
 * were given, and deal_close returns 0. */
#ifndef GPM_GPFDIST_DEAL_H
#define GPM_GPFDIST_DEAL_H

#include "buf.h"
#include "gpfdist_endpoint.h"

struct deal;
struct dealer;
struct err;

/* What a connection takes of settings.memory: a frame, buffers, a thread's stack, TLS. */
#define DEALER_CONNECTION_BYTES ((uint64_t)448 << 10)

struct dealer_settings {
	struct gpfdist_place place;
	unsigned connections;    /* at once; best one a segment and deal, and some more; who comes later waits */
	uint64_t memory;         /* bytes, for everything: rows that wait get what the connections leave */
	unsigned header_seconds; /* a request's head has to be complete by then; 0: 20 */
};

/* dealer_start(s, out, e): listen and answer.  S is not needed afterwards.  ERR_USAGE when the memory does not do for
 * the connections, with the numbers. */
int dealer_start(const struct dealer_settings *, struct dealer **out, struct err *) GPM_NODISCARD;
unsigned dealer_port(const struct dealer *);

/* dealer_stop(d): every deal was closed before.  NULL is fine. */
void dealer_stop(struct dealer *);

int deal_open(struct dealer *, struct deal **out, struct err *) GPM_NODISCARD;

/* deal_url(d): gpfdist[s]://host:port/token/t, for LOCATION.  Whoever knows it can read the rows: it stands in no log. */
const char *deal_url(const struct deal *);

/* --- what its owner gives, by one thread or several --- */

/* deal_room(d, n, e): a piece that has memory for N bytes of rows, waited for; at most three pieces are in a deal at a time, filled
 * or waiting.  NULL: ERR_STOPPED once the deal was shut or has failed; ERR_USAGE when N is more than there is at all. */
struct deal_piece *deal_room(struct deal *, uint64_t n, struct err *) GPM_NODISCARD;
struct buf *deal_piece_rows(struct deal_piece *); /* to be filled: its data has room for N bytes */

/* deal_give(d, name, piece, e): whole rows in CSV; all checks were made before.  PIECE is taken in any case.  NAME: what an error in
 * one of them is told with at the server, with the number of its row in this piece. */
int deal_give(struct deal *, const char *name, struct deal_piece *, struct err *) GPM_NODISCARD;

/* deal_drop(d, piece): nothing comes of it after all. */
void deal_drop(struct deal *, struct deal_piece *);

/* deal_end(d): that was all.  deal_fail(d, e): or there are no more because of E, whose text the segments get. */
void deal_end(struct deal *);
void deal_fail(struct deal *, const struct err *);

/* --- its end --- */

struct deal_totals {
	uint64_t frames, bytes;  /* of rows that were dealt out */
	unsigned segments;       /* that asked */
	unsigned unfinished;     /* of them: not told the end */
	uint64_t refused;        /* requests that were refused, or got an error at once */
	char first_refusal[256]; /* why, "" when REFUSED is 0 */
};

/* deal_wait(d, seconds, e): until everything is dealt out, and as many segments as the cluster has came to their end or
 * SECONDS went by after that.  -1 when a signal came, or the deal failed and those who were there had SECONDS at most to be
 * told so. */
int deal_wait(struct deal *, unsigned seconds, struct err *) GPM_NODISCARD;

/* deal_shut(d): the statement is over: whatever comes is answered 404, who waits in deal_room waits no longer. */
void deal_shut(struct deal *);

/* deal_close(d, totals, e): after deal_shut, when nobody gives any more; frees D.  TOTALS, which may be NULL, is filled
 * in any case.  -1 unless all rows were dealt out and every segment that asked was told the end. */
int deal_close(struct deal *, struct deal_totals *, struct err *) GPM_NODISCARD;

#endif
