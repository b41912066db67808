/* signature.c -- the signature beside a root manifest. */
#include "prelude.h"

#include <fcntl.h>
#include <unistd.h>

#include "err.h"
#include "send.h"
#include "sign.h"
#include "signature.h"

int
signature_check_pinned(struct push *p, struct err *e)
{
	const char *pinned = stored_options(p->stored)->signed_by, *id = spool_run_id(p->run);

	if (pinned == NULL && p->sign_key == NULL)
		return 0;
	if (pinned == NULL) {
		err_set(e, ERR_FAILED, "the push of run %s began without --sign-key", id);
		return err_hint(e, "finish it without, or gpm-export --new-run starts anew");
	}
	if (p->sign_key != NULL && strcmp(pinned, sign_key_name(p->sign_key)) == 0)
		return 0;
	err_set(e, ERR_FAILED, "run %s is to be signed by key %.64s, %s", id, pinned,
	    p->sign_key == NULL ? "and there is no --sign-key" : "which is not that of --sign-key");
	return err_hint(e, "a run is finished with the key that it began with");
}

int
signature_store(struct push *p, const char *path, const struct file_hash *hash, struct err *e)
{
	unsigned char signature[SIGN_LEN];
	int fd, rc;

	if (p->sign_key == NULL)
		return 0;
	if ((fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)) < 0)
		return err_sys(e, "cannot open '%s'", path);
	rc = sign_file(p->sign_key, fd, hash->size, signature, e);
	close(fd);
	return rc < 0 ? -1 : send_bytes(p, MANIFEST_SIGNATURE, signature, sizeof(signature), e);
}
