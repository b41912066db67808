/* sign.c -- Ed25519 signatures of whole files, by OpenSSL. */
#include "prelude.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <sys/mman.h>

#include "err.h"
#include "keyfile.h"
#include "parse.h"
#include "sign.h"

#define PUBLIC_LEN 32

struct sign_key {
	EVP_PKEY *key;
	char name[SIGN_NAME_LEN];
};

struct trusted_keys {
	char *path;
	char (*names)[SIGN_NAME_LEN];
	size_t len;
};

static int
is_ed25519(const EVP_PKEY *key)
{
	return key != NULL && EVP_PKEY_is_a(key, "ED25519");
}

static int
name_of(const EVP_PKEY *key, char name[SIGN_NAME_LEN], struct err *e)
{
	unsigned char raw[PUBLIC_LEN];
	size_t len = sizeof(raw);

	if (EVP_PKEY_get_raw_public_key(key, raw, &len) != 1 || len != sizeof(raw))
		return err_set(e, ERR_SYSTEM, "libcrypto cannot tell an Ed25519 key");
	format_hex(raw, sizeof(raw), name);
	return 0;
}

/* --- keys ------------------------------------------------------------------------------------ */

/* libcrypto would ask the terminal. */
static int
no_passphrase(char *room, int size, int writing, void *ctx)
{
	(void)room;
	(void)size;
	(void)writing;
	(void)ctx;
	return -1;
}

static int
write_pem(EVP_PKEY *key, bool private, const char *path, struct err *e)
{
	BIO *out = BIO_new(private ? BIO_s_secmem() : BIO_s_mem());
	char *text;
	long len;
	int rc = -1;

	if (out == NULL || (private ? PEM_write_bio_PKCS8PrivateKey(out, key, NULL, NULL, 0, NULL, NULL) :
	    PEM_write_bio_PUBKEY(out, key)) != 1 || (len = BIO_get_mem_data(out, &text)) <= 0)
		err_set(e, ERR_SYSTEM, "libcrypto cannot write a key");
	else
		rc = keyfile_create(path, text, (size_t)len, e);
	BIO_free(out);
	return rc;
}

int
sign_keygen(const char *path, char name[SIGN_NAME_LEN], struct err *e)
{
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	char *public_path = mem_printf("%s.pub", path);
	int rc = -1;

	if (!is_ed25519(key))
		err_set(e, ERR_SYSTEM, "libcrypto cannot make an Ed25519 key");
	else if (keyfile_leave_no_core(e) == 0 && name_of(key, name, e) == 0 && write_pem(key, true, path, e) == 0)
		rc = write_pem(key, false, public_path, e);
	EVP_PKEY_free(key);
	free(public_path);
	return rc;
}

int
sign_key_load(const char *path, struct sign_key **out, struct err *e)
{
	struct sign_key *k;
	struct secret *text;
	BIO *in;

	if (keyfile_read(path, &text, e) < 0)
		return -1;
	k = mem_alloc(sizeof(*k));
	in = BIO_new_mem_buf(secret_text(text), -1);
	k->key = in == NULL ? NULL : PEM_read_bio_PrivateKey(in, NULL, no_passphrase, NULL);
	BIO_free(in);
	secret_free(text);
	ERR_clear_error();
	if (is_ed25519(k->key) && name_of(k->key, k->name, e) == 0) {
		*out = k;
		return 0;
	}
	err_set(e, ERR_CREDENTIALS, "'%s' holds no Ed25519 private key in PEM without a passphrase", path);
	err_hint(e, "gpm-push keygen --sign-key FILE makes one");
	sign_key_free(k);
	return -1;
}

void
sign_key_free(struct sign_key *k)
{
	if (k == NULL)
		return;
	EVP_PKEY_free(k->key);
	free(k);
}

const char *
sign_key_name(const struct sign_key *k)
{
	return k->name;
}

/* --- signatures ------------------------------------------------------------------------------ */

/* Ed25519 goes over its message twice, so libcrypto wants all of it at once. */
static const unsigned char *
map(int fd, uint64_t size, struct err *e)
{
	void *at = mmap(NULL, (size_t)size, PROT_READ, MAP_PRIVATE, fd, 0);

	if (at != MAP_FAILED)
		return at;
	err_sys(e, "cannot map a manifest of %llu bytes", (unsigned long long)size);
	return NULL;
}

