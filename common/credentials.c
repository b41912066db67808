/* credentials.c -- the access key of a bucket: environment, files of other tools, gpm.conf, the machine's role. */
#include "prelude.h"

#include <strings.h>

#include "credentials.h"
#include "credentials_metadata.h"
#include "credentials_process.h"
#include "err.h"
#include "ini.h"

struct secret {
	size_t len;
	char text[];
};

struct secret *
secret_new(const char *text, size_t len)
{
	struct secret *s = mem_alloc(sizeof(*s) + len + 1);

	s->len = len;
	memcpy(s->text, text, len);
	return s;
}

void
secret_free(struct secret *s)
{
	if (s == NULL)
		return;
	explicit_bzero(s->text, s->len);
	free(s);
}

const char *
secret_text(const struct secret *s)
{
	return s->text;
}

void
credentials_free(struct credentials *c)
{
	if (c == NULL)
		return;
	free(c->access_key);
	secret_free(c->secret);
	secret_free(c->token);
	free(c->endpoint_url);
	free(c->region);
	free(c);
}

static struct span
span_of(const char *text)
{
	return text != NULL && *text != '\0' ? (struct span){ text, strlen(text) } : (struct span){ NULL, 0 };
}

/* Such bytes come from a pasted line end, and would make a header into two. */
static bool
has_blank(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.at[i] <= ' ' || s.at[i] > '~')
			return true;
	return false;
}

struct found {
	struct span access_key, secret, token;
};

/* What a place holds, with the names that it uses.  1 and *OUT, 0 nothing, -1 half of it. */
static int
take(const struct found *f, const char *place, const char *access_name, const char *secret_name,
    struct credentials **out, struct err *e)
{
	struct credentials *c;

	if (f->access_key.at == NULL && f->secret.at == NULL)
		return 0;
	if (f->access_key.at == NULL || f->secret.at == NULL) {
		bool no_secret = f->secret.at == NULL;

		return err_set(e, ERR_CREDENTIALS, "%s has %s but no %s", place,
		    no_secret ? access_name : secret_name, no_secret ? secret_name : access_name);
	}
	if (has_blank(f->access_key) || has_blank(f->secret) || has_blank(f->token))
		return err_set(e, ERR_CREDENTIALS, "%s: %s, %s or the session token holds a blank, a line end or another byte that no key has",
		    place, access_name, secret_name);
	c = mem_alloc(sizeof(*c));
	c->access_key = mem_strn(f->access_key.at, f->access_key.len);
	c->secret = secret_new(f->secret.at, f->secret.len);
	if (f->token.at != NULL)
		c->token = secret_new(f->token.at, f->token.len);
	*out = c;
	return 1;
}

static int
from_environment(const char *access_name, const char *secret_name, const char *token_name,
    struct credentials **out, struct err *e)
{
	struct found f = {
		span_of(getenv(access_name)), span_of(getenv(secret_name)), span_of(getenv(token_name)),
	};

	return take(&f, "the environment", access_name, secret_name, out, e);
}

/* --- files of other tools --- */

/* The file that VARIABLE names, else NAME in the user's home; NULL when there is no home. */
static char *
path_of(const char *variable, const char *name)
{
	struct span named = span_of(getenv(variable)), home = span_of(getenv("HOME"));

	if (named.at != NULL)
		return mem_str(named.at);
	return home.at != NULL ? mem_printf("%s/%s", home.at, name) : NULL;
}

static const char *
profile(void)
{
	struct span named = span_of(getenv("AWS_PROFILE"));

	return named.at != NULL ? named.at : "default";
}

struct aws_settings {
	struct found key;
	struct span process;
	const char *wanted;  /* another one that is looked for, or NULL */
	struct span value;
};

