/* store_opts.h -- what the options and the environment say of a store. */
#ifndef GPM_STORE_OPTS_H
#define GPM_STORE_OPTS_H

struct opts;
struct store_settings;

/* store_settings_from_opts(o, room): fills and returns ROOM, which points into O and the environment.
 * An option that is not given is looked for where the AWS tools look: AWS_ENDPOINT_URL_S3,
 * AWS_ENDPOINT_URL; AWS_REGION, AWS_DEFAULT_REGION.  The access key is that of a gpm.conf, if any. */
const struct store_settings *store_settings_from_opts(const struct opts *, struct store_settings *room);

#endif
