/* fuzz-record.c -- any bytes as a line: what record_read takes is written, read back and written again
 * as the same bytes. */
#include "prelude.h"

#include "err.h"
#include "record.h"

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size);

static void
must(bool holds)
{
	if (!holds)
		abort();
}

/* The record in LINE to OUT; false when there is none. */
static bool
rewrite(const char *line, size_t len, struct buf *out)
{
	struct record r;
	struct err e = { ERR_OK, "", "" };

	if (record_read(line, len, &r, &e) < 0) {
		must(e.code != ERR_OK && e.text[0] != '\0');
		return false;
	}
	must(r.type < REC_COUNT);
	must(record_write(r.type, &r.u, out, &e) == 0);
	record_release(&r);
	must(memchr(out->data, '\n', out->len) == NULL);
	return true;
}

int
LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
	struct buf once, twice;

	buf_init(&once, RECORD_LINE_LIMIT);
	buf_init(&twice, RECORD_LINE_LIMIT);
	if (rewrite((const char *)input, size, &once)) {
		must(rewrite(once.data, once.len, &twice));
		must(once.len == twice.len && memcmp(once.data, twice.data, once.len) == 0);
	}
	buf_release(&once);
	buf_release(&twice);
	return 0;
}
