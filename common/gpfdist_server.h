/* gpfdist_server.h -- HTTP for both ends of the protocol: connections, a thread each, and what comes over them. */
#ifndef GPM_GPFDIST_SERVER_H
#define GPM_GPFDIST_SERVER_H

#include <sys/types.h>

struct err;
struct gpfdist_headers;
struct gpfdist_server;
struct gpfdist_tls;

struct gpfdist_times {    /* seconds */
	unsigned head;    /* from a connection's start to the end of the first request's head */
	unsigned idle;    /* from an answer to the end of the next request's head */
	unsigned body;    /* for a body */
};

/* What came first of a request; the server's memory, until begin returns. */
struct gpfdist_head {
	const char *path, *method;
	const struct gpfdist_headers *headers;
	int fd;           /* of the connection: to shut it down, until free */
};

/* What is done with requests: those of one connection one after the other, in its thread. */
struct gpfdist_service {
	const char *proto; /* X-GP-PROTO of every answer */

	/* begin(ctx, head, out, e): 0, and OUT whose body is to be read, or the HTTP status that it is refused with at
	 * once, and why.  May wait, as all that follow. */
	unsigned (*begin)(void *ctx, const struct gpfdist_head *, void **out, struct err *);

	/* is_refused(q): only its body has yet to come to an end.  add(q, data, n): the next bytes of that. */
	bool (*is_refused)(const void *request);
	void (*add)(void *request, const char *data, size_t n);

	/* end(q, e): the body is whole; the status to answer, and why unless it is 200. */
	unsigned (*end)(void *request, struct err *);

	/* read(q, room, n): the next bytes of a good answer, N at most; 0: that was all; -1: shut the connection.
	 * NULL: a good answer is empty, and the connection is kept.  PIECE: N, of which each connection has that
	 * much. */
	ssize_t (*read)(void *request, char *room, size_t n);
	size_t piece;

	/* free(q, whole): nothing more comes of it.  WHOLE: all of its answer was given to the network. */
	void (*free)(void *request, bool whole);
};

/* gpfdist_server_start(service, ctx, fd, connections, times, tls, out, e): serve what connects to FD.  FD is taken over
 * in any case.  SERVICE, CTX and TLS stay the caller's until the end. */
int gpfdist_server_start(const struct gpfdist_service *, void *ctx, int fd, unsigned connections,
    const struct gpfdist_times *, const struct gpfdist_tls *, struct gpfdist_server **out, struct err *) GPM_NODISCARD;

/* gpfdist_server_stop(s): waits for the requests under way.  NULL is fine. */
void gpfdist_server_stop(struct gpfdist_server *);

#endif
