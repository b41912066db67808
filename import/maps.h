/* maps.h -- --owner-map and --tablespace-map. */
#ifndef GPM_MAPS_H
#define GPM_MAPS_H

#include "adapt.h"

struct err;
struct opts;

/* maps_check(opts, e): ERR_USAGE for what is no OLD=NEW, and for an OLD that stands twice. */
int maps_check(const struct opts *, struct err *) GPM_NODISCARD;

/* Both of a command line that was checked. */
struct maps {
	struct adapt_map owners, tablespaces;
	char **texts;          /* what the names stand in */
	size_t ntexts;
};
void maps_init(struct maps *, const struct opts *);
/* maps_set_owner(m, old, new): whatever OLD was before. */
void maps_set_owner(struct maps *, const char *old, const char *new);
void maps_release(struct maps *);

#endif
