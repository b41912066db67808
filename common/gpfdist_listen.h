/* gpfdist_listen.h -- the socket that segments connect to. */
#ifndef GPM_GPFDIST_LISTEN_H
#define GPM_GPFDIST_LISTEN_H

struct err;

/* gpfdist_listen(host, port, fd, port, e): HOST NULL is every address, PORT 0 a free one; FD is the caller's
 * to close, the last PORT what it became. */
int gpfdist_listen(const char *host, unsigned port, int *fd, unsigned *bound, struct err *) GPM_NODISCARD;

/* gpfdist_base_url(host, tls, port): "gpfdist://host:port", an IPv6 address in brackets.  HOST NULL: this host's
 * name.  Caller frees. */
char *gpfdist_base_url(const char *host, bool tls, unsigned port) GPM_NODISCARD;

#endif