int
sign_file(const struct sign_key *k, int fd, uint64_t size, unsigned char signature[SIGN_LEN], struct err *e)
{
	const unsigned char *bytes = map(fd, size, e);
	EVP_MD_CTX *ctx;
	size_t len = SIGN_LEN;
	int rc = 0;

	if (bytes == NULL)
		return -1;
	ctx = EVP_MD_CTX_new();
	if (ctx == NULL || EVP_DigestSignInit(ctx, NULL, NULL, NULL, k->key) != 1 ||
	    EVP_DigestSign(ctx, signature, &len, bytes, (size_t)size) != 1 || len != SIGN_LEN)
		rc = err_set(e, ERR_SYSTEM, "libcrypto cannot sign");
	EVP_MD_CTX_free(ctx);
	munmap((void *)(uintptr_t)bytes, (size_t)size);
	return rc;
}

int
sign_check_file(const char *name, int fd, uint64_t size, const unsigned char signature[SIGN_LEN], struct err *e)
{
	unsigned char raw[PUBLIC_LEN];
	const unsigned char *bytes;
	EVP_MD_CTX *ctx;
	EVP_PKEY *key;
	int rc = 0;

	if (parse_hex(name, raw, sizeof(raw), e) < 0)
		return 0; /* no key has such a name */
	if ((bytes = map(fd, size, e)) == NULL)
		return -1;
	ctx = EVP_MD_CTX_new();
	key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, raw, sizeof(raw));
	if (ctx == NULL || key == NULL || EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, key) != 1)
		rc = err_set(e, ERR_SYSTEM, "libcrypto cannot check a signature");
	else
		rc = EVP_DigestVerify(ctx, signature, SIGN_LEN, bytes, (size_t)size) == 1;
	ERR_clear_error();
	EVP_PKEY_free(key);
	EVP_MD_CTX_free(ctx);
	munmap((void *)(uintptr_t)bytes, (size_t)size);
	return rc;
}

/* --- the list of trusted keys ---------------------------------------------------------------- */

/* The next PEM block's key; 1, 0 when there is none, -1. */
static int
next_key(BIO *in, EVP_PKEY **out)
{
	char *kind = NULL, *header = NULL;
	unsigned char *der = NULL;
	const unsigned char *p;
	long len;
	int rc = -1;

	*out = NULL;
	ERR_clear_error();
	if (PEM_read_bio(in, &kind, &header, &der, &len) != 1)
		return ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE ? 0 : -1;
	if (strcmp(kind, PEM_STRING_PUBLIC) == 0) {
		p = der;
		*out = d2i_PUBKEY(NULL, &p, len);
		rc = is_ed25519(*out) && p == der + len ? 1 : -1;
	}
	OPENSSL_free(kind);
	OPENSSL_free(header);
	OPENSSL_free(der);
	return rc;
}

static int
add_keys(struct trusted_keys *t, const char *text, struct err *e)
{
	BIO *in = BIO_new_mem_buf(text, -1);
	EVP_PKEY *key;
	int rc = in != NULL ? 1 : -1;

	while (rc > 0 && (rc = next_key(in, &key)) != 0) {
		if (rc > 0) {
			t->names = mem_grow(t->names, (t->len + 1) * sizeof(*t->names));
			rc = name_of(key, t->names[t->len], e) == 0 ? 1 : -1;
			t->len++;
		}
		EVP_PKEY_free(key);
	}
	BIO_free(in);
	ERR_clear_error();
	return rc;
}

int
trusted_keys_load(const char *path, struct trusted_keys **out, struct err *e)
{
	struct trusted_keys *t;
	size_t blocks = 0;
	char *text;
	int rc;

	if (keyfile_read_public(path, &text, e) < 0)
		return -1;
	t = mem_alloc(sizeof(*t));
	t->path = mem_str(path);
	rc = add_keys(t, text, e);
	/* libcrypto takes a damaged beginning for a comment: nobody should believe that such a block counts */
	for (const char *p = text; (p = strstr(p, "-----BEGIN ")) != NULL; p++)
		blocks++;
	free(text);
	if (rc == 0 && t->len > 0 && t->len == blocks) {
		*out = t;
		return 0;
	}
	if (rc == 0 && blocks == 0)
		err_set(e, ERR_CREDENTIALS, "'%s' holds no public key", path);
	else
		err_set(e, ERR_CREDENTIALS, "'%s': its block %zu is no Ed25519 public key in PEM", path, t->len + 1);
	err_hint(e, "gpm-push keygen --sign-key FILE writes the public key into FILE.pub; a list is such files one after the other");
	trusted_keys_free(t);
	return -1;
}

void
trusted_keys_free(struct trusted_keys *t)
{
	if (t == NULL)
		return;
	free(t->names);
	free(t->path);
	free(t);
}

bool
trusted_keys_have(const struct trusted_keys *t, const char *name)
{
	for (size_t i = 0; i < t->len; i++)
		if (strcmp(t->names[i], name) == 0)
			return true;
	return false;
}

const char *
trusted_keys_path(const struct trusted_keys *t)
{
	return t->path;
}
