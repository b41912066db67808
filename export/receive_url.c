/* receive_url.c -- signed URLs of pieces. */
#include "prelude.h"

#include <openssl/crypto.h>
#include <openssl/hmac.h>

#include "err.h"
#include "keyfile.h"
#include "opt.h"
#include "parse.h"
#include "receive_url.h"

#define KEY_MIN 32 /* characters */

int
receive_key_load(const struct opts *opts, struct secret **out, struct err *e)
{
	const char *path = opt_string(opts, OPT_ID_receive_key);

	*out = NULL;
	if (path == NULL) {
		err_set(e, ERR_USAGE, "receivers on other hosts need --receive-key");
		return err_hint(e, "openssl rand -hex 32 makes one; the same file, with mode 0600, is for gpm-export and every receiver");
	}
	if (keyfile_read(path, out, e) < 0)
		return -1;
	if (strcspn(secret_text(*out), "\r\n") >= KEY_MIN)
		return 0;
	secret_free(*out);
	*out = NULL;
	err_set(e, ERR_CREDENTIALS, "'%s' holds fewer than %d characters", path, KEY_MIN);
	return err_hint(e, "openssl rand -hex 32 makes a key");
}

static bool
make_token(const struct secret *key, const char *name, char out[GPFDIST_TOKEN_LEN])
{
	const char *text = secret_text(key);
	unsigned char mac[EVP_MAX_MD_SIZE];

	/* the first line: editors and `echo` end it in their own ways */
	if (HMAC(EVP_sha256(), text, (int)strcspn(text, "\r\n"), (const unsigned char *)name, strlen(name), mac, NULL) == NULL)
		return false;
	format_hex(mac, GPFDIST_TOKEN_BYTES, out);
	return true;
}

char *
receive_url(const struct secret *key, bool tls, const char *address, const char *name, struct err *e)
{
	char token[GPFDIST_TOKEN_LEN];

	if (make_token(key, name, token))
		return mem_printf("gpfdist%s://%s/%s/%s", tls ? "s" : "", address, token, name);
	err_set(e, ERR_SYSTEM, "libcrypto cannot use HMAC-SHA256");
	return NULL;
}

const char *
receive_url_read(const struct secret *key, const char *path, char token[GPFDIST_TOKEN_LEN])
{
	const size_t len = GPFDIST_TOKEN_LEN - 1;
	const char *name;

	if (strlen(path) < len + 3 || path[0] != '/' || path[1 + len] != '/')
		return NULL;
	name = path + len + 2;
	if (strchr(name, '/') != NULL || !make_token(key, name, token) || CRYPTO_memcmp(token, path + 1, len) != 0)
		return NULL;
	return name;
}
