/* Goal of this test: the access key comes from the first place that has one, and a missing or half one
 * is an error that names the place and never the secret. */
#include "prelude.h"

#include <unistd.h>

#include "atomic.h"
#include "credentials.h"
#include "err.h"
#include "tap.h"
#include "tmpdir.h"

/* "key secret token" of what is found, or the error. */
static const char *
find(const struct credentials_given *given)
{
	static char text[2100];
	struct credentials *c;
	struct err e;

	if (credentials_find(given, NULL, &c, &e) < 0) {
		snprintf(text, sizeof(text), "%s: %s", err_name(e.code), e.text);
		return text;
	}
	snprintf(text, sizeof(text), "%s %s %s", c->access_key, secret_text(c->secret), c->token != NULL ? secret_text(c->token) : "-");
	credentials_free(c);
	return text;
}

static void
forget(void)
{
	static const char *const names[] = { "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "OSS_ACCESS_KEY_ID",
		"OSS_ACCESS_KEY_SECRET", "OSS_SESSION_TOKEN", "AWS_PROFILE", "AWS_SHARED_CREDENTIALS_FILE",
		"AWS_CONFIG_FILE", "OSSUTIL_CONFIG_FILE" };

	for (size_t i = 0; i < GPM_ARRAY_LEN(names); i++)
		unsetenv(names[i]);
	setenv("HOME", tmpdir, 1);
	setenv("AWS_EC2_METADATA_DISABLED", "true", 1);
}

static void
write_file(const char *text)
{
	char *folder = mem_printf("%s/.aws", tmpdir), *path = mem_printf("%s/credentials", folder);
	struct err e;

	ok(file_mkdirs(folder, &e) == 0 && atomic_write_file(path, text, strlen(text), &e) == 0, "a credentials file");
	free(path);
	free(folder);
}

static void
test_environment(void)
{
	forget();
	has_str(find(NULL), "CREDENTIALS: there is no access key: looked for AWS_ACCESS_KEY_ID and OSS_ACCESS_KEY_ID", "none");
	has_str(find(NULL), "profile 'default' in '/tmp/gpm-test-", "it says which file");
	setenv("OSS_ACCESS_KEY_ID", "ok", 1);
	setenv("OSS_ACCESS_KEY_SECRET", "geheim", 1);
	is_str(find(NULL), "ok geheim -", "OSS's names");
	setenv("AWS_ACCESS_KEY_ID", "ak", 1);
	is_str(find(NULL), "CREDENTIALS: the environment has AWS_ACCESS_KEY_ID but no AWS_SECRET_ACCESS_KEY", "half");
	setenv("AWS_SECRET_ACCESS_KEY", "geheim+/=", 1);
	setenv("AWS_SESSION_TOKEN", "", 1);
	is_str(find(NULL), "ak geheim+/= -", "AWS's names go first, an empty variable is not set");
	setenv("AWS_SESSION_TOKEN", "tok", 1);
	is_str(find(NULL), "ak geheim+/= tok", "a session");
	setenv("AWS_SECRET_ACCESS_KEY", "geheim\n", 1);
	has_str(find(NULL), "holds a blank, a line end", "a pasted line end");
	ok(strstr(find(NULL), "geheim") == NULL, "the secret is not shown");
	setenv("AWS_SECRET_ACCESS_KEY", "geheim", 1);
	setenv("AWS_ACCESS_KEY_ID", "ak\r\nx-amz-acl: public-read", 1);
	ok(strncmp(find(NULL), "CREDENTIALS:", 12) == 0, "a key that would be a second header");
	setenv("AWS_ACCESS_KEY_ID", "", 1);
	has_str(find(NULL), "has AWS_SECRET_ACCESS_KEY but no AWS_ACCESS_KEY_ID", "the other half");
}

static void
test_files(void)
{
	struct credentials_given given = { "'my.conf'", "gk", "gs" }, half = { "'my.conf'", NULL, "geheim" };
	char *named;

	forget();
	is_str(find(&given), "gk gs -", "the configuration, when there is nothing else");
	has_str(find(&half), "'my.conf' has secret_access_key but no access_key_id", "half of it");
	write_file("aws_access_key_id = outside\n# note\n[other]\naws_access_key_id=o\r\naws_secret_access_key=geheim\r\n"
	    "[ default ]\n; note\n  aws_access_key_id =  dk\naws_secret_access_key = a=b/c+\n\naws_session_token=dt\nregion = x\n"
	    "[half]\naws_access_key_id = hk\naws_secret_access_key =\n[last]\naws_secret_access_key = ls\naws_access_key_id = lk");
	is_str(find(&given), "dk a=b/c+ dt", "the file goes before it");
	setenv("AWS_PROFILE", "other", 1);
	is_str(find(NULL), "o geheim -", "another profile, lines ended by CR LF");
	setenv("AWS_PROFILE", "last", 1);
	is_str(find(NULL), "lk ls -", "a last line without an end");
	setenv("AWS_PROFILE", "half", 1);
	has_str(find(NULL), "profile 'half' of '/tmp/gpm-test-", "half a profile is named");
	has_str(find(NULL), "has aws_access_key_id but no aws_secret_access_key", "and what it lacks");
	setenv("AWS_PROFILE", "none", 1);
	has_str(find(NULL), "for profile 'none' in", "a profile that is not there");
	named = mem_printf("%s/.aws", tmpdir);
	setenv("AWS_SHARED_CREDENTIALS_FILE", named, 1);
	has_str(find(NULL), "is not a credentials file", "a folder");
	free(named);
	setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere/at/all", 1);
	has_str(find(NULL), "in '/nowhere/at/all'", "a named file that is not there");
	unsetenv("AWS_SHARED_CREDENTIALS_FILE");
	unsetenv("HOME");
	has_str(find(NULL), "in '~/.aws/credentials'", "no home");
}

int
main(void)
{
	tmpdir_make();
	test_environment();
	test_files();
	secret_free(NULL);
	credentials_free(NULL);
	tmpdir_remove();
	return tap_done();
}
