/* s3_http_header.c -- the headers of an answer, one line after another. */
#include "prelude.h"

#include <strings.h>

#include <curl/curl.h>

#include "err.h"
#include "parse.h"
#include "s3_http_header.h"

static bool
read_number(const char *text, size_t len, uint64_t *out)
{
	char *number = mem_strn(text, len);
	struct err ignored;
	int rc = parse_u64(number, 0, INT64_MAX, out, &ignored);

	free(number);
	return rc == 0;
}

/* "bytes 3-6/10"; the total may be a star; where a range was asked for that is not in the object the
 * first part is a star. */
static void
read_range(struct s3_http_response *r, const char *value)
{
	const char *dash, *slash;

	if (strncmp(value, "bytes ", 6) != 0)
		return;
	value += 6;
	if ((slash = strchr(value, '/')) == NULL)
		return;
	if (!read_number(slash + 1, strlen(slash + 1), &r->total))
		r->total = UINT64_MAX;
	dash = memchr(value, '-', (size_t)(slash - value));
	r->has_range = dash != NULL && read_number(value, (size_t)(dash - value), &r->first) &&
	    read_number(dash + 1, (size_t)(slash - dash) - 1, &r->last) && r->first <= r->last &&
	    r->last < r->total;
}

/* Of the status line "HTTP/1.1 206 Partial Content". */
static void
read_status(struct s3_http_response *r, const char *line)
{
	struct buf body = r->body;
	const char *space = strchr(line, ' ');
	uint64_t status;

	memset(r, 0, sizeof(*r));
	r->body = body;
	r->total = UINT64_MAX;
	if (space != NULL && read_number(space + 1, strspn(space + 1, "0123456789"), &status) && status < 1000)
		r->status = (unsigned)status;
}

/* Seconds, or a date by the server's clock. */
static void
read_retry_after(struct s3_http_response *r, const char *value)
{
	time_t when, now = r->date != 0 ? r->date : time(NULL);

	if (read_number(value, strlen(value), &r->retry_after))
		return;
	when = curl_getdate(value, NULL);
	r->retry_after = when > now ? (uint64_t)(when - now) : 0;
}

static void
read_header(struct s3_http_response *r, const char *name, const char *value)
{
	static const struct {
		const char *name;
		size_t at, size;
	} texts[] = {
#define TEXT(name, field) { name, offsetof(struct s3_http_response, field), sizeof(((struct s3_http_response *)0)->field) }
		TEXT("etag", etag),
		TEXT("x-amz-request-id", request_id),
		TEXT("x-oss-request-id", request_id),
		TEXT("x-amz-server-side-encryption", encryption),
		TEXT("x-oss-server-side-encryption", encryption),
		TEXT("x-amz-bucket-region", region),
#undef TEXT
	};
	struct err ignored;

	for (size_t i = 0; i < GPM_ARRAY_LEN(texts); i++)
		if (strcasecmp(name, texts[i].name) == 0)
			snprintf((char *)r + texts[i].at, texts[i].size, "%s", value);
	if (strncasecmp(name, "x-oss-", 6) == 0 || (strcasecmp(name, "server") == 0 && strcmp(value, "AliyunOSS") == 0))
		r->oss = true;
	if (strcasecmp(name, "x-oss-hash-crc64ecma") == 0)
		r->has_crc64 = parse_u64(value, 0, UINT64_MAX, &r->crc64, &ignored) == 0;
	if (strcasecmp(name, "content-length") == 0)
		r->has_length = read_number(value, strlen(value), &r->length);
	else if (strcasecmp(name, "content-range") == 0)
		read_range(r, value);
	else if (strcasecmp(name, "date") == 0)
		r->date = curl_getdate(value, NULL) > 0 ? curl_getdate(value, NULL) : 0;
	else if (strcasecmp(name, "retry-after") == 0)
		read_retry_after(r, value);
}

void
s3_http_header(struct s3_http_response *r, const char *line, size_t len)
{
	char *text, *colon, *value;

	while (len > 0 && (line[len - 1] == '\r' || line[len - 1] == '\n' || line[len - 1] == ' '))
		len--;
	text = mem_strn(line, len);
	if (strncmp(text, "HTTP/", 5) == 0) {
		read_status(r, text);
	} else if ((colon = strchr(text, ':')) != NULL) {
		*colon = '\0';
		value = colon + 1;
		read_header(r, text, value + strspn(value, " \t"));
	}
	free(text);
}
