/* encryption.c -- whether a run's objects are encrypted, and by which master key. */
#include "prelude.h"

#include "crypt.h"
#include "encryption.h"
#include "err.h"

void
encryption_describe(const struct push *p, struct rec_push *push)
{
	if (p->master_key == NULL)
		return;
	push->encryption = mem_str(CRYPT_NAME);
	push->key_id = mem_str(master_key_id(p->master_key));
}

int
encryption_check_pinned(struct push *p, struct err *e)
{
	const char *pinned = stored_options(p->stored)->key_id, *id = spool_run_id(p->run);

	if (pinned == NULL && p->master_key == NULL)
		return 0;
	if (pinned == NULL) {
		err_set(e, ERR_FAILED, "the push of run %s began without --encrypt-key: objects of it are stored in plain", id);
		return err_hint(e, "finish it without, or gpm-export --new-run starts anew");
	}
	if (p->master_key != NULL && strcmp(pinned, master_key_id(p->master_key)) == 0)
		return 0;
	err_set(e, ERR_FAILED, "run %s is encrypted by master key %.16s, %s", id, pinned,
	    p->master_key == NULL ? "and there is no --encrypt-key" : "which is not that of --encrypt-key");
	return err_hint(e, "a run is finished with the key that it began with");
}

int
encryption_check_run(struct push *p, struct err *e)
{
	const char *measure = json_string_value(json_object_get(p->view.header.selection, "measure"));

	if (p->master_key == NULL || measure == NULL || strcmp(measure, "none") == 0)
		return 0;
	err_set(e, ERR_FAILED, "run %s was exported with --measure %s: bounds and sums of its columns would stand in manifests that are not encrypted",
	    spool_run_id(p->run), measure);
	return err_hint(e, "export without --measure; gpm-import --verify content compares every row");
}
