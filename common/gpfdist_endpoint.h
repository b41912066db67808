/* gpfdist_endpoint.h -- what both ends of the protocol are to the network: a socket, TLS, HTTP, a URL. */
#ifndef GPM_GPFDIST_ENDPOINT_H
#define GPM_GPFDIST_ENDPOINT_H

#include "gpfdist_server.h"
#include "gpfdist_tls.h"

struct err;

/* Where it listens, for receiver_settings and dealer_settings. */
struct gpfdist_place {
	const char *host;        /* name or address to listen on; NULL: all */
	unsigned port;           /* 0: a free one */
	const char *public_host; /* stands in the URLs: what the segments call this host; NULL: HOST, else its name */
	/* gpfdists: files in PEM form, all three or none.  A segment has to show a certificate of AUTHORITY. */
	const char *tls_certificate, *tls_key, *tls_authority;
};

struct gpfdist_endpoint {
	unsigned port;
	char *base_url;          /* "gpfdist://host:port" */
	struct gpfdist_tls tls;
	struct gpfdist_server *server;
};

/* gpfdist_endpoint_start(n, place, service, ctx, connections, times, e): N is zeroed, and stopped in any case. */
int gpfdist_endpoint_start(struct gpfdist_endpoint *, const struct gpfdist_place *, const struct gpfdist_service *,
    void *ctx, unsigned connections, const struct gpfdist_times *, struct err *) GPM_NODISCARD;

/* gpfdist_endpoint_stop(n): waits for the requests under way.  Fine on a zeroed struct. */
void gpfdist_endpoint_stop(struct gpfdist_endpoint *);

#endif
