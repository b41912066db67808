/* gpfdist_headers.c -- what the headers of a segment's POST or GET say. */
#include "prelude.h"

#include <ctype.h>
#include <strings.h>

#include "err.h"
#include "gpfdist_headers.h"
#include "parse.h"

#define SEGMENT_MAX 32767 /* content ids are smallint */

static const char *const header_names[] = {
#define X(name, text) [GPFDIST_##name] = text,
	GPFDIST_HEADER_LIST
#undef X
};

void
gpfdist_headers_add(struct gpfdist_headers *h, const char *name, const char *value)
{
	for (size_t i = 0; i < GPFDIST_HEADER_COUNT; i++) {
		if (strcasecmp(name, header_names[i]) != 0)
			continue;
		h->twice |= h->value[i] != NULL;
		h->value[i] = value;
	}
}

static unsigned
refuse(struct err *e, unsigned status, const char *why)
{
	err_set(e, ERR_FAILED, "%s", why);
	return status;
}

/* A number up to MAX; what is wrong is not to be repeated, so parse_u64's text is not used. */
static bool
read_number(const char *text, uint64_t max, uint64_t *out)
{
	struct err ignored;

	return parse_u64(text, 0, max, out, &ignored) == 0;
}

/* Letters, digits and '-': XIDs are "<seconds>-<number>", the others hex numbers. */
static bool
is_word(const char *text)
{
	size_t len = strlen(text);

	for (size_t i = 0; i < len; i++)
		if (!isascii(text[i]) || (!isalnum(text[i]) && text[i] != '-'))
			return false;
	return len > 0 && len <= (GPFDIST_STATEMENT_LEN - 3) / 3;
}

bool
gpfdist_headers_length(const struct gpfdist_headers *h, uint64_t *length)
{
	const char *text = h->value[GPFDIST_LENGTH];

	return text != NULL && h->value[GPFDIST_ENCODING] == NULL && !h->twice && read_number(text, INT64_MAX, length);
}

static unsigned
read_length(const struct gpfdist_headers *h, struct gpfdist_post *post, struct err *e)
{
	if (h->twice)
		return refuse(e, 400, "a header came twice");
	if (h->value[GPFDIST_LENGTH] == NULL || h->value[GPFDIST_ENCODING] != NULL)
		return refuse(e, 411, "Content-Length is needed, and no Transfer-Encoding");
	if (!gpfdist_headers_length(h, &post->length))
		return refuse(e, 400, "Content-Length is no number");
	return 0;
}

/* Whether those that are NEEDED came, and X-GP-PROTO is PROTO. */
static unsigned
check_needed(const struct gpfdist_headers *h, const enum gpfdist_header *needed, size_t n, const char *proto, struct err *e)
{
	for (size_t i = 0; i < n; i++) {
		if (h->value[needed[i]] != NULL)
			continue;
		err_set(e, ERR_FAILED, "%s is missing: no segment of Greenplum 5 or later", header_names[needed[i]]);
		return 400;
	}
	if (strcmp(h->value[GPFDIST_PROTO], proto) == 0)
		return 0;
	err_set(e, ERR_FAILED, "X-GP-PROTO is not %s, that of rows that are %s", proto, *proto == '0' ? "written" : "read");
	return 400;
}

static unsigned
read_statement(const struct gpfdist_headers *h, char out[GPFDIST_STATEMENT_LEN], struct err *e)
{
	const char *const *v = h->value;

	if (!is_word(v[GPFDIST_XID]) || !is_word(v[GPFDIST_CID]) || !is_word(v[GPFDIST_SN]))
		return refuse(e, 400, "X-GP-XID, X-GP-CID or X-GP-SN is not what a segment sends");
	snprintf(out, GPFDIST_STATEMENT_LEN, "%s/%s/%s", v[GPFDIST_XID], v[GPFDIST_CID], v[GPFDIST_SN]);
	return 0;
}

static unsigned
read_segment(const struct gpfdist_headers *h, int *out, struct err *e)
{
	uint64_t segment = 0;

	if (strcmp(h->value[GPFDIST_SEGMENT], "-1") == 0)
		*out = -1;
	else if (read_number(h->value[GPFDIST_SEGMENT], SEGMENT_MAX, &segment))
		*out = (int)segment;
	else
		return refuse(e, 400, "X-GP-SEGMENT-ID is no content id");
	return 0;
}

