/* tap.h -- the Test Anything Protocol for tests in C.
 *
 *   int main(void) { ok(1 + 1 == 2, "sum"); is_u64(f(), 3, "f"); return tap_done(); }
 */
#ifndef GPM_TAP_H
#define GPM_TAP_H

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static int tap_count, tap_failed;

__attribute__((format(printf, 2, 3), unused)) static int
ok(int passed, const char *fmt, ...)
{
	va_list ap;

	printf("%sok %d - ", passed ? "" : "not ", ++tap_count);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	fflush(stdout);
	if (!passed)
		tap_failed++;
	return passed;
}

__attribute__((unused)) static int
is_u64(uint64_t got, uint64_t want, const char *name)
{
	if (!ok(got == want, "%s", name))
		printf("#   got %llu, want %llu\n", (unsigned long long)got, (unsigned long long)want);
	return got == want;
}

__attribute__((unused)) static int
is_str(const char *got, const char *want, const char *name)
{
	int same = got != NULL && want != NULL ? strcmp(got, want) == 0 : got == want;

	if (!ok(same, "%s", name))
		printf("#   got  '%s'\n#   want '%s'\n", got ? got : "(null)", want ? want : "(null)");
	return same;
}

__attribute__((unused)) static int
has_str(const char *got, const char *part, const char *name)
{
	int has = got != NULL && strstr(got, part) != NULL;

	if (!ok(has, "%s", name))
		printf("#   got  '%s'\n#   want it to hold '%s'\n", got ? got : "(null)", part);
	return has;
}

__attribute__((unused)) static int
tap_done(void)
{
	printf("1..%d\n", tap_count);
	return tap_failed > 0;
}

#endif
