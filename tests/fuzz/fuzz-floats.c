/* fuzz-floats.c -- any field: floats.c says what naive_floats.h says, and says it again of its own
 * answer. */
#include "prelude.h"

#include "err.h"
#include "floats.h"
#include "naive_floats.h"

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size);

static void
must(bool holds)
{
	if (!holds)
		abort();
}

static void
check(const char *field, size_t len, int kind)
{
	char *want = malloc(3 * len + 64);
	size_t n = naive_canonical(field, len, kind, want);
	struct buf once, twice;
	struct err e;

	buf_init(&once, 3 * len + 64);
	buf_init(&twice, 3 * len + 64);
	must(floats_canonical(field, len, kind, &once, &e) == 0);
	must(once.len == n && (n == 0 || memcmp(once.data, want, n) == 0));
	must(floats_canonical(n > 0 ? once.data : "", n, kind, &twice, &e) == 0);
	must(twice.len == n && (n == 0 || memcmp(twice.data, want, n) == 0));
	buf_release(&once);
	buf_release(&twice);
	free(want);
}

int
LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
	/* A copy without a NUL behind it, so that a read past the end is seen. */
	char *field = malloc(size > 0 ? size : 1);

	memcpy(field, input, size);
	check(field, size, 4);
	check(field, size, 8);
	free(field);
	return 0;
}