static unsigned
read_order(const struct gpfdist_headers *h, struct gpfdist_post *post, struct err *e)
{
	const char *done = h->value[GPFDIST_DONE];

	if (!read_number(h->value[GPFDIST_SEQ], INT64_MAX, &post->seq) || post->seq == 0)
		return refuse(e, 400, "X-GP-SEQ is no sequence number");
	if (done != NULL && strcmp(done, "1") != 0)
		return refuse(e, 400, "X-GP-DONE is not 1");
	post->done = done != NULL;
	return 0;
}

unsigned
gpfdist_headers_read(const struct gpfdist_headers *h, struct gpfdist_post *post, struct err *e)
{
	static const enum gpfdist_header needed[] = { GPFDIST_XID, GPFDIST_CID, GPFDIST_SN, GPFDIST_SEGMENT,
		GPFDIST_SEQ, GPFDIST_PROTO };
	unsigned status = read_length(h, post, e);

	if (status != 0)
		return status;
	if ((status = check_needed(h, needed, GPM_ARRAY_LEN(needed), "0", e)) != 0 ||
	    (status = read_statement(h, post->statement, e)) != 0 || (status = read_segment(h, &post->segment, e)) != 0 ||
	    (status = read_order(h, post, e)) != 0)
		return status;
	if (post->length > 0 && (post->done || post->seq == 1))
		return refuse(e, 400, "rows in the request that opens or ends");
	return 0;
}

/* --- GET ------------------------------------------------------------------------------------- */

/* The number behind LETTER in "m1x 34q 34n0h0". */
static bool
csv_option(const char *text, char letter, unsigned max, unsigned *out)
{
	const char *at = strchr(text, letter), *end;

	if (at == NULL)
		return false;
	at += 1 + strspn(at + 1, " ");
	*out = 0;
	for (end = at; *end >= '0' && *end <= '9' && *out <= max; end++)
		*out = 10 * *out + (unsigned)(*end - '0');
	return end > at && *out <= max;
}

/* What the table's FORMAT clause says of its rows, as far as segments tell it. */
static unsigned
read_format(const struct gpfdist_headers *h, struct gpfdist_get *get, struct err *e)
{
	const char *text = h->value[GPFDIST_CSVOPT];
	unsigned csv, escape, quote, newline, header;

	if (!csv_option(text, 'm', 1, &csv) || !csv_option(text, 'x', 255, &escape) || !csv_option(text, 'q', 255, &quote) ||
	    !csv_option(text, 'n', 3, &newline) || !csv_option(text, 'h', 1, &header))
		return refuse(e, 400, "X-GP-CSVOPT is not what a segment sends");
	get->unfit = NULL;
	if (csv == 0 || quote != '"' || escape != '"')
		get->unfit = "these rows are FORMAT 'csv' (DELIMITER ',' NULL '' QUOTE '\"' ESCAPE '\"')";
	else if (header == 1)
		get->unfit = "these rows have no HEADER";
	else if (newline > 1)
		get->unfit = "these rows end with NEWLINE 'LF'";
	return 0;
}

unsigned
gpfdist_headers_read_get(const struct gpfdist_headers *h, struct gpfdist_get *get, struct err *e)
{
	static const enum gpfdist_header needed[] = { GPFDIST_XID, GPFDIST_CID, GPFDIST_SN, GPFDIST_SEGMENT, GPFDIST_PROTO,
		GPFDIST_CSVOPT };
	uint64_t length = 0, count = 0;
	unsigned status;

	if (h->twice)
		return refuse(e, 400, "a header came twice");
	if (h->value[GPFDIST_ENCODING] != NULL ||
	    (h->value[GPFDIST_LENGTH] != NULL && (!gpfdist_headers_length(h, &length) || length > 0)))
		return refuse(e, 400, "a GET has no body");
	if ((status = check_needed(h, needed, GPM_ARRAY_LEN(needed), "1", e)) != 0 ||
	    (status = read_statement(h, get->statement, e)) != 0 || (status = read_segment(h, &get->segment, e)) != 0)
		return status;
	if (h->value[GPFDIST_COUNT] != NULL && !read_number(h->value[GPFDIST_COUNT], SEGMENT_MAX, &count))
		return refuse(e, 400, "X-GP-SEGMENT-COUNT is no number of segments");
	get->segments = (unsigned)count;
	return read_format(h, get, e);
}
