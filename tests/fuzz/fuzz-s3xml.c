/* fuzz-s3xml.c -- any bytes as a server's answer: its body as an error and as a page of a list or, when it
 * begins like one, its headers.  What is read keeps what the headers promise. */
#include "prelude.h"

#include "err.h"
#include "s3_http_header.h"
#include "s3_xml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool holds)
{
	if (!holds)
		abort();
}

static void
check_error(const char *text, size_t size)
{
	struct s3_error x;
	bool is_error;

	memset(&x, 'x', sizeof(x));
	is_error = s3_xml_error(text, size, &x);
	must(memchr(x.code, '\0', sizeof(x.code)) != NULL && memchr(x.message, '\0', sizeof(x.message)) != NULL &&
	    memchr(x.request_id, '\0', sizeof(x.request_id)) != NULL);
	must(is_error || (x.code[0] == '\0' && x.message[0] == '\0' && x.request_id[0] == '\0'));
}

static void
check_page(const char *text, size_t size)
{
	struct s3_page page;
	struct err e = { ERR_OK, "", "" };

	if (s3_xml_page(text, size, size % 2 == 0, &page, &e) < 0) {
		must(e.code == ERR_FAILED && e.text[0] != '\0');
		return;
	}
	must(!page.truncated || (page.token != NULL && *page.token != '\0'));
	must(page.n <= size / 8); /* "<Prefix>" and more for each */
	for (size_t i = 0; i < page.n; i++) {
		const struct s3_entry *entry = &page.entries[i];

		must(entry->key != NULL && *entry->key != '\0' && strlen(entry->key) <= size);
		must(entry->size <= INT64_MAX && (!entry->is_folder || entry->size == 0));
	}
	s3_page_release(&page);
}

static void
check_headers(const char *text, size_t size)
{
	struct s3_http_response r = { .status = 0 };

	for (const char *end = text + size, *next; text < end; text = next) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));

		next = newline != NULL ? newline + 1 : end;
		s3_http_header(&r, text, (size_t)(next - text));
		must(r.status < 1000 && r.date >= 0);
		must(!r.has_range || (r.first <= r.last && r.last < r.total));
		must(memchr(r.etag, '\0', sizeof(r.etag)) != NULL && memchr(r.region, '\0', sizeof(r.region)) != NULL);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;

	if (size >= 5 && memcmp(text, "HTTP/", 5) == 0) {
		check_headers(text, size);
		return 0;
	}
	check_error(text, size);
	check_page(text, size);
	return 0;
}
