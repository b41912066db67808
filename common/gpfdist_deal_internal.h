/* gpfdist_deal_internal.h -- what the parts of the dealer know of each other.
 *
 * gpfdist_server.c speaks HTTP, a thread a connection; gpfdist_get.c reads one request and writes its frames;
 * gpfdist_deal.c decides what each segment gets; gpfdist_give.c is its owner's side. */
#ifndef GPM_GPFDIST_DEAL_INTERNAL_H
#define GPM_GPFDIST_DEAL_INTERNAL_H

#include <pthread.h>

#include "err.h"
#include "gpfdist_deal.h"
#include "gpfdist_headers.h"
#include "gpfdist_token.h"
#include "portion.h"

struct dealer {
	pthread_mutex_t mutex;   /* over all that follows, and what it leads to */
	struct deal *deals;      /* the open ones */
	struct portion memory;   /* what rows may take */
	uint64_t memory_max;
	struct deal_piece *spare; /* pieces that keep their room for the next rows: new memory costs more than to fill it */
	struct gpfdist_endpoint endpoint;
};

/* Rows that were given, cut into frames. */
struct deal_piece {
	struct deal_piece *next;
	char *name;
	struct buf rows;
	uint64_t room;           /* of the memory, that it gives back */
	struct deal_cut {
		size_t end;          /* behind its last row */
		uint64_t first_row;  /* its number in the piece, from 1 */
	} *cuts;
	size_t ncuts, cuts_room, next_cut;
	unsigned users;          /* the deal while cuts are left, and seats that copy from it */
};

/* One segment of the scan, or one that only gets an error. */
struct deal_seat {
	struct deal *deal;
	struct deal_seat *next;
	int segment;
	int fd;                  /* -1 once the connection is gone */
	bool ended;              /* was told the end, or an error */
	bool stranger;           /* only gets WHY */
	struct err why;
};

/* A frame of rows for a seat, until deal_frame_done. */
struct deal_frame {
	struct deal_piece *piece;
	const char *rows;
	size_t len;
	uint64_t first_row;
};

struct deal {
	struct dealer *dealer;
	struct deal *next;
	char token[GPFDIST_TOKEN_LEN];
	char *url;
	char statement[GPFDIST_STATEMENT_LEN]; /* whose the rows are; "": nobody has asked yet */
	unsigned cluster;                      /* segments that it has, by what the first one says */
	struct deal_piece *first, *last;       /* with frames that were not dealt out yet */
	unsigned npieces;
	unsigned nfilling;                     /* pieces that deal_room made and that were not given yet */
	struct deal_seat *seats;               /* of the scan's segments, and of connections that get an error */
	bool over, failed, shut;               /* OVER: deal_end was called */
	struct err failure;
	struct timespec silent_until;          /* nobody is told of a segment that went away before */
	struct deal_totals totals;
	pthread_cond_t changed;
	unsigned holders;                      /* seats that have a connection, and the owner */
};

/* The largest frame, unless a row is larger. */
#define DEAL_FRAME_BYTES ((size_t)256 << 10)

/* deal_cut(p): P's frames; -1 when the rows are not whole. */
int deal_cut(struct deal_piece *, struct err *) GPM_NODISCARD;
void deal_piece_free(struct deal_piece *);

/* deal_sit(dealer, path, get, fd, e): a seat in the deal whose token PATH begins with; NULL when there is none.  FD is
 * shut down when the deal is. */
struct deal_seat *deal_sit(struct dealer *, const char *path, const struct gpfdist_get *, int fd) GPM_NODISCARD;

/* deal_refuse(dealer, path, why): a request that was refused; false when there is no such deal. */
bool deal_refuse(struct dealer *, const char *path, const struct err *why);

/* deal_next(s, out, e): waits for the seat's next frame: 1; 0: that was all; -1: E is to be told, and nothing else;
 * -2: the deal is shut, or the segment has gone. */
int deal_next(struct deal_seat *, struct deal_frame *out, struct err *) GPM_NODISCARD;
void deal_frame_done(struct deal_seat *, struct deal_frame *);

/* deal_leave(s): its connection is done. */
void deal_leave(struct deal_seat *);

/* --- with the mutex held --- */

void deal_spoil(struct deal *, const struct err *why); /* nobody gets any more; the first reason stays */
void deal_drop_piece(struct dealer *, struct deal_piece *); /* one user less; of the last its memory is free, or spare */
void deal_free_spare(struct dealer *);
void deal_drop_first(struct deal *);                   /* the first piece has nothing more to deal out */
bool deal_let_go(struct deal *);                       /* one holder less; true: deal_free is the caller's to do */

/* Without it. */
void deal_free(struct deal *);

#endif
