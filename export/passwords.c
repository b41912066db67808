/* passwords.c -- passwords out of the SQL of roles. */
#include "prelude.h"

#include "err.h"
#include "passwords.h"
#include "sqllex.h"

/* Where the password that the word at P says ends: behind the string that follows it; NULL: no string follows. */
static const char *
password_end(const char *p, const char *end)
{
	struct sql_token t;

	if (sqllex_at(p, end, &t) < 0 || !sqllex_word(&t, "PASSWORD"))
		return NULL;
	p += t.len;
	/* U&'…' is an OTHER, and begins with that letter */
	if (!sqllex_next(&p, end, &t) || (t.kind != SQL_STRING && !(t.kind == SQL_OTHER && (t.text[0] == 'U' || t.text[0] == 'u'))))
		return NULL;
	return p;
}

int
passwords_remove(const char *text, size_t len, struct buf *out, struct err *e)
{
	const char *p = text, *end = text + len, *after;
	struct sql_token t;

	while (p < end) {
		if (sqllex_at(p, end, &t) < 0)
			return err_set(e, ERR_FAILED, "the SQL of the roles ends inside quotes or a comment");
		if ((after = password_end(p, end)) != NULL) {
			p = after;
			continue;
		}
		if (buf_add(out, p, t.len, e) < 0)
			return -1;
		p += t.len;
	}
	return 0;
}
