/* credentials.h -- the access key of a bucket, and where it is looked for. */
#ifndef GPM_CREDENTIALS_H
#define GPM_CREDENTIALS_H

struct err;

/* A text that is never printed; its memory is wiped before it is freed. */
struct secret;
struct secret *secret_new(const char *text, size_t len) GPM_NODISCARD;
void secret_free(struct secret *); /* NULL is fine */
const char *secret_text(const struct secret *); /* for signing, never for a message */

struct credentials {
	char *access_key;      /* no secret: it stands in every request */
	struct secret *secret;
	struct secret *token;  /* of a session, or NULL */
	time_t expires;        /* when they end; 0: unknown */
	char *endpoint_url;    /* what stands beside them in ossutil's file; or NULL */
	char *region;
};

/* What a gpm.conf says that its owner alone can read; all NULL when it says nothing. */
struct credentials_given {
	const char *place; /* the file, as messages name it */
	const char *access_key_id;
	const char *secret_access_key;
};

/* credentials_find(given, endpoint_url, out, e): the first of
 *   AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN in the environment,
 *   OSS_ACCESS_KEY_ID, OSS_ACCESS_KEY_SECRET and OSS_SESSION_TOKEN in it,
 *   the profile AWS_PROFILE ("default") of AWS_SHARED_CREDENTIALS_FILE (~/.aws/credentials), a key or a credential_process,
 *   the same profile of AWS_CONFIG_FILE (~/.aws/config), a key or a credential_process,
 *   GIVEN (NULL when there is none),
 *   OSSUTIL_CONFIG_FILE (~/.ossutilconfig),
 *   the role of this machine (credentials_metadata.h): Alibaba's when ENDPOINT_URL is of it, else AWS's.
 * An empty variable counts as not set.  ERR_CREDENTIALS when there are none, with the places where
 * it looked, or when a place has only half of them or one with a blank in it. */
int credentials_find(const struct credentials_given *, const char *endpoint_url, struct credentials **out, struct err *) GPM_NODISCARD;

/* credentials_make(access_key, secret, token, place, out, e): of texts, NULL where there is none. */
int credentials_make(const char *access_key, const char *secret, const char *token, const char *place, struct credentials **out,
    struct err *) GPM_NODISCARD;

/* credentials_equal(a, b): the same key, secret and token? */
bool credentials_equal(const struct credentials *, const struct credentials *);

/* aws_config_get(name): what the profile of ~/.aws/config says of "region", "endpoint_url"; NULL for nothing.  The
 * caller frees. */
char *aws_config_get(const char *name) GPM_NODISCARD;

/* credentials_is_alibaba(endpoint_url): is it a host of Alibaba's? */
bool credentials_is_alibaba(const char *endpoint_url);
void credentials_free(struct credentials *); /* NULL is fine */

#endif