static void
see_aws(void *ctx, struct span name, struct span value)
{
	struct aws_settings *s = ctx;

	if (span_is(name, "aws_access_key_id"))
		s->key.access_key = value;
	else if (span_is(name, "aws_secret_access_key"))
		s->key.secret = value;
	else if (span_is(name, "aws_session_token"))
		s->key.token = value;
	else if (span_is(name, "credential_process"))
		s->process = value;
	else if (s->wanted != NULL && span_is(name, s->wanted))
		s->value = value;
}

/* Who can write the file can have any program run. */
static int
from_process(struct span command, const char *path, bool shared, const char *place, struct credentials **out, struct err *e)
{
	if (shared) {
		err_set(e, ERR_CREDENTIALS, "%s: credential_process is taken only from a file that nobody else can write", place);
		return err_hint(e, "chmod go-w '%s'", path);
	}
	return credentials_process(command.at, command.len, place, out, e) < 0 ? -1 : 1;
}

/* SECTION of an AWS file: 1, 0 when there is no such file or section, or nothing in it, -1. */
static int
from_aws_file(const char *path, const char *section, struct credentials **out, struct err *e)
{
	struct aws_settings s = { .wanted = NULL };
	char *text = NULL, *place;
	bool shared;
	size_t len;
	int rc;

	if (path == NULL || (rc = ini_read(path, &text, &len, &shared, e)) == 0)
		return 0;
	if (rc < 0)
		return -1;
	ini_each(text, len, section, see_aws, &s);
	place = mem_printf("profile '%s' of '%s'", profile(), path);
	rc = take(&s.key, place, "aws_access_key_id", "aws_secret_access_key", out, e);
	if (rc == 0 && s.process.at != NULL)
		rc = from_process(s.process, path, shared, place, out, e);
	free(place);
	ini_forget(text, len);
	return rc;
}

/* In the configuration only the default profile goes by its name alone. */
static char *
config_section(void)
{
	return strcmp(profile(), "default") == 0 ? mem_str("default") : mem_printf("profile %s", profile());
}

char *
aws_config_get(const char *name)
{
	struct aws_settings s = { .wanted = name };
	char *path = path_of("AWS_CONFIG_FILE", ".aws/config"), *section = config_section(), *text = NULL, *value = NULL;
	struct err ignored;
	bool shared;
	size_t len;

	if (path != NULL && ini_read(path, &text, &len, &shared, &ignored) > 0) {
		ini_each(text, len, section, see_aws, &s);
		if (s.value.at != NULL)
			value = mem_strn(s.value.at, s.value.len);
		ini_forget(text, len);
	}
	free(section);
	free(path);
	return value;
}

struct oss_settings {
	struct found key;
	struct span endpoint, region;
};

/* ossutil 1 and 2 write some names in different cases. */
static void
see_oss(void *ctx, struct span name, struct span value)
{
	struct oss_settings *s = ctx;

	if (span_is_nocase(name, "accessKeyID"))
		s->key.access_key = value;
	else if (span_is_nocase(name, "accessKeySecret"))
		s->key.secret = value;
	else if (span_is_nocase(name, "stsToken"))
		s->key.token = value;
	else if (span_is_nocase(name, "endpoint"))
		s->endpoint = value;
	else if (span_is_nocase(name, "region"))
		s->region = value;
}

static int
from_ossutil(const char *path, struct credentials **out, struct err *e)
{
	struct oss_settings s = { .key = { .token = { NULL, 0 } } };
	char *text = NULL;
	bool shared;
	size_t len;
	int rc;

	if (path == NULL || (rc = ini_read(path, &text, &len, &shared, e)) == 0)
		return 0;
	if (rc < 0)
		return -1;
	ini_each(text, len, "Credentials", see_oss, &s);
	if (s.key.access_key.at == NULL)
		ini_each(text, len, "default", see_oss, &s);
	rc = take(&s.key, path, "accessKeyID", "accessKeySecret", out, e);
	if (rc > 0 && s.endpoint.at != NULL) {
		bool bare = memmem(s.endpoint.at, s.endpoint.len, "://", 3) == NULL;

		(*out)->endpoint_url = mem_printf("%s%.*s", bare ? "https://" : "", (int)s.endpoint.len, s.endpoint.at);
	}
	if (rc > 0 && s.region.at != NULL)
		(*out)->region = mem_strn(s.region.at, s.region.len);
	ini_forget(text, len);
	return rc;
}

