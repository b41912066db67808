/* session.c -- sessions at the destination. */
#include "prelude.h"

#include "err.h"
#include "session.h"

int
session_open(const struct opts *opts, const char *run, const char *role, struct db **out, struct err *e)
{
	char *application = mem_printf("gpm-import %s %s", run, role);
	int rc = db_connect(opts, application, out, e);

	free(application);
	if (rc == 0 && (rc = db_pin(*out, "UTF8", e)) < 0) {
		db_close(*out);
		*out = NULL;
	}
	return rc;
}
