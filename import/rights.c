/* rights.c -- may this user, and can this server? */
#include "prelude.h"

#include "db.h"
#include "err.h"
#include "rights.h"

int
rights_check(struct db *db, const char *method, const struct right *rights, size_t n, struct err *e)
{
	for (size_t i = 0; i < n; i++) {
		char *value = db_value(db, rights[i].sql, 0, NULL, e);
		bool good = value != NULL && strcmp(value, "t") == 0;

		if (value != NULL && !good) {
			err_set(e, ERR_FAILED, "--method %s: %s", method, rights[i].trouble);
			err_hint(e, "%s", rights[i].hint);
		}
		free(value);
		if (!good)
			return -1;
	}
	return 0;
}
