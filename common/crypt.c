/* crypt.c -- objects that nobody reads who has not the master key. */
#include "prelude.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <pthread.h>

#include "crypt.h"
#include "err.h"
#include "keyfile.h"
#include "parse.h"
#include "stage.h"

#define KEY_LEN ((size_t)32)
#define PIECE ((size_t)64 << 10)

#define MAGIC "gpm-crypt-1 "
#define ID_INFO MAGIC "id"
#define SALT_INFO MAGIC "salt"

struct master_key {
	unsigned char bytes[KEY_LEN];
	unsigned char salt_key[KEY_LEN];
	char id[CRYPT_KEY_ID_LEN];
};

/* Fetched once: looking an algorithm up takes longer than a small object. */
static EVP_KDF *hkdf;
static EVP_CIPHER *gcm;
static EVP_MAC *hmac;
static pthread_once_t fetched = PTHREAD_ONCE_INIT;

static void
fetch(void)
{
	hkdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
	gcm = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
	hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
}

static int
refused(const char *what, struct err *e)
{
	return err_set(e, ERR_SYSTEM, "libcrypto cannot %s", what);
}

/* --- keys ------------------------------------------------------------------------------------ */

static OSSL_PARAM
octets(const char *name, const void *data, size_t len)
{
	return OSSL_PARAM_construct_octet_string(name, (void *)(uintptr_t)data, len);
}

/* HKDF-SHA256 of the master key, LEN bytes. */
static int
derive(const unsigned char master[KEY_LEN], const void *salt, size_t salt_len, const char *info, unsigned char *out, size_t len,
    struct err *e)
{
	char digest[] = "SHA256";
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
		octets(OSSL_KDF_PARAM_KEY, master, KEY_LEN), octets(OSSL_KDF_PARAM_INFO, info, strlen(info)),
		OSSL_PARAM_construct_end(), OSSL_PARAM_construct_end(),
	};
	EVP_KDF_CTX *ctx;
	int good;

	if (salt_len > 0)
		params[3] = octets(OSSL_KDF_PARAM_SALT, salt, salt_len);
	pthread_once(&fetched, fetch);
	ctx = hkdf != NULL ? EVP_KDF_CTX_new(hkdf) : NULL;
	good = ctx != NULL && EVP_KDF_derive(ctx, out, len, params) == 1;
	EVP_KDF_CTX_free(ctx);
	return good ? 0 : refused("derive a key", e);
}

static int
complete(struct master_key *k, struct err *e)
{
	unsigned char id[(CRYPT_KEY_ID_LEN - 1) / 2];

	if (derive(k->bytes, NULL, 0, SALT_INFO, k->salt_key, KEY_LEN, e) < 0 ||
	    derive(k->bytes, NULL, 0, ID_INFO, id, sizeof(id), e) < 0)
		return -1;
	format_hex(id, sizeof(id), k->id);
	return 0;
}

int
master_keygen(const char *path, char id[CRYPT_KEY_ID_LEN], struct err *e)
{
	struct master_key k;
	char text[2 * KEY_LEN + 2];
	int rc = keyfile_leave_no_core(e);

	if (rc == 0 && RAND_priv_bytes(k.bytes, (int)KEY_LEN) != 1)
		rc = refused("make random bytes", e);
	if (rc == 0 && (rc = complete(&k, e)) == 0) {
		memcpy(id, k.id, sizeof(k.id));
		format_hex(k.bytes, KEY_LEN, text);
		text[2 * KEY_LEN] = '\n';
		rc = keyfile_create(path, text, 2 * KEY_LEN + 1, e);
	}
	OPENSSL_cleanse(&k, sizeof(k));
	OPENSSL_cleanse(text, sizeof(text));
	return rc;
}

