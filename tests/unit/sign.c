/* Goal of this test: signatures are those of RFC 8032, other bytes or keys do not pass, and key files are made
 * once, for their owner alone, and refused when others could read them or when they are something else. */
#include "prelude.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "keyfile.h"
#include "parse.h"
#include "sign.h"
#include "tmpdir.h"

/* RFC 8032, 7.1: TEST 2 and TEST 3 */
static const struct vector {
	const char *secret, *public, *message, *signature;
} vectors[] = {
	{ "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
	    "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
	    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
	    "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00" },
	{ "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
	    "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
	    "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
	    "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a" },
};

static void
write_text(const char *path, const char *text, mode_t mode)
{
	FILE *f = fopen(path, "w");

	if (f == NULL || fputs(text, f) < 0 || fclose(f) != 0 || chmod(path, mode) != 0)
		printf("# cannot write %s\n", path);
}

/* A file of LEN bytes, open for reading. */
static int
file_of(const char *path, const void *data, size_t len)
{
	struct err e;

	return atomic_write_file(path, data, len, &e) < 0 ? -1 : open(path, O_RDONLY | O_CLOEXEC);
}

/* The vector's key pair as a PEM file, private or public. */
static void
write_pem(const char *path, const struct vector *v, bool private)
{
	unsigned char raw[32];
	struct err e;
	EVP_PKEY *key;
	FILE *f = fopen(path, "w");

	if (f == NULL || parse_hex(v->secret, raw, 32, &e) < 0)
		return;
	fchmod(fileno(f), 0600);
	key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, raw, 32);
	if ((private ? PEM_write_PKCS8PrivateKey(f, key, NULL, NULL, 0, NULL, NULL) : PEM_write_PUBKEY(f, key)) != 1)
		printf("# cannot write %s\n", path);
	EVP_PKEY_free(key);
	fclose(f);
}

static void
test_vector(const struct vector *v)
{
	unsigned char message[8], signature[SIGN_LEN];
	char hex[2 * SIGN_LEN + 1];
	size_t len = strlen(v->message) / 2;
	struct sign_key *key = NULL;
	struct err e;
	int fd;

	write_pem(at("vector.key"), v, true);
	ok(sign_key_load(at("vector.key"), &key, &e) == 0, "the key is read");
	if (key == NULL || parse_hex(v->message, message, len, &e) < 0)
		return;
	is_str(sign_key_name(key), v->public, "its name is its public key");
	fd = file_of(at("message"), message, len);
	ok(sign_file(key, fd, len, signature, &e) == 0, "a file is signed");
	is_str(format_hex(signature, SIGN_LEN, hex), v->signature, "as the RFC says");
	ok(sign_check_file(v->public, fd, len, signature, &e) == 1, "it passes");
	ok(sign_check_file(vectors[v == vectors].public, fd, len, signature, &e) == 0, "not under another key");
	ok(sign_check_file("no key", fd, len, signature, &e) == 0, "nor under what is none");
	close(fd);
	message[0] ^= 1;
	fd = file_of(at("message"), message, len);
	ok(sign_check_file(v->public, fd, len, signature, &e) == 0, "nor for other bytes");
	close(fd);
	message[0] ^= 1;
	fd = file_of(at("message"), message, len);
	signature[SIGN_LEN / 2] ^= 1;
	ok(sign_check_file(v->public, fd, len, signature, &e) == 0, "nor when it was changed");
	close(fd);
	sign_key_free(key);
}

static void
test_keygen(void)
{
	char name[SIGN_NAME_LEN] = "", other[SIGN_NAME_LEN];
	struct trusted_keys *keys = NULL;
	struct sign_key *key = NULL;
	struct stat st;
	struct err e;

	ok(sign_keygen(at("site"), name, &e) == 0 && strlen(name) == 64, "a pair is made");
	ok(stat(at("site"), &st) == 0 && (st.st_mode & 07777) == 0600, "the private file is its owner's alone");
	ok(sign_key_load(at("site"), &key, &e) == 0 && strcmp(sign_key_name(key), name) == 0, "it is read");
	ok(trusted_keys_load(at("site.pub"), &keys, &e) == 0 && trusted_keys_have(keys, name), "so is the public one");
	trusted_keys_free(keys);
	sign_key_free(key);
	ok(sign_keygen(at("site"), other, &e) < 0 && e.code == ERR_FAILED, "no key is overwritten");
	has_str(e.text, "is there already", "it is told");
	ok(sign_keygen(at("again"), other, &e) == 0 && strcmp(name, other) != 0, "the next key is another one");
	ok(prctl(PR_GET_DUMPABLE) == 0, "no core holds a key");
}

static void
test_refused(void)
{
	struct trusted_keys *keys;
	struct sign_key *key;
	struct err e;

	chmod(at("vector.key"), 0640);
	ok(sign_key_load(at("vector.key"), &key, &e) < 0 && e.code == ERR_CREDENTIALS, "a key that others can read");
	has_str(e.hint, "chmod 600", "what to do");
	write_text(at("text"), "not a key\n", 0600);
	ok(sign_key_load(at("text"), &key, &e) < 0 && e.code == ERR_CREDENTIALS, "a text");
	ok(sign_key_load(at("missing"), &key, &e) < 0 && e.code == ERR_SYSTEM, "a file that is not there");
	ok(sign_key_load(tmpdir, &key, &e) < 0 && e.code == ERR_CREDENTIALS, "a folder");
	ok(trusted_keys_load(at("text"), &keys, &e) < 0 && e.code == ERR_CREDENTIALS, "a list without a key");
	write_pem(at("private"), &vectors[0], true);
	ok(trusted_keys_load(at("private"), &keys, &e) < 0 && e.code == ERR_CREDENTIALS, "a private key in the list");
	ok(sign_key_load(at("site.pub"), &key, &e) < 0 && e.code == ERR_CREDENTIALS, "a public key to sign with");
}

/* Two keys with notes around them; a list of which one block is damaged holds nothing. */
static void
test_list(void)
{
	struct trusted_keys *keys = NULL;
	char *one, *two, *list;
	struct err e;

	write_pem(at("one"), &vectors[0], false);
	write_pem(at("two"), &vectors[1], false);
	if (keyfile_read_public(at("one"), &one, &e) < 0 || keyfile_read_public(at("two"), &two, &e) < 0)
		return;
	list = mem_printf("the old site\n%s\nthe new one\n%s", one, two);
	write_text(at("list"), list, 0644);
	ok(trusted_keys_load(at("list"), &keys, &e) == 0, "a list of two");
	ok(trusted_keys_have(keys, vectors[0].public) && trusted_keys_have(keys, vectors[1].public), "both count");
	ok(!trusted_keys_have(keys, "") && !trusted_keys_have(keys, vectors[0].secret), "and nothing else");
	trusted_keys_free(keys);
	list[strlen("the old site\n") + 40] = '!';
	write_text(at("list"), list, 0644);
	ok(trusted_keys_load(at("list"), &keys, &e) < 0 && e.code == ERR_CREDENTIALS, "a damaged block is not passed over");
	free(list);
	list = mem_printf("%s-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", one);
	write_text(at("list"), list, 0644);
	ok(trusted_keys_load(at("list"), &keys, &e) < 0 && e.code == ERR_CREDENTIALS, "nor is one of another kind");
	free(list);
	free(one);
	free(two);
}

int
main(void)
{
	tmpdir_make();
	test_vector(&vectors[0]);
	test_vector(&vectors[1]);
	test_keygen();
	test_list();
	test_refused();
	tmpdir_remove();
	return tap_done();
}
