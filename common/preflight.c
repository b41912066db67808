/* preflight.c -- a list of checks, a line each on stdout. */
#include "prelude.h"

#include "err.h"
#include "preflight.h"

struct preflight {
	unsigned failed;
};

struct preflight *
preflight_new(void)
{
	return mem_alloc(sizeof(struct preflight));
}

void
preflight_free(struct preflight *p)
{
	free(p);
}

GPM_PRINTF(2, 0) static void
line(const char *state, const char *fmt, va_list ap)
{
	printf("%-8s ", state);
	vprintf(fmt, ap);
	putchar('\n');
}

void
preflight_ok(struct preflight *p, const char *fmt, ...)
{
	va_list ap;

	(void)p; /* nothing to remember */
	va_start(ap, fmt);
	line("ok", fmt, ap);
	va_end(ap);
}

void
preflight_warn(struct preflight *p, const char *fmt, ...)
{
	va_list ap;

	(void)p; /* nothing to remember */
	va_start(ap, fmt);
	line("warning", fmt, ap);
	va_end(ap);
}

void
preflight_fail(struct preflight *p, const struct err *e)
{
	p->failed++;
	printf("%-8s %s\n", "FAILED", e->text);
	if (e->hint[0] != '\0')
		printf("%-8s %s\n", "", e->hint);
}

int
preflight_end(struct preflight *p, struct err *e)
{
	unsigned failed = p->failed;

	preflight_free(p);
	if (fflush(stdout) != 0)
		return err_sys(e, "cannot write the list");
	if (failed > 0)
		return err_set(e, ERR_FAILED, "preflight: %u checks failed, named above", failed);
	return 0;
}
