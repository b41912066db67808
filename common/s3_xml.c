/* s3_xml.c -- errors and list pages, by expat. */
#include "prelude.h"

#include <expat.h>

#include "buf.h"
#include "err.h"
#include "parse.h"
#include "s3_xml.h"

#define TEXT_MAX ((size_t)16384) /* of one element: a key of 1024 bytes, encoded and escaped */
#define DEPTH_MAX 16

struct reader {
	XML_Parser parser;
	char names[DEPTH_MAX][32]; /* of the open elements, cut */
	unsigned depth;
	struct buf text;           /* of the innermost */
	bool refused;
	/* called at the end of an element, with the name of the one around it ("" for none) */
	void (*element)(struct reader *, const char *parent, const char *name, const char *text);
	void *out;
};

static void
refuse(struct reader *r)
{
	r->refused = true;
	XML_StopParser(r->parser, XML_FALSE);
}

static void XMLCALL
on_doctype(void *ctx, const char *name, const char *system, const char *public, int internal)
{
	(void)name;
	(void)system;
	(void)public;
	(void)internal;
	refuse(ctx);
}

static void XMLCALL
on_start(void *ctx, const char *name, const char **attributes)
{
	struct reader *r = ctx;

	(void)attributes;
	if (r->depth == DEPTH_MAX) {
		refuse(r);
		return;
	}
	snprintf(r->names[r->depth++], sizeof(r->names[0]), "%s", name);
	buf_reset(&r->text);
}

static void XMLCALL
on_text(void *ctx, const char *text, int len)
{
	struct reader *r = ctx;
	struct err ignored;

	if (buf_add(&r->text, text, (size_t)len, &ignored) < 0)
		refuse(r);
}

static void XMLCALL
on_end(void *ctx, const char *name)
{
	struct reader *r = ctx;
	struct err ignored;
	const char *text = buf_str(&r->text, &ignored);

	(void)name;
	r->depth--;
	if (text == NULL)
		refuse(r);
	else
		r->element(r, r->depth > 0 ? r->names[r->depth - 1] : "", r->names[r->depth], text);
	buf_reset(&r->text);
}

/* Is it whole, and nothing but elements and text? */
static bool
read_xml(struct reader *r, const void *data, size_t len)
{
	bool fine;

	if (len > INT32_MAX || (r->parser = XML_ParserCreate(NULL)) == NULL)
		return false;
	buf_init(&r->text, TEXT_MAX);
	XML_SetUserData(r->parser, r);
	XML_SetElementHandler(r->parser, on_start, on_end);
	XML_SetCharacterDataHandler(r->parser, on_text);
	XML_SetStartDoctypeDeclHandler(r->parser, on_doctype);
	fine = XML_Parse(r->parser, data, (int)len, XML_TRUE) == XML_STATUS_OK && !r->refused;
	XML_ParserFree(r->parser);
	buf_release(&r->text);
	return fine;
}

/* --- errors --- */

struct error_reader {
	struct s3_error *out;
	bool found;
};

static void
error_element(struct reader *r, const char *parent, const char *name, const char *text)
{
	struct error_reader *er = r->out;

	if (*parent == '\0')
		er->found = strcmp(name, "Error") == 0;
	if (strcmp(parent, "Error") != 0)
		return;
	if (strcmp(name, "Code") == 0)
		snprintf(er->out->code, sizeof(er->out->code), "%s", text);
	else if (strcmp(name, "Message") == 0)
		snprintf(er->out->message, sizeof(er->out->message), "%s", text);
	else if (strcmp(name, "RequestId") == 0)
		snprintf(er->out->request_id, sizeof(er->out->request_id), "%s", text);
}

bool
s3_xml_error(const void *data, size_t len, struct s3_error *out)
{
	struct error_reader er = { .out = out };
	struct reader r = { .element = error_element, .out = &er };

	memset(out, 0, sizeof(*out));
	if (read_xml(&r, data, len) && er.found)
		return true;
	memset(out, 0, sizeof(*out));
	return false;
}

/* --- a page of a list --- */

struct page_reader {
	struct s3_page *page;
	char *key, *size;  /* of the entry at hand */
	bool second;       /* it is of ListObjectsV2 */
	bool is_list;      /* the root element */
	bool encoded;      /* the server did what encoding-type=url asks for */
	const char *broken;
};

static void
keep(char **out, const char *text)
{
	free(*out);
	*out = mem_str(text);
}

