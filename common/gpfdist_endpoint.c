/* gpfdist_endpoint.c -- what both ends of the protocol are to the network. */
#include "prelude.h"

#include "err.h"
#include "gpfdist_endpoint.h"
#include "gpfdist_listen.h"

int
gpfdist_endpoint_start(struct gpfdist_endpoint *n, const struct gpfdist_place *at, const struct gpfdist_service *service,
    void *ctx, unsigned connections, const struct gpfdist_times *times, struct err *e)
{
	const char *name = at->public_host != NULL ? at->public_host : at->host;
	int fd;

	if (gpfdist_tls_load(&n->tls, at->tls_certificate, at->tls_key, at->tls_authority, e) < 0 ||
	    gpfdist_listen(at->host, at->port, &fd, &n->port, e) < 0)
		return -1;
	n->base_url = gpfdist_base_url(name, n->tls.key != NULL, n->port);
	return gpfdist_server_start(service, ctx, fd, connections, times, &n->tls, &n->server, e);
}

void
gpfdist_endpoint_stop(struct gpfdist_endpoint *n)
{
	gpfdist_server_stop(n->server);
	gpfdist_tls_release(&n->tls);
	free(n->base_url);
	memset(n, 0, sizeof(*n));
}
