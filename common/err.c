/* err.c -- the one error value. */
#include "prelude.h"

#include <errno.h>

#include "err.h"
#include "log.h"
#include "stop.h"

static const struct {
	const char *name;
	int exit_status;
	bool transient;
	const char *meaning;
} kinds[] = {
#define ERR(name, exit_status, transient, meaning) { #name, exit_status, transient, meaning },
#include "err.def"
#undef ERR
};

int
err_set(struct err *e, enum err_code code, const char *fmt, ...)
{
	va_list ap;

	e->code = code;
	e->hint[0] = '\0';
	va_start(ap, fmt);
	vsnprintf(e->text, sizeof(e->text), fmt, ap);
	va_end(ap);
	return -1;
}

int
err_sys(struct err *e, const char *fmt, ...)
{
	int number = errno;
	char reason[128];
	va_list ap;
	size_t n;

	e->code = ERR_SYSTEM;
	e->hint[0] = '\0';
	va_start(ap, fmt);
	vsnprintf(e->text, sizeof(e->text), fmt, ap);
	va_end(ap);
	n = strlen(e->text);
	snprintf(e->text + n, sizeof(e->text) - n, ": %s",
	    strerror_r(number, reason, sizeof(reason)));
	return -1;
}

int
err_context(struct err *e, const char *fmt, ...)
{
	char text[sizeof(e->text)];
	char before[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(before, sizeof(before), fmt, ap);
	va_end(ap);
	memcpy(text, e->text, sizeof(text));
	snprintf(e->text, sizeof(e->text), "%s: %.*s", before,
	    (int)(sizeof(e->text) - sizeof(before) - 3), text);
	return -1;
}

int
err_hint(struct err *e, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(e->hint, sizeof(e->hint), fmt, ap);
	va_end(ap);
	return -1;
}

void
err_clear(struct err *e)
{
	e->code = ERR_OK;
	e->text[0] = '\0';
	e->hint[0] = '\0';
}

const char *
err_name(enum err_code code)
{
	return kinds[code].name;
}

const char *
err_meaning(enum err_code code)
{
	return kinds[code].meaning;
}

bool
err_is_transient(const struct err *e)
{
	return kinds[e->code].transient;
}

int
err_exit(enum err_code code)
{
	return code == ERR_STOPPED ? 128 + stop_signal() : kinds[code].exit_status;
}

/* How bad an exit status is: the later in this list, the worse. */
static int
badness(enum err_code code)
{
	static const int order[] = { 0, 7, 5, 6, 3, 1, 2, 4, 128 };
	int worst = 0;

	for (size_t i = 0; i < GPM_ARRAY_LEN(order); i++)
		if (order[i] == kinds[code].exit_status)
			worst = (int)i;
	return worst;
}

enum err_code
err_worse(enum err_code a, enum err_code b)
{
	return badness(b) > badness(a) ? b : a;
}

void
err_print(const struct err *e)
{
	if (e->text[0] == '\0')
		return;
	log_error("%s", e->text);
	if (e->hint[0] != '\0')
		log_hint("%s", e->hint);
}

void
err_gather(struct err *worst, const struct err *e)
{
	if (worst->code == ERR_OK) {
		*worst = *e;
	} else if (err_worse(worst->code, e->code) == worst->code) {
		err_print(e);
	} else {
		err_print(worst);
		*worst = *e;
	}
}
