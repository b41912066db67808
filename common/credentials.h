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
};

/* What a gpm.conf says that its owner alone can read; both NULL when it says nothing. */
struct credentials_given {
	const char *access_key_id;
	const char *secret_access_key;
};

/* credentials_find(given, out, e): the first of
 *   AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN in the environment,
 *   OSS_ACCESS_KEY_ID, OSS_ACCESS_KEY_SECRET and OSS_SESSION_TOKEN in it,
 *   the profile AWS_PROFILE ("default") of AWS_SHARED_CREDENTIALS_FILE (~/.aws/credentials),
 *   GIVEN (NULL when there is none).
 * An empty variable counts as not set.  ERR_CREDENTIALS when there are none, with the places where
 * it looked, or when a place has only half of them or one with a blank in it. */
int credentials_find(const struct credentials_given *, struct credentials **out, struct err *) GPM_NODISCARD;
void credentials_free(struct credentials *); /* NULL is fine */

#endif
