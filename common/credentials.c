/* credentials.c -- the access key of a bucket: environment, credentials file, configuration. */
#include "prelude.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "atomic.h"
#include "credentials.h"
#include "err.h"

#define FILE_LIMIT ((off_t)1 << 20)

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
	free(c);
}

/* A piece of text that is not NUL-terminated; nothing when the pointer is NULL. */
struct span {
	const char *at;
	size_t len;
};

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

/* --- the credentials file --- */

static struct span
trim(const char *from, const char *to)
{
	while (from < to && (*from == ' ' || *from == '\t'))
		from++;
	while (to > from && (to[-1] == ' ' || to[-1] == '\t' || to[-1] == '\r'))
		to--;
	return (struct span){ from, (size_t)(to - from) };
}

static bool
span_is(struct span s, const char *text)
{
	return s.len == strlen(text) && memcmp(s.at, text, s.len) == 0;
}

/* "name = value" */
static void
read_setting(struct span line, struct found *f)
{
	const char *end = line.at + line.len, *equals = memchr(line.at, '=', line.len);
	struct span name, value;

	if (equals == NULL)
		return;
	name = trim(line.at, equals);
	value = trim(equals + 1, end);
	if (value.len == 0)
		return;
	if (span_is(name, "aws_access_key_id"))
		f->access_key = value;
	else if (span_is(name, "aws_secret_access_key"))
		f->secret = value;
	else if (span_is(name, "aws_session_token"))
		f->token = value;
}

static void
read_profile(const char *text, size_t len, const char *profile, struct found *f)
{
	const char *end = text + len, *next;
	bool ours = false;

	for (const char *c = text; c < end; c = next) {
		const char *newline = memchr(c, '\n', (size_t)(end - c));
		struct span line = trim(c, newline != NULL ? newline : end);

		next = newline != NULL ? newline + 1 : end;
		if (line.len == 0 || *line.at == '#' || *line.at == ';')
			continue;
		if (*line.at == '[' && line.at[line.len - 1] == ']')
			ours = span_is(trim(line.at + 1, line.at + line.len - 1), profile);
		else if (ours)
			read_setting(line, f);
	}
}

/* 1, 0 when there is no such file or profile, -1. */
static int
from_file(const char *path, const char *profile, struct credentials **out, struct err *e)
{
	struct found f = { { NULL, 0 }, { NULL, 0 }, { NULL, 0 } };
	char *text, *place;
	struct stat st;
	int fd, rc;

	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) < 0)
		return errno == ENOENT || errno == ENOTDIR ? 0 : err_sys(e, "cannot open '%s'", path);
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size > FILE_LIMIT) {
		close(fd);
		return err_set(e, ERR_CREDENTIALS, "'%s' is not a credentials file", path);
	}
	text = mem_alloc((size_t)st.st_size);
	if ((rc = file_read_at(fd, text, (size_t)st.st_size, 0, path, e)) == 0) {
		read_profile(text, (size_t)st.st_size, profile, &f);
		place = mem_printf("profile '%s' of '%s'", profile, path);
		rc = take(&f, place, "aws_access_key_id", "aws_secret_access_key", out, e);
		free(place);
	}
	explicit_bzero(text, (size_t)st.st_size);
	free(text);
	close(fd);
	return rc;
}

/* The path of the credentials file, NULL when the user has no home. */
static char *
file_path(void)
{
	struct span named = span_of(getenv("AWS_SHARED_CREDENTIALS_FILE")), home = span_of(getenv("HOME"));

	if (named.at != NULL)
		return mem_str(named.at);
	return home.at != NULL ? mem_printf("%s/.aws/credentials", home.at) : NULL;
}

int
credentials_find(const struct credentials_given *given, struct credentials **out, struct err *e)
{
	struct span named = span_of(getenv("AWS_PROFILE"));
	const char *profile = named.at != NULL ? named.at : "default";
	char *path = file_path();
	struct found conf = { { NULL, 0 }, { NULL, 0 }, { NULL, 0 } };
	int rc;

	rc = from_environment("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", out, e);
	if (rc == 0)
		rc = from_environment("OSS_ACCESS_KEY_ID", "OSS_ACCESS_KEY_SECRET", "OSS_SESSION_TOKEN", out, e);
	if (rc == 0 && path != NULL)
		rc = from_file(path, profile, out, e);
	if (rc == 0 && given != NULL) {
		conf.access_key = span_of(given->access_key_id);
		conf.secret = span_of(given->secret_access_key);
		rc = take(&conf, "gpm.conf", "access_key_id", "secret_access_key", out, e);
	}
	if (rc == 0) {
		err_set(e, ERR_CREDENTIALS, "there is no access key: looked for AWS_ACCESS_KEY_ID and OSS_ACCESS_KEY_ID in the environment, and for profile '%s' in '%s'",
		    profile, path != NULL ? path : "~/.aws/credentials");
		err_hint(e, "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or write the credentials file");
	}
	free(path);
	return rc > 0 ? 0 : -1;
}