/* 64 hex digits and blanks behind them. */
static int
parse_key(const char *text, unsigned char bytes[KEY_LEN])
{
	char digits[2 * KEY_LEN + 1];
	size_t len = strcspn(text, " \t\r\n");
	struct err ignored;
	int rc = -1;

	if (len == 2 * KEY_LEN && text[len + strspn(text + len, " \t\r\n")] == '\0') {
		memcpy(digits, text, len);
		digits[len] = '\0';
		rc = parse_hex(digits, bytes, KEY_LEN, &ignored);
		OPENSSL_cleanse(digits, sizeof(digits));
		OPENSSL_cleanse(&ignored, sizeof(ignored)); /* it may quote what it did not like */
	}
	return rc;
}

int
master_key_load(const char *path, struct master_key **out, struct err *e)
{
	struct master_key *k;
	struct secret *text;
	int rc;

	if (keyfile_read(path, &text, e) < 0)
		return -1;
	k = mem_alloc(sizeof(*k));
	rc = parse_key(secret_text(text), k->bytes);
	secret_free(text);
	if (rc < 0) {
		err_set(e, ERR_CREDENTIALS, "'%s' holds no master key: 64 hex digits in lower case", path);
		err_hint(e, "gpm-push keygen --encrypt-key FILE makes one");
	} else {
		rc = complete(k, e);
	}
	if (rc < 0) {
		master_key_free(k);
		return -1;
	}
	*out = k;
	return 0;
}

void
master_key_free(struct master_key *k)
{
	if (k == NULL)
		return;
	OPENSSL_cleanse(k, sizeof(*k));
	free(k);
}

const char *
master_key_id(const struct master_key *k)
{
	return k->id;
}

/* --- what both ways share -------------------------------------------------------------------- */

/* The header line of an object that holds LEN encrypted bytes; the caller frees. */
static char *
header_of(const struct crypt_object *o, uint64_t len)
{
	return mem_printf(MAGIC CRYPT_NAME " %s %llu %s/%s\n", o->key->id, (unsigned long long)len, o->run, o->name);
}

/* A context that is ready for the bytes: key and associated data are in it.  NULL is an error. */
static EVP_CIPHER_CTX *
begin(const struct crypt_object *o, const unsigned char *salt, const char *header, int encrypt, struct err *e)
{
	static const unsigned char nonce[12]; /* zero: no key is used twice */
	unsigned char key[KEY_LEN];
	char hex[33], *info = mem_printf(MAGIC "key\n%s\n%s\n%s", o->run, o->name, format_hex(o->plain_xxh3, 16, hex));
	EVP_CIPHER_CTX *ctx = NULL;
	int done;

	if (derive(o->key->bytes, salt, CRYPT_SALT_LEN, info, key, sizeof(key), e) == 0 && ((ctx = EVP_CIPHER_CTX_new()) == NULL ||
	    gcm == NULL || EVP_CipherInit_ex2(ctx, gcm, key, nonce, encrypt, NULL) != 1 ||
	    EVP_CipherUpdate(ctx, NULL, &done, (const unsigned char *)header, (int)strlen(header)) != 1)) {
		EVP_CIPHER_CTX_free(ctx);
		ctx = NULL;
		refused("use AES-256-GCM", e);
	}
	OPENSSL_cleanse(key, sizeof(key));
	free(info);
	return ctx;
}

/* --- encrypting ------------------------------------------------------------------------------ */

struct encrypt {
	struct stage stage;
	const struct crypt_object *what;
	struct buf bytes;
};

static int
push(struct stage *s, const char *data, size_t len, struct err *e)
{
	return buf_add(&((struct encrypt *)s)->bytes, data, len, e);
}

/* The salt comes out of the bytes, so that the key is another one for other bytes, whatever made them so: another release of the
 * compression makes other bytes of the same rows. */
