/* store_s3_wishes.c -- what a put asks of the server beside storing: class, encryption, rights and tags of the object, as
 * headers. */
#include "prelude.h"

#include <strings.h>

#include "err.h"
#include "store_s3.h"

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define TAGS_MAX 10

static void
wish(struct s3_store *s, const char *name, char *value)
{
	s->wishes[s->n_wishes++] = (struct s3_pair){ name, value };
}

static bool
is_made_of(const char *text, const char *bytes)
{
	return *text != '\0' && strspn(text, bytes) == strlen(text);
}

/* What lies in an archive cannot be read before it was brought back: neither by a push that goes on, nor by a load. */
static int
wish_class(struct s3_store *s, const char *class, struct err *e)
{
	static const char *const archives[] = { "GLACIER", "DEEP_ARCHIVE", "Archive", "ColdArchive", "DeepColdArchive" };

	if (!is_made_of(class, LETTERS "0123456789_-"))
		return err_set(e, ERR_USAGE, "--s3-storage-class: '%s' is no class's name", class);
	for (size_t i = 0; i < GPM_ARRAY_LEN(archives); i++)
		if (strcasecmp(class, archives[i]) == 0) {
			err_set(e, ERR_USAGE, "--s3-storage-class %s: such objects have to be restored before anybody can read them", class);
			return err_hint(e, "let a rule of the bucket move a run there once it was loaded");
		}
	wish(s, "x-amz-storage-class", mem_str(class));
	return 0;
}

/* AES256, aws:kms or aws:kms:KEY. */
static int
wish_encryption(struct s3_store *s, const char *sse, struct err *e)
{
	static const char kms[] = "aws:kms";
	const char *key = NULL;

	if (strncmp(sse, kms, strlen(kms)) == 0 && sse[strlen(kms)] == ':')
		key = sse + strlen(kms) + 1;
	if (key != NULL ? !is_made_of(key, LETTERS "0123456789:/_.-") : strcmp(sse, kms) != 0 && strcmp(sse, "AES256") != 0)
		return err_set(e, ERR_USAGE, "--s3-sse: '%s' is none of AES256, aws:kms, aws:kms:KEY", sse);
	s->encryption = mem_str(key != NULL ? kms : sse);
	wish(s, "x-amz-server-side-encryption", mem_str(s->encryption));
	if (key != NULL)
		wish(s, "x-amz-server-side-encryption-aws-kms-key-id", mem_str(key));
	return 0;
}

static int
wish_acl(struct s3_store *s, const char *acl, struct err *e)
{
	if (!is_made_of(acl, "abcdefghijklmnopqrstuvwxyz-"))
		return err_set(e, ERR_USAGE, "--s3-acl: '%s' is no canned ACL", acl);
	wish(s, "x-amz-acl", mem_str(acl));
	return 0;
}

static int
wrong_tags(const char *tags, struct err *e)
{
	err_set(e, ERR_USAGE, "--s3-tags: '%s' is not KEY=VALUE&KEY=VALUE with at most %d keys", tags, TAGS_MAX);
	return err_hint(e, "in a shell with quotes around it; nothing in it is encoded");
}

static int
wish_tags(struct s3_store *s, const char *tags, struct err *e)
{
	char *copy = mem_str(tags), *rest = copy, *part;
	struct s3_pair pairs[TAGS_MAX];
	size_t n = 0;
	int rc = 0;

	while (rc == 0 && (part = strsep(&rest, "&")) != NULL) {
		char *equal = strchr(part, '=');

		if (equal == NULL || equal == part || n == TAGS_MAX) {
			rc = wrong_tags(tags, e);
		} else {
			*equal = '\0';
			pairs[n++] = (struct s3_pair){ part, equal + 1 };
		}
	}
	if (rc == 0)
		wish(s, "x-amz-tagging", s3_sign_query(pairs, n));
	free(copy);
	return rc;
}

static bool
given(const char *text)
{
	return text != NULL && *text != '\0';
}

int
s3_wishes_read(struct s3_store *s, const struct store_settings *settings, struct err *e)
{
	if ((given(settings->storage_class) && wish_class(s, settings->storage_class, e) < 0) ||
	    (given(settings->sse) && wish_encryption(s, settings->sse, e) < 0) ||
	    (given(settings->acl) && wish_acl(s, settings->acl, e) < 0) ||
	    (given(settings->tags) && wish_tags(s, settings->tags, e) < 0))
		return -1;
	if (s->n_wishes > 0 && given(settings->s3_signature) && strcmp(settings->s3_signature, "v2") == 0)
		return err_set(e, ERR_USAGE, "--s3-storage-class, --s3-sse, --s3-acl and --s3-tags do not go with --s3-signature v2: libs3 does not send them");
	return 0;
}

void
s3_wishes_release(struct s3_store *s)
{
	for (size_t i = 0; i < s->n_wishes; i++)
		free((void *)(uintptr_t)s->wishes[i].value);
	free(s->encryption);
}

/* The rest a server may keep to itself; what it does not encrypt must not pass for it. */
int
s3_wishes_check(const struct s3_store *s, const struct s3_call *call, const struct s3_http_response *r, struct err *e)
{
	if (s->encryption == NULL || strcmp(r->encryption, s->encryption) == 0)
		return 0;
	s3_wrong(s, call, r, ERR_FAILED, e, "the server does not say that it encrypted it (--s3-sse %s)%s%s", s->encryption,
	    r->encryption[0] != '\0' ? ", but by " : "", r->encryption);
	return err_hint(e, "it may not know how; --encrypt-key encrypts before anything is sent");
}
