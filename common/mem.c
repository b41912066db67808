/* mem.c -- small allocations that cannot fail (see prelude.h). */
#include "prelude.h"

static GPM_NORETURN void
out_of_memory(void)
{
	fputs("gpm: out of memory\n", stderr);
	exit(1);
}

void *
mem_alloc(size_t n)
{
	void *p = calloc(1, n > 0 ? n : 1);

	if (p == NULL)
		out_of_memory();
	return p;
}

void *
mem_array(size_t n, size_t size)
{
	void *p = calloc(n > 0 ? n : 1, size);

	if (p == NULL)
		out_of_memory();
	return p;
}

void *
mem_grow(void *old, size_t n)
{
	void *p = realloc(old, n > 0 ? n : 1);

	if (p == NULL)
		out_of_memory();
	return p;
}

char *
mem_str(const char *s)
{
	return s == NULL ? NULL : mem_strn(s, strlen(s));
}

char *
mem_strn(const char *s, size_t n)
{
	char *p = mem_alloc(n + 1);

	if (n > 0)
		memcpy(p, s, n);
	p[n] = '\0';
	return p;
}

char *
mem_printf(const char *fmt, ...)
{
	va_list ap;
	char *p;

	va_start(ap, fmt);
	if (vasprintf(&p, fmt, ap) < 0)
		out_of_memory();
	va_end(ap);
	return p;
}