static int
salt_of(const struct encrypt *c, unsigned char salt[CRYPT_SALT_LEN], struct err *e)
{
	char digest[] = "SHA256";
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0), OSSL_PARAM_construct_end(),
	};
	unsigned char mac[32];
	EVP_MAC_CTX *ctx = hmac != NULL ? EVP_MAC_CTX_new(hmac) : NULL;
	size_t len;
	int good = ctx != NULL && EVP_MAC_init(ctx, c->what->key->salt_key, KEY_LEN, params) == 1 &&
	    (c->bytes.len == 0 || EVP_MAC_update(ctx, (const unsigned char *)c->bytes.data, c->bytes.len) == 1) &&
	    EVP_MAC_final(ctx, mac, &len, sizeof(mac)) == 1;

	EVP_MAC_CTX_free(ctx);
	if (!good)
		return refused("use HMAC-SHA256", e);
	memcpy(salt, mac, CRYPT_SALT_LEN);
	return 0;
}

static int
push_encrypted(struct encrypt *c, EVP_CIPHER_CTX *ctx, struct err *e)
{
	unsigned char piece[PIECE], tag[CRYPT_TAG_LEN];
	int done;

	for (size_t at = 0; at < c->bytes.len; at += PIECE) {
		size_t n = c->bytes.len - at < PIECE ? c->bytes.len - at : PIECE;

		if (EVP_EncryptUpdate(ctx, piece, &done, (const unsigned char *)c->bytes.data + at, (int)n) != 1)
			return refused("encrypt", e);
		if (stage_push(c->stage.next, piece, n, e) < 0)
			return -1;
	}
	if (EVP_EncryptFinal_ex(ctx, piece, &done) != 1 ||
	    EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, (int)sizeof(tag), tag) != 1)
		return refused("encrypt", e);
	return stage_push(c->stage.next, tag, sizeof(tag), e);
}

static int
finish(struct stage *s, struct err *e)
{
	struct encrypt *c = (struct encrypt *)s;
	char *header = header_of(c->what, c->bytes.len);
	unsigned char salt[CRYPT_SALT_LEN];
	EVP_CIPHER_CTX *ctx = NULL;
	int rc = salt_of(c, salt, e);

	if (rc == 0)
		rc = (ctx = begin(c->what, salt, header, 1, e)) == NULL ? -1 : 0;
	if (rc == 0 && (rc = stage_push(s->next, header, strlen(header), e)) == 0 &&
	    (rc = stage_push(s->next, salt, sizeof(salt), e)) == 0)
		rc = push_encrypted(c, ctx, e);
	EVP_CIPHER_CTX_free(ctx);
	free(header);
	return rc;
}

static void
release(struct stage *s)
{
	buf_release(&((struct encrypt *)s)->bytes);
	free(s);
}

struct stage *
stage_encrypt(const struct crypt_object *what, size_t limit, struct stage *next)
{
	static const struct stage_ops ops = { push, finish, release };
	struct encrypt *c = mem_alloc(sizeof(*c));

	c->stage.ops = &ops;
	c->stage.next = next;
	c->what = what;
	buf_init(&c->bytes, limit);
	pthread_once(&fetched, fetch);
	return &c->stage;
}

/* --- decrypting ------------------------------------------------------------------------------ */

/* The next word of the header, up to a blank; "" at its end.  FROM moves behind it. */
static char *
next_word(const char **from)
{
	size_t len = strcspn(*from, " ");
	char *word = mem_strn(*from, len);

	*from += len + ((*from)[len] == ' ');
	return word;
}

