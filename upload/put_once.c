/* put_once.c -- an object that is never replaced. */
#include "prelude.h"

#include "err.h"
#include "put_once.h"

int
put_once(struct store *store, const char *key, const struct store_body *body, struct err *e)
{
	int rc = store_create(store, key, body, e);

	if (rc != 0)
		return rc < 0 ? -1 : 0;
	if ((rc = store_holds(store, key, body, e)) != 0)
		return rc < 0 ? -1 : 0;
	err_set(e, ERR_DIFFERS, "'%s' is there already and holds something else; with --write-once nothing is replaced", key);
	return err_hint(e, "gpm-export --new-run starts anew, under other names");
}
