/* keygen.c -- gpm-push keygen: new keys. */
#include "prelude.h"

#include "crypt.h"
#include "err.h"
#include "keygen.h"
#include "opt.h"
#include "sign.h"

static int
make_sign_key(const char *path, struct err *e)
{
	char name[SIGN_NAME_LEN];

	if (sign_keygen(path, name, e) < 0)
		return -1;
	printf("signing key %s\n  '%s' is private: for gpm-push --sign-key, here\n"
	    "  '%s.pub' is public: for gpm-import --trusted-keys, at the destination\n", name, path, path);
	return 0;
}

static int
make_master_key(const char *path, struct err *e)
{
	char id[CRYPT_KEY_ID_LEN];

	if (master_keygen(path, id, e) < 0)
		return -1;
	printf("master key %s\n  '%s' is secret: for --encrypt-key of gpm-push here, and of gpm-import at the destination\n"
	    "  without it nobody can read what was encrypted\n", id, path);
	return 0;
}

int
keygen(const struct opts *opts, struct err *e)
{
	const char *sign = opt_string(opts, OPT_ID_sign_key), *encrypt = opt_string(opts, OPT_ID_encrypt_key);

	if (sign == NULL && encrypt == NULL) {
		err_set(e, ERR_USAGE, "keygen needs to be told which key to make");
		return err_hint(e, "gpm-push keygen --sign-key FILE, or --encrypt-key FILE, or both");
	}
	if ((sign != NULL && make_sign_key(sign, e) < 0) || (encrypt != NULL && make_master_key(encrypt, e) < 0))
		return -1;
	return fflush(stdout) != 0 ? err_sys(e, "cannot write what was made") : 0;
}