/* A header that is not the one that this object should have: whose is it?  TEXT without its magic and newline. */
static int
tell_strange(const struct crypt_object *o, const char *text, struct err *e)
{
	char *cipher = next_word(&text), *id = next_word(&text), *len = next_word(&text);
	size_t run = strlen(o->run);

	if (strcmp(cipher, CRYPT_NAME) != 0)
		err_set(e, ERR_DIFFERS, "is encrypted by '%.20s', which this program does not know", cipher);
	else if (strcmp(id, o->key->id) != 0)
		err_set(e, ERR_DIFFERS, "is encrypted by master key %.16s, not by %s", id, o->key->id);
	else if (strncmp(text, o->run, run) != 0 || text[run] != '/')
		err_set(e, ERR_DIFFERS, "is an object of another run put in its place: '%.200s'", text);
	else if (strcmp(text + run + 1, o->name) != 0)
		err_set(e, ERR_DIFFERS, "is another object of the run put in its place: '%.200s'", text + run + 1);
	else
		err_set(e, ERR_DIFFERS, "is cut or grown: it was encrypted with %.20s bytes", len);
	free(cipher);
	free(id);
	free(len);
	return -1;
}

/* The header of OBJECT, up to its newline, is what it should be for the bytes that follow; *LEN with the newline. */
static int
check_header(const struct crypt_object *o, const struct buf *object, size_t *len, struct err *e)
{
	size_t magic = strlen(MAGIC), limit = object->len < 2048 ? object->len : 2048;
	const char *newline = limit == 0 ? NULL : memchr(object->data, '\n', limit);
	char *want, *got;
	bool whole;
	int rc = 0;

	if (newline == NULL || limit < magic || memcmp(object->data, MAGIC, magic) != 0)
		return err_set(e, ERR_DIFFERS, "is not encrypted, or its first line is damaged");
	*len = (size_t)(newline + 1 - object->data);
	got = mem_strn(object->data, *len - 1);
	whole = object->len - *len >= CRYPT_SALT_LEN + CRYPT_TAG_LEN;
	want = header_of(o, whole ? object->len - *len - CRYPT_SALT_LEN - CRYPT_TAG_LEN : 0);
	if (!whole || strlen(want) != *len || memcmp(want, object->data, *len) != 0)
		rc = tell_strange(o, got + (strlen(got) < magic ? strlen(got) : magic), e);
	free(want);
	free(got);
	return rc;
}

/* LEN bytes at DATA in their place; then the tag behind them.  Wrong bytes were decrypted before the tag is known: the caller
 * throws them away. */
static int
decrypt(EVP_CIPHER_CTX *ctx, unsigned char *data, size_t len, struct err *e)
{
	unsigned char none[16];
	int done;

	for (size_t at = 0; at < len; at += PIECE) {
		size_t n = len - at < PIECE ? len - at : PIECE;

		if (EVP_DecryptUpdate(ctx, data + at, &done, data + at, (int)n) != 1)
			return refused("decrypt", e);
	}
	if (EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, (int)CRYPT_TAG_LEN, data + len) != 1)
		return refused("decrypt", e);
	if (EVP_DecryptFinal_ex(ctx, none, &done) != 1)
		return err_set(e, ERR_DIFFERS, "was changed since it was encrypted: its tag does not fit");
	return 0;
}

static int
open_object(const struct crypt_object *o, struct buf *object, struct err *e)
{
	unsigned char *salt;
	EVP_CIPHER_CTX *ctx;
	size_t header = 0, len;
	char *text;
	int rc;

	if (check_header(o, object, &header, e) < 0)
		return -1;
	salt = (unsigned char *)object->data + header;
	len = object->len - header - CRYPT_SALT_LEN - CRYPT_TAG_LEN;
	text = header_of(o, len);
	ctx = begin(o, salt, text, 0, e);
	free(text);
	if (ctx == NULL)
		return -1;
	rc = decrypt(ctx, salt + CRYPT_SALT_LEN, len, e);
	EVP_CIPHER_CTX_free(ctx);
	if (rc < 0)
		return -1;
	memmove(object->data, salt + CRYPT_SALT_LEN, len);
	object->len = len;
	return 0;
}

int
crypt_open(const struct crypt_object *o, struct buf *object, struct err *e)
{
	if (open_object(o, object, e) == 0)
		return 0;
	buf_reset(object);
	return -1;
}