/* Takes *KEY. */
static void
add_entry(struct page_reader *pr, char **key, const char *size, bool is_folder)
{
	struct s3_page *page = pr->page;
	struct s3_entry entry = { .is_folder = is_folder };
	struct err ignored;

	if (*key == NULL || **key == '\0') {
		pr->broken = "an entry without a key";
		return;
	}
	if (!is_folder && (size == NULL || parse_u64(size, 0, INT64_MAX, &entry.size, &ignored) < 0)) {
		pr->broken = "an entry without a size";
		return;
	}
	if (page->n == page->room) {
		page->room = page->room > 0 ? 2 * page->room : 64;
		page->entries = mem_grow(page->entries, page->room * sizeof(*page->entries));
	}
	entry.key = *key;
	*key = NULL;
	page->entries[page->n++] = entry;
}

static void
page_element(struct reader *r, const char *parent, const char *name, const char *text)
{
	struct page_reader *pr = r->out;
	bool top = strcmp(parent, "ListBucketResult") == 0, contents = strcmp(parent, "Contents") == 0;

	if (*parent == '\0') {
		pr->is_list = strcmp(name, "ListBucketResult") == 0;
	} else if (contents && strcmp(name, "Key") == 0) {
		keep(&pr->key, text);
	} else if (contents && strcmp(name, "Size") == 0) {
		keep(&pr->size, text);
	} else if (top && strcmp(name, "Contents") == 0) {
		add_entry(pr, &pr->key, pr->size, false);
		free(pr->size);
		pr->size = NULL;
	} else if (strcmp(parent, "CommonPrefixes") == 0 && strcmp(name, "Prefix") == 0) {
		keep(&pr->key, text);
		add_entry(pr, &pr->key, NULL, true);
	} else if (top && strcmp(name, "IsTruncated") == 0) {
		pr->page->truncated = strcmp(text, "true") == 0;
	} else if (top && strcmp(name, pr->second ? "NextContinuationToken" : "NextMarker") == 0 && *text != '\0') {
		keep(&pr->page->token, text);
	} else if (top && strcmp(name, "EncodingType") == 0) {
		pr->encoded = strcmp(text, "url") == 0;
	}
}

static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* In place; servers write a space as %20 or as '+', and always '+' as %2B. */
static bool
decode(char *key)
{
	char *to = key;

	for (const char *c = key; *c != '\0'; c++) {
		if (*c == '%') {
			int high = hex_value(c[1]), low = high < 0 ? -1 : hex_value(c[2]);

			if (low < 0 || (high == 0 && low == 0))
				return false;
			*to++ = (char)(high << 4 | low);
			c += 2;
		} else {
			*to++ = *c == '+' ? ' ' : *c;
		}
	}
	*to = '\0';
	return true;
}

/* Where the next page of the first ListObjects begins: servers may leave it to the client to see. */
static char *
last_key(const struct s3_page *page)
{
	const char *last = "";

	for (size_t i = 0; i < page->n; i++)
		if (strcmp(page->entries[i].key, last) > 0)
			last = page->entries[i].key;
	return *last != '\0' ? mem_str(last) : NULL;
}

int
s3_xml_page(const void *data, size_t len, bool second, struct s3_page *out, struct err *e)
{
	struct page_reader pr = { .page = out, .second = second };
	struct reader r = { .element = page_element, .out = &pr };

	memset(out, 0, sizeof(*out));
	if (!read_xml(&r, data, len) || !pr.is_list)
		pr.broken = "it is no ListBucketResult";
	for (size_t i = 0; pr.broken == NULL && pr.encoded && i < out->n; i++)
		if (!decode(out->entries[i].key))
			pr.broken = "a key that cannot be decoded";
	if (pr.broken == NULL && !second && pr.encoded && out->token != NULL && !decode(out->token))
		pr.broken = "a key that cannot be decoded";
	if (pr.broken == NULL && !second && out->truncated && out->token == NULL)
		out->token = last_key(out);
	if (pr.broken == NULL && out->truncated && out->token == NULL)
		pr.broken = "a next page is announced without a token for it";
	free(pr.key);
	free(pr.size);
	if (pr.broken == NULL)
		return 0;
	s3_page_release(out);
	return err_set(e, ERR_FAILED, "the server's answer is no list: %s", pr.broken);
}

void
s3_page_release(struct s3_page *page)
{
	for (size_t i = 0; i < page->n; i++)
		free(page->entries[i].key);
	free(page->entries);
	free(page->token);
	memset(page, 0, sizeof(*page));
}
