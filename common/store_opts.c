/* store_opts.c -- what the options and the environment say of a store. */
#include "prelude.h"

#include "opt.h"
#include "store.h"
#include "store_opts.h"

/* The first that is not empty, or NULL. */
static const char *
first_of(const char *given, const char *name, const char *other_name)
{
	const char *texts[] = { given, getenv(name), getenv(other_name) };

	for (size_t i = 0; i < GPM_ARRAY_LEN(texts); i++)
		if (texts[i] != NULL && *texts[i] != '\0')
			return texts[i];
	return NULL;
}

const struct store_settings *
store_settings_from_opts(const struct opts *o, struct store_settings *room)
{
	memset(room, 0, sizeof(*room));
	room->endpoint_url = first_of(opt_string(o, OPT_ID_endpoint_url), "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL");
	room->region = first_of(opt_string(o, OPT_ID_region), "AWS_REGION", "AWS_DEFAULT_REGION");
	room->s3_style = opt_string(o, OPT_ID_s3_style);
	room->s3_signature = opt_string(o, OPT_ID_s3_signature);
	room->allow_unverified_tls = opt_flag(o, OPT_ID_allow_unverified_tls);
	room->client_certificate = opt_string(o, OPT_ID_s3_client_certificate);
	room->client_key = opt_string(o, OPT_ID_s3_client_key);
	room->storage_class = opt_string(o, OPT_ID_s3_storage_class);
	room->sse = opt_string(o, OPT_ID_s3_sse);
	room->acl = opt_string(o, OPT_ID_s3_acl);
	room->tags = opt_string(o, OPT_ID_s3_tags);
	room->retry_seconds = opt_u64(o, OPT_ID_retry_time);
	room->retry_total_seconds = opt_u64(o, OPT_ID_retry_total);
	room->slow_rate = opt_u64(o, OPT_ID_slow_rate);
	room->slow_seconds = opt_u64(o, OPT_ID_slow_time);
	opt_credentials(o, &room->credentials);
	return room;
}
