/* dealing.h -- a dealer as the options have it. */
#ifndef GPM_DEALING_H
#define GPM_DEALING_H

#include "gpfdist_deal.h"

struct err;
struct opts;

/* dealing_address(opts, host, port, e): --listen; *HOST NULL when it is not given, else the caller's to free. */
int dealing_address(const struct opts *, char **host, unsigned *port, struct err *) GPM_NODISCARD;

/* dealing_start(opts, host, port, connections, out, e): within --memory.  HOST NULL: all addresses, and this host's name in
 * the URLs. */
int dealing_start(const struct opts *, const char *host, unsigned port, unsigned connections, struct dealer **out,
    struct err *) GPM_NODISCARD;

#endif
