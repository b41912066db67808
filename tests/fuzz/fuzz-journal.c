/* fuzz-journal.c -- any bytes as a journal: journal_read hands on the lines with a good check up to the
 * first that has none, and none at all when a good one follows a bad one.
 *
 * The first byte's bit 0: every line that ends with '}' gets the check that belongs to it, so that the
 * fuzzer comes past the hash.  The rest is the file. */
#include "prelude.h"

#include <sys/mman.h>
#include <unistd.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "err.h"
#include "journal.h"

#define RUN "20261120T231816Z-9f3a1c"

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size);

static void
must(bool holds)
{
	if (!holds)
		abort();
}

/* The rule of FORMAT.md once more. */
static bool
is_good(const char *line, size_t len)
{
	char want[64];
	size_t n = len < 28 ? 0 : len - 28;

	snprintf(want, sizeof(want), ",\"check\":\"%016llx\"}", (unsigned long long)XXH3_64bits(line, n));
	return n > 0 && memcmp(line + n, want, 28) == 0;
}

struct seen {
	const char *data;
	size_t len;
	size_t behind;   /* the line before it */
	size_t count;
};

static int
on_record(void *ctx, struct record *r, struct journal_place place, struct err *e)
{
	struct seen *s = ctx;

	(void)e;
	must(r->type < REC_COUNT);
	must(place.offset < s->len && place.len < s->len - place.offset &&
	    s->data[place.offset + place.len] == '\n');
	must(is_good(s->data + place.offset, place.len));
	must(s->behind == 0 || s->behind == place.offset);
	s->behind = place.offset + place.len + 1;
	s->count++;
	return 0;
}

static void
give_checks(const char *data, size_t size, struct buf *out)
{
	while (size > 0) {
		const char *newline = memchr(data, '\n', size);
		size_t n = newline != NULL ? (size_t)(newline - data) : size;

		if (n > 1 && data[n - 1] == '}') {
			text_add(out, data, n - 1);
			text_printf(out, ",\"check\":\"%016llx\"}", (unsigned long long)XXH3_64bits(data,
			    n - 1));
		} else {
			text_add(out, data, n);
		}
		if (newline != NULL)
			text_add(out, "\n", 1);
		data += n + (newline != NULL);
		size -= n + (newline != NULL);
	}
}

/* How many good lines there are before the first bad one; *TORN when a good one comes after it. */
static size_t
count_good(const char *data, size_t len, size_t *end, bool *torn)
{
	size_t good = 0;
	bool bad = false;

	*end = 0;
	*torn = false;
	for (size_t at = 0, next; at < len; at = next) {
		const char *newline = memchr(data + at, '\n', len - at);

		next = newline != NULL ? (size_t)(newline - data) + 1 : len;
		if (newline == NULL || !is_good(data + at, next - at - 1)) {
			bad = true;
		} else if (bad) {
			*torn = true;
		} else {
			good++;
			*end = next;
		}
	}
	return good;
}

static void
check(const char *data, size_t len)
{
	struct seen seen = { data, len, 0, 0 };
	struct err e = { ERR_OK, "", "" };
	uint64_t offset = 0;
	size_t end, good;
	bool torn;
	char path[64];
	int fd = memfd_create("journal", 0);
	int rc;

	must(fd >= 0 && write(fd, data, len) == (ssize_t)len);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	good = count_good(data, len, &end, &torn);
	rc = journal_read(path, "gpm-push-journal", RUN, &offset, on_record, &seen, &e);
	close(fd);
	must(rc == 1 || (rc == -1 && e.code != ERR_OK && offset == 0));
	must(!torn || rc == -1);
	must(rc == -1 || offset == end);
	must(rc == -1 || seen.count == (good > 0 ? good - 1 : 0));
}

int
LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
	struct buf b;

	if (size == 0)
		return 0;
	text_init(&b);
	if ((input[0] & 1) != 0)
		give_checks((const char *)input + 1, size - 1, &b);
	else
		text_add(&b, input + 1, size - 1);
	check(b.data != NULL ? b.data : "", b.len);
	buf_release(&b);
	return 0;
}
