/* gpfdist_token.c -- the first part of a location's path, which nobody can guess. */
#include "prelude.h"

#include <sys/random.h>

#include "err.h"
#include "gpfdist_token.h"
#include "parse.h"

int
gpfdist_token_make(char out[GPFDIST_TOKEN_LEN], struct err *e)
{
	unsigned char random[GPFDIST_TOKEN_BYTES];

	if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return err_sys(e, "no random numbers to be had");
	format_hex(random, sizeof(random), out);
	return 0;
}

bool
gpfdist_token_leads(const char *token, const char *path)
{
	size_t len = strlen(token);

	return path[0] == '/' && strncmp(path + 1, token, len) == 0 &&
	    (path[1 + len] == '\0' || path[1 + len] == '/');
}

void
gpfdist_token_hide(char *text)
{
	static const char digits[] = "0123456789abcdef";

	for (char *p = text; (p = strchr(p, '/')) != NULL;) {
		size_t n = strspn(++p, digits);

		if (n == GPFDIST_TOKEN_LEN - 1)
			memset(p, '*', n);
	}
}