static int
from_files(const struct credentials_given *given, struct credentials **out, struct err *e)
{
	char *aws = path_of("AWS_SHARED_CREDENTIALS_FILE", ".aws/credentials"), *config = path_of("AWS_CONFIG_FILE", ".aws/config");
	char *ossutil = path_of("OSSUTIL_CONFIG_FILE", ".ossutilconfig"), *section = config_section();
	struct found conf = { { NULL, 0 }, { NULL, 0 }, { NULL, 0 } };
	int rc;

	rc = from_aws_file(aws, profile(), out, e);
	if (rc == 0)
		rc = from_aws_file(config, section, out, e);
	if (rc == 0 && given != NULL) {
		conf.access_key = span_of(given->access_key_id);
		conf.secret = span_of(given->secret_access_key);
		rc = take(&conf, given->place, "access_key_id", "secret_access_key", out, e);
	}
	if (rc == 0)
		rc = from_ossutil(ossutil, out, e);
	free(section);
	free(ossutil);
	free(config);
	free(aws);
	return rc;
}

/* --- all places --- */

bool
credentials_is_alibaba(const char *endpoint_url)
{
	static const char domain[] = ".aliyuncs.com";
	const char *host = endpoint_url != NULL ? strstr(endpoint_url, "://") : NULL;
	size_t len = host != NULL ? strcspn(host + 3, ":/") : 0;

	return len > strlen(domain) && strncasecmp(host + 3 + len - strlen(domain), domain, strlen(domain)) == 0;
}

bool
credentials_equal(const struct credentials *a, const struct credentials *b)
{
	if (strcmp(a->access_key, b->access_key) != 0 || strcmp(a->secret->text, b->secret->text) != 0)
		return false;
	if (a->token == NULL || b->token == NULL)
		return a->token == b->token;
	return strcmp(a->token->text, b->token->text) == 0;
}

int
credentials_make(const char *access_key, const char *secret, const char *token, const char *place, struct credentials **out, struct err *e)
{
	struct found f = { span_of(access_key), span_of(secret), span_of(token) };

	if (take(&f, place, "AccessKeyId", "its secret", out, e) > 0)
		return 0;
	return f.access_key.at == NULL && f.secret.at == NULL ? err_set(e, ERR_CREDENTIALS, "%s: gives no access key", place) : -1;
}

int
credentials_find(const struct credentials_given *given, const char *endpoint_url, struct credentials **out, struct err *e)
{
	char *path;
	int rc;

	rc = from_environment("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", out, e);
	if (rc == 0)
		rc = from_environment("OSS_ACCESS_KEY_ID", "OSS_ACCESS_KEY_SECRET", "OSS_SESSION_TOKEN", out, e);
	if (rc == 0)
		rc = from_files(given, out, e);
	if (rc == 0)
		rc = credentials_metadata(credentials_is_alibaba(endpoint_url), out, e);
	if (rc == 0) {
		path = path_of("AWS_SHARED_CREDENTIALS_FILE", ".aws/credentials");
		err_set(e, ERR_CREDENTIALS, "there is no access key: looked for AWS_ACCESS_KEY_ID and OSS_ACCESS_KEY_ID in the environment, for profile '%s' in '%s' and the configuration of AWS, for access_key_id in gpm.conf, for ossutil's file, and for a role of this machine",
		    profile(), path != NULL ? path : "~/.aws/credentials");
		err_hint(e, "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or write the credentials file");
		free(path);
	}
	return rc > 0 ? 0 : -1;
}
