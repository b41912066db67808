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
	return room;
}
