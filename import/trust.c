/* trust.c -- who says that this is the run. */
#include "prelude.h"

#include "buf.h"
#include "err.h"
#include "opt.h"
#include "trust.h"

int
trust_load(const struct opts *opts, struct trusted_keys **out, struct err *e)
{
	const char *path = opt_string(opts, OPT_ID_trusted_keys);

	*out = NULL;
	return path == NULL ? 0 : trusted_keys_load(path, out, e);
}

/* 1 and the signature, 0 when it is not there, -1. */
static int
fetch_signature(struct store *store, const char *key, unsigned char signature[SIGN_LEN], struct err *e)
{
	struct store_object there;
	struct buf bytes;
	int rc = store_head(store, key, &there, e);

	if (rc <= 0)
		return rc;
	if (there.size != SIGN_LEN)
		return err_set(e, ERR_DIFFERS, "'%s' has %llu bytes; a signature has %d", key, (unsigned long long)there.size,
		    SIGN_LEN);
	buf_init(&bytes, SIGN_LEN);
	rc = store_get_buf(store, key, &bytes, e);
	if (rc > 0 && bytes.len == SIGN_LEN)
		memcpy(signature, bytes.data, SIGN_LEN);
	else if (rc > 0)
		rc = err_set(e, ERR_DIFFERS, "'%s' is cut", key);
	buf_release(&bytes);
	return rc;
}

int
trust_check_signature(const struct run *run, struct err *e)
{
	unsigned char signature[SIGN_LEN];
	char *key;
	int rc;

	if (run->push.signed_by == NULL)
		return 0;
	key = run_key(run, MANIFEST_SIGNATURE);
	rc = fetch_signature(run->store, key, signature, e);
	if (rc == 0)
		rc = err_set(e, ERR_DIFFERS, "'%s' is missing: the run says that key %.64s signed it", key, run->push.signed_by);
	free(key);
	if (rc > 0 && (rc = sign_check_file(run->push.signed_by, manifest_fd(run->root), manifest_hash(run->root)->size,
	    signature, e)) == 0)
		rc = err_set(e, ERR_DIFFERS, "'%s/" MANIFEST_ROOT "' is not what key %.64s signed", run->id,
		    run->push.signed_by);
	return rc < 0 ? -1 : 0;
}

int
trust_check_key(const struct run *run, const struct trusted_keys *keys, struct err *e)
{
	const char *by = run->push.signed_by;

	if (keys == NULL || (by != NULL && trusted_keys_have(keys, by)))
		return 0;
	if (by == NULL) {
		err_set(e, ERR_DIFFERS, "run %s is not signed; only what a key of '%s' signed is taken", run->id,
		    trusted_keys_path(keys));
		return err_hint(e, "the sender signs by gpm-push --sign-key");
	}
	err_set(e, ERR_DIFFERS, "run %s is signed by key %.64s, which is not in '%s'", run->id, by, trusted_keys_path(keys));
	return err_hint(e, "if that is the sender's key, have it confirmed on another way than the bucket, then add it to the list");
}
