/* fuzz-floats.c -- any field: floats.c says what naive_floats.h says, and says it again of its own
 * answer. */
#include "prelude.h"

#include "floats.h"
#include "naive_floats.h"

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size);

static void
must(bool holds)
{
	if (!holds)
		abort();
}

/* FIELD lies at the start of ROOM bytes. */
static void
check(const char *field, size_t len, size_t room, int kind)
{
	char *want = malloc(FLOATS_MAX(len)), *once = malloc(FLOATS_MAX(len)), *twice;
	size_t n = naive_canonical(field, len, kind, want);

	must((size_t)(floats_canonical(once, field, len, room, kind) - once) == n);
	must(memcmp(once, want, n) == 0);
	twice = malloc(FLOATS_MAX(n));
	must((size_t)(floats_canonical(twice, once, n, n, kind) - twice) == n);
	must(memcmp(twice, want, n) == 0);
	free(twice);
	free(once);
	free(want);
}

int
LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
	/* Copies without a NUL behind them, so that a read past the end is seen. */
	char *field = malloc(size > 0 ? size : 1), *roomy = malloc(size + 100);

	memset(roomy, '5', size + 100);
	memcpy(field, input, size);
	memcpy(roomy, input, size);
	for (int kind = 4; kind <= 8; kind += 4) {
		check(field, size, size, kind);
		check(roomy, size, size + 100, kind);
	}
	free(roomy);
	free(field);
	return 0;
}
