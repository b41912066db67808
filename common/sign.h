/* sign.h -- Ed25519 signatures of whole files (RFC 8032, without a context), by OpenSSL.
 *
 * Key files are PEM as `openssl genpkey -algorithm ed25519` and `openssl pkey -pubout` write them.  A public key is
 * named by its 32 bytes in hex. */
#ifndef GPM_SIGN_H
#define GPM_SIGN_H

struct err;
struct sign_key;
struct trusted_keys;

#define SIGN_LEN 64     /* of a signature */
#define SIGN_NAME_LEN 65 /* of a public key's name, and a NUL */

/* sign_keygen(path, name, e): a new pair: the private key into PATH, the public one into PATH.pub.  Neither may be there. */
int sign_keygen(const char *path, char name[SIGN_NAME_LEN], struct err *) GPM_NODISCARD;

/* sign_key_load(path, out, e): a private key; see keyfile_read.  ERR_CREDENTIALS for what is none. */
int sign_key_load(const char *path, struct sign_key **out, struct err *) GPM_NODISCARD;
void sign_key_free(struct sign_key *); /* NULL is fine */
const char *sign_key_name(const struct sign_key *); /* of its public key */

/* sign_file(key, fd, size, signature, e): of the SIZE bytes of FD, which are mapped, not read.  The same bytes
 * give the same signature. */
int sign_file(const struct sign_key *, int fd, uint64_t size, unsigned char signature[SIGN_LEN], struct err *) GPM_NODISCARD;

/* sign_check_file(name, fd, size, signature, e): 1 it is by the key of that name, 0 it is not, -1. */
int sign_check_file(const char *name, int fd, uint64_t size, const unsigned char signature[SIGN_LEN], struct err *) GPM_NODISCARD;

/* trusted_keys_load(path, out, e): public keys, one PEM block after the other; what stands between them is comment.  A
 * block that cannot be read, a private key, and a list without a key are ERR_CREDENTIALS. */
int trusted_keys_load(const char *path, struct trusted_keys **out, struct err *) GPM_NODISCARD;
void trusted_keys_free(struct trusted_keys *); /* NULL is fine */
bool trusted_keys_have(const struct trusted_keys *, const char *name);
const char *trusted_keys_path(const struct trusted_keys *);

#endif
