/* Goal of this test: statements are done together while that succeeds, one by one when it does not, each once and in
 * order. */
#include "prelude.h"

#include "batch.h"
#include "err.h"
#include "tap.h"

static struct {
	unsigned bad;       /* the statement that fails; 0: none */
	bool all_bad;
	bool broken;        /* everything ends with -1 */
	unsigned last;      /* the number that was done last */
	unsigned together, alone, in_vain;
	bool disorder;
} seen;

static void
done(const struct sql_statement *s)
{
	char text[16];

	snprintf(text, sizeof(text), "s%llu", (unsigned long long)s->number);
	seen.disorder = seen.disorder || s->number != seen.last + 1 || strcmp(s->text, text) != 0;
	seen.last = (unsigned)s->number;
}

static int
together(void *ctx, const struct sql_statement *at, size_t n, struct err *e)
{
	(void)ctx;
	if (seen.broken)
		return err_set(e, ERR_TEMPORARY, "gone");
	for (size_t i = 0; i < n; i++) {
		if (seen.all_bad || at[i].number == seen.bad) {
			seen.in_vain++;
			return 0;
		}
	}
	for (size_t i = 0; i < n; i++)
		done(&at[i]);
	seen.together++;
	return 1;
}

static int
alone(void *ctx, const struct sql_statement *s, struct err *e)
{
	(void)ctx;
	if (seen.broken)
		return err_set(e, ERR_TEMPORARY, "gone");
	done(s);
	seen.alone++;
	return 0;
}

/* N statements whose text is gone as soon as they were added. */
static int
add(struct batch *b, unsigned from, unsigned n, struct err *e)
{
	int rc = 0;

	for (unsigned i = from; rc == 0 && i < from + n; i++) {
		char text[16];
		struct sql_statement s = { .text = text, .number = i };

		s.len = (size_t)snprintf(text, sizeof(text), "s%u", i);
		rc = batch_add(b, &s, e);
	}
	return rc;
}

int
main(void)
{
	struct batch *b = batch_new(together, alone, NULL);
	struct err e;

	ok(batch_run(b, &e) == 0 && seen.last == 0, "nothing to do");
	ok(add(b, 1, 1, &e) == 0 && seen.last == 0, "one waits");
	ok(batch_run(b, &e) == 0 && seen.last == 1 && seen.alone == 1 && seen.together == 0, "and is done alone");
	ok(add(b, 2, 63, &e) == 0 && seen.last == 1, "63 wait");
	ok(add(b, 65, 1, &e) == 0 && seen.last == 65 && seen.together == 1, "64 are enough");
	seen.bad = 100;
	ok(add(b, 66, 63, &e) == 0 && batch_run(b, &e) == 0 && seen.last == 128, "a bad one among others");
	ok(seen.in_vain == 1 && seen.alone == 64, "has all of them done one by one");
	seen.together = 0;
	ok(add(b, 129, 16, &e) == 0 && seen.together == 1 && seen.last == 144, "then fewer are tried together");
	ok(add(b, 145, 32, &e) == 0 && seen.together == 2 && seen.last == 176, "and more again");
	ok(add(b, 177, 64, &e) == 0 && seen.together == 3 && seen.last == 240, "up to as many as before");
	seen.all_bad = true;
	ok(add(b, 241, 259, &e) == 0 && batch_run(b, &e) == 0 && seen.in_vain > 1 && seen.last == 499,
	    "where all fail nothing is lost");
	ok(!seen.disorder, "each was done once, and in order");
	seen.broken = true;
	ok(add(b, seen.last + 1, 64, &e) == -1 && e.code == ERR_TEMPORARY, "what ends it, ends it");
	batch_free(b);
	b = batch_new(together, alone, NULL);
	ok(add(b, 1, 3, &e) == 0, "what waits");
	batch_free(b);
	batch_free(NULL);
	return tap_done();
}
