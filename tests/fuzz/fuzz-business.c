/* fuzz-business.c -- any bytes as a file of business checks, the first of them for which: what a user wrote, or what a run holds.  It is
 * refused with a reason, or every check is one; what a run holds comes back the same when it is written again. */
#include "prelude.h"

#include "business.h"
#include "err.h"

#define LIMIT ((size_t)1 << 24)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool holds)
{
	if (!holds)
		abort();
}

static void
check(const struct business *b)
{
	for (size_t i = 0; i < b->len; i++) {
		must(b->at[i].name[0] != '\0' && b->at[i].sql != NULL);
		must(business_find(b, b->at[i].name) == &b->at[i]);
	}
}

static void
check_again(const struct business *b)
{
	struct business again;
	struct buf text;
	struct err e;

	buf_init(&text, LIMIT);
	must(business_write(b, &text, &e) == 0 && business_load(text.data, text.len, &again, &e) == 0 && again.len == b->len);
	for (size_t i = 0; i < b->len; i++) {
		must(strcmp(b->at[i].name, again.at[i].name) == 0 && strcmp(b->at[i].sql, again.at[i].sql) == 0);
		must(json_equal(b->at[i].columns, again.at[i].columns) && json_equal(b->at[i].rows, again.at[i].rows));
	}
	business_release(&again);
	buf_release(&text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bool kept = size > 0 && data[0] % 2 == 1;
	const char *text = size > 1 ? (const char *)data + 1 : "";
	struct err e = { ERR_OK, "", "" };
	struct business b;
	int rc = kept ? business_load(text, size > 1 ? size - 1 : 0, &b, &e) : business_parse(text, size > 1 ? size - 1 : 0, &b, &e);

	if (rc == 0) {
		check(&b);
		if (kept)
			check_again(&b);
		business_release(&b);
	} else {
		must(rc == -1 && e.code == (kept ? ERR_DIFFERS : ERR_USAGE) && e.text[0] != '\0' && b.len == 0);
	}
	return 0;
}
