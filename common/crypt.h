/* crypt.h -- objects that nobody reads who has not the master key: AES-256-GCM, a key an object (FORMAT.md, "Encryption").
 *
 *   header line │ 16 bytes of salt │ the bytes encrypted │ 16 bytes of tag
 *
 * The header says in clear what the object is; the tag covers it. */
#ifndef GPM_CRYPT_H
#define GPM_CRYPT_H

#include "buf.h"

struct err;
struct master_key;
struct stage;

#define CRYPT_NAME "aes-256-gcm"
#define CRYPT_KEY_ID_LEN 17 /* 16 hex digits and a NUL */
#define CRYPT_SALT_LEN ((size_t)16)
#define CRYPT_TAG_LEN ((size_t)16)

/* master_keygen(path, id, e): 32 random bytes as hex into a new file; see keyfile_create. */
int master_keygen(const char *path, char id[CRYPT_KEY_ID_LEN], struct err *) GPM_NODISCARD;

/* master_key_load(path, out, e): 64 hex digits, as `openssl rand -hex 32` writes them; see keyfile_read. */
int master_key_load(const char *path, struct master_key **out, struct err *) GPM_NODISCARD;
void master_key_free(struct master_key *); /* NULL is fine */
const char *master_key_id(const struct master_key *); /* tells keys apart, and nothing about them */

/* Which object it is.  All of it goes into its key and its tag, so that it can stand in for no other. */
struct crypt_object {
	const struct master_key *key;
	const char *run;
	const char *name;                 /* its key below the run's folder */
	const unsigned char *plain_xxh3;  /* 16 bytes: of the rows, before compression */
};

/* stage_encrypt(what, limit, next): holds what is pushed, at most LIMIT bytes, and pushes the object when it is finished.  The
 * same bytes of the same object give the same object.  WHAT is not kept past the finish. */
struct stage *stage_encrypt(const struct crypt_object *, size_t limit, struct stage *next) GPM_NODISCARD;

/* crypt_open(what, object, e): decrypts OBJECT where it lies; after it holds the bytes that went into stage_encrypt.  ERR_DIFFERS, and
 * OBJECT emptied, for what is not encrypted, is of another master key or another run, is another object of the run, is cut or has
 * bytes too many, or was changed.  Each has its own text, which begins behind the object's name. */
int crypt_open(const struct crypt_object *, struct buf *object, struct err *) GPM_NODISCARD;

#endif
