/* gpfdist_listen.c -- the socket that segments connect to. */
#include "prelude.h"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "err.h"
#include "gpfdist_listen.h"

#define BACKLOG 1024 /* all segments come at once */

static int
bind_one(const struct addrinfo *a)
{
	int fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), on = 1, off = 0;

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (a->ai_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
	if (bind(fd, a->ai_addr, a->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	close(fd);
	return -1;
}

static int
bound_port(int fd, unsigned *out, struct err *e)
{
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} at;
	socklen_t len = sizeof(at);

	if (getsockname(fd, &at.any, &len) < 0)
		return err_sys(e, "cannot tell the port");
	*out = ntohs(at.any.sa_family == AF_INET6 ? at.v6.sin6_port : at.v4.sin_port);
	return 0;
}

/* The first address of HOST that takes us; -1 and E when none does. */
static int
bind_host(const char *host, int family, unsigned port, struct err *e)
{
	struct addrinfo hints = { .ai_flags = AI_PASSIVE | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM,
		.ai_family = family }, *list;
	char service[12];
	int rc, fd = -1;

	snprintf(service, sizeof(service), "%u", port);
	if ((rc = getaddrinfo(host, service, &hints, &list)) != 0)
		return err_set(e, ERR_USAGE, "cannot listen on '%s': %s", host != NULL ? host : "*", gai_strerror(rc));
	for (const struct addrinfo *a = list; a != NULL && fd < 0; a = a->ai_next)
		fd = bind_one(a);
	if (fd < 0)
		err_sys(e, "cannot listen on '%s', port %u", host != NULL ? host : "*", port);
	freeaddrinfo(list);
	return fd;
}

int
gpfdist_listen(const char *host, unsigned port, int *fd, unsigned *bound, struct err *e)
{
	if (host != NULL)
		*fd = bind_host(host, AF_UNSPEC, port, e);
	else if ((*fd = bind_host(NULL, AF_INET6, port, e)) < 0) /* serves IPv4 as well */
		*fd = bind_host(NULL, AF_INET, port, e);
	if (*fd < 0)
		return -1;
	if (bound_port(*fd, bound, e) == 0)
		return 0;
	close(*fd);
	return -1;
}

char *
gpfdist_base_url(const char *host, bool tls, unsigned port)
{
	const char *scheme = tls ? "gpfdists" : "gpfdist";
	char name[NI_MAXHOST] = "localhost";

	if (host == NULL && gethostname(name, sizeof(name) - 1) == 0)
		host = name;
	if (strchr(host, ':') != NULL)
		return mem_printf("%s://[%s]:%u", scheme, host, port);
	return mem_printf("%s://%s:%u", scheme, host, port);
}
