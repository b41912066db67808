/* dealing.c -- a dealer as the options have it. */
#include "prelude.h"

#include "dealing.h"
#include "err.h"
#include "gpfdist_address.h"
#include "opt.h"

int
dealing_address(const struct opts *opts, char **host, unsigned *port, struct err *e)
{
	size_t n = opt_list_len(opts, OPT_ID_listen);

	*host = NULL;
	*port = 0;
	if (n > 1)
		return err_set(e, ERR_USAGE, "gpm-import takes one --listen");
	return n == 0 ? 0 : gpfdist_split_address(opt_list_at(opts, OPT_ID_listen, 0), host, port, e);
}

int
dealing_start(const struct opts *opts, const char *host, unsigned port, unsigned connections, struct dealer **out,
    struct err *e)
{
	struct dealer_settings settings = {
		.place = { .host = host, .port = port, .public_host = host },
		.connections = connections, .memory = opt_u64(opts, OPT_ID_memory),
	};

	gpfdist_place_tls(opts, &settings.place);
	if (dealer_start(&settings, out, e) == 0)
		return 0;
	return e->code == ERR_USAGE ? err_hint(e, "a larger --memory, or fewer --jobs") : -1;
}
