/* Goal of this test: errors and list pages are read as servers write them, and what is broken, hostile
 * or something else is refused; the headers of an answer likewise. */
#include "prelude.h"

#include "buf.h"
#include "err.h"
#include "s3_http_header.h"
#include "s3_xml.h"
#include "tap.h"

#define HEAD "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
#define ROOT "<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
#define END "</ListBucketResult>"
#define OBJECT(key, size) "<Contents><Key>" key "</Key><Size>" size "</Size><Owner><ID>7</ID></Owner></Contents>"

static void
test_errors(void)
{
	static const char *const none[] = { "", "<html><body>Bad gateway</body></html>", "<Error><Code>Cut</Code>", "Error",
		"<ListBucketResult><Error><Code>Inner</Code></Error></ListBucketResult>",
		"<!DOCTYPE Error [<!ENTITY a \"b\">]><Error><Code>&a;</Code></Error>" };
	const char *text = HEAD "<Error><Code>SignatureDoesNotMatch</Code><Message>a &lt;b&gt; &amp; c</Message>"
	    "<StringToSign>AWS4</StringToSign><RequestId>tx01</RequestId><Detail><Code>no</Code></Detail></Error>";
	struct s3_error x;
	char *big;

	ok(s3_xml_error(text, strlen(text), &x), "an error");
	is_str(x.code, "SignatureDoesNotMatch", "its code");
	is_str(x.message, "a <b> & c", "its message");
	is_str(x.request_id, "tx01", "the request's id");
	for (size_t i = 0; i < GPM_ARRAY_LEN(none); i++)
		ok(!s3_xml_error(none[i], strlen(none[i]), &x) && x.code[0] == '\0', "text %zu is none", i);
	ok(!s3_xml_error(NULL, 0, &x), "nor is nothing");
	big = mem_alloc(1000);
	memset(big, 'x', 900);
	text = mem_printf("<Error><Message>%s</Message><Code>%s</Code></Error>", big, big);
	ok(s3_xml_error(text, strlen(text), &x) && strlen(x.code) == sizeof(x.code) - 1 && strlen(x.message) == sizeof(x.message) - 1,
	    "long texts are cut");
	free((void *)(uintptr_t)text);
	free(big);
}

/* "key=size key/ …", then "+" and the token of the next page; or the error. */
static const char *
page_of(const char *text, bool second)
{
	static char out[sizeof(((struct err *)0)->text)];
	struct s3_page p;
	struct err e;
	struct buf b;

	if (s3_xml_page(text, strlen(text), second, &p, &e) < 0) {
		snprintf(out, sizeof(out), "%s", e.text);
		return out;
	}
	text_init(&b);
	for (size_t i = 0; i < p.n; i++) {
		text_puts(&b, p.entries[i].key);
		if (!p.entries[i].is_folder)
			text_printf(&b, "=%llu", (unsigned long long)p.entries[i].size);
		text_puts(&b, " ");
	}
	if (p.truncated)
		text_printf(&b, "+%s", p.token);
	snprintf(out, sizeof(out), "%s", text_str(&b));
	buf_release(&b);
	s3_page_release(&p);
	return out;
}

static const char *
page(const char *text)
{
	return page_of(text, true);
}

static void
test_pages(void)
{
	is_str(page(HEAD ROOT "<Name>b</Name><Prefix/><KeyCount>0</KeyCount><IsTruncated>false</IsTruncated>" END), "", "an empty page");
	is_str(page(HEAD ROOT "<Prefix>run/</Prefix><IsTruncated>true</IsTruncated><NextContinuationToken>1/x+y==</NextContinuationToken>"
	    OBJECT("run/a", "11") OBJECT("run/b&amp;c%20+", "9007199254740993") "<CommonPrefixes><Prefix>run/d/</Prefix></CommonPrefixes>" END),
	    "run/a=11 run/b&c%20+=9007199254740993 run/d/ +1/x+y==", "keys as they are");
	is_str(page(ROOT OBJECT("a%2Bb+c%20%C3%A4%25%01", "0") "<CommonPrefixes><Prefix>x+y%2F</Prefix></CommonPrefixes><EncodingType>url</EncodingType>" END),
	    "a+b c \xc3\xa4%\x01=0 x y/ ", "keys that are encoded, which may be said at the end");
	is_str(page(ROOT OBJECT("a", "1") END), "a=1 ", "a page without IsTruncated is the last");
}

/* Of the first ListObjects. */
static void
test_old_pages(void)
{
	is_str(page_of(ROOT "<IsTruncated>true</IsTruncated>" OBJECT("b", "1") OBJECT("a", "1") END, false), "b=1 a=1 +b", "the largest key is where the next page begins");
	is_str(page_of(ROOT "<IsTruncated>true</IsTruncated>" OBJECT("b", "1") "<CommonPrefixes><Prefix>c/</Prefix></CommonPrefixes>" END, false), "b=1 c/ +c/",
	    "or a folder");
	is_str(page_of(ROOT "<NextMarker>q</NextMarker><IsTruncated>true</IsTruncated>" OBJECT("b", "1") END, false), "b=1 +q", "or what the server says");
	is_str(page_of(ROOT "<EncodingType>url</EncodingType><NextMarker>q%25+r</NextMarker><IsTruncated>true</IsTruncated>" OBJECT("b%2F", "1") END, false),
	    "b/=1 +q% r", "which is encoded as keys are");
	is_str(page_of(ROOT "<IsTruncated>false</IsTruncated>" OBJECT("b", "1") END, false), "b=1 ", "the last page");
	has_str(page_of(ROOT "<IsTruncated>true</IsTruncated>" END, false), "without a token", "nothing to go on after");
	has_str(page_of(ROOT "<EncodingType>url</EncodingType><NextMarker>q%2</NextMarker><IsTruncated>true</IsTruncated>" OBJECT("b", "1") END, false),
	    "cannot be decoded", "one that is broken");
}

static void
test_broken_pages(void)
{
	static const struct {
		const char *text, *why;
	} broken[] = {
		{ "", "it is no ListBucketResult" },
		{ "<html/>", "it is no ListBucketResult" },
		{ ROOT OBJECT("a", "1"), "it is no ListBucketResult" },
		{ "<!DOCTYPE x SYSTEM \"file:///etc/passwd\">" ROOT END, "it is no ListBucketResult" },
		{ ROOT "<a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a></a></a></a></a></a></a></a></a></a></a></a></a></a></a></a></a>" END, "it is no ListBucketResult" },
		{ ROOT "<IsTruncated>true</IsTruncated>" END, "without a token" },
		{ ROOT "<Contents><Size>1</Size></Contents>" END, "without a key" },
		{ ROOT "<CommonPrefixes><Prefix/></CommonPrefixes>" END, "without a key" },
		{ ROOT "<Contents><Key>a</Key></Contents>" END, "without a size" },
		{ ROOT OBJECT("a", "-1") END, "without a size" },
		{ ROOT OBJECT("a", "1e3") END, "without a size" },
		{ ROOT OBJECT("a", "1") "<Contents><Key>b</Key></Contents>" END, "without a size" },
		{ ROOT "<EncodingType>url</EncodingType>" OBJECT("a%2", "1") END, "cannot be decoded" },
		{ ROOT "<EncodingType>url</EncodingType>" OBJECT("a%00b", "1") END, "cannot be decoded" },
	};
	char *longest = mem_alloc(40000);

	for (size_t i = 0; i < GPM_ARRAY_LEN(broken); i++)
		has_str(page(broken[i].text), broken[i].why, "a broken page");
	snprintf(longest, 40000, ROOT "<Contents><Key>%030000d</Key><Size>1</Size></Contents>" END, 7);
	has_str(page(longest), "it is no ListBucketResult", "a key that is longer than any");
	free(longest);
}

static void
header(struct s3_http_response *r, const char *line)
{
	s3_http_header(r, line, strlen(line));
}

static void
test_headers(void)
{
	struct s3_http_response r = { .status = 0 };

	header(&r, "HTTP/1.1 100 Continue\r\n");
	header(&r, "ETag: \"old\"\r\n");
	header(&r, "HTTP/1.1 206 Partial Content\r\n");
	ok(r.status == 206 && r.etag[0] == '\0' && !r.has_length && !r.has_range, "a second status line begins anew");
	header(&r, "etag:   \"abc\" \r\n");
	header(&r, "X-AMZ-Request-Id: tx1\r\n");
	header(&r, "Content-Length: 4\r\n");
	header(&r, "Content-Range: bytes 3-6/10\r\n");
	header(&r, "Date: Fri, 24 May 2013 00:00:00 GMT\r\n");
	header(&r, "Retry-After: 7\r\n");
	header(&r, "x-amz-server-side-encryption: aws:kms\r\n");
	header(&r, "\r\n");
	is_str(r.etag, "\"abc\"", "an ETag, trimmed");
	is_str(r.request_id, "tx1", "names in any case");
	is_str(r.encryption, "aws:kms", "encryption");
	ok(r.has_length && r.length == 4 && r.has_range && r.first == 3 && r.last == 6 && r.total == 10, "lengths");
	ok(r.date == 1369353600 && r.retry_after == 7, "times");
	header(&r, "Retry-After: Fri, 24 May 2013 00:00:00 GMT\r\n");
	header(&r, "Content-Length: 4, 4\r\n");
	header(&r, "Date: yesterday\r\n");
	ok(r.retry_after == 0 && !r.has_length && r.date == 0, "what cannot be read was not sent");
	header(&r, "Content-Range: bytes 3-6/*\r\n");
	ok(r.has_range && r.total == UINT64_MAX, "a total that is not known");
	header(&r, "Content-Range: bytes */10\r\n");
	ok(!r.has_range && r.total == 10, "a range outside");
	header(&r, "Content-Range: bytes 6-3/10\r\n");
	ok(!r.has_range, "a range backwards");
	header(&r, "Content-Range: bytes 3-10/10\r\n");
	ok(!r.has_range, "a range past the end");
	ok(!r.oss, "not OSS");
	header(&r, "Server: AliyunOSS\r\n");
	ok(r.oss, "OSS, by its name");
	header(&r, "HTTP/1.1 200 OK\r\n");
	ok(!r.oss, "until the next answer");
	header(&r, "X-Oss-Server-Time: 3\r\n");
	ok(r.oss, "or by headers of its own");
	header(&r, "Content-Range: bytes 3-/10\r\n");
	header(&r, "Content-Range: 3\r\n");
	ok(!r.has_range, "half a range");
}

int
main(void)
{
	test_errors();
	test_pages();
	test_old_pages();
	test_broken_pages();
	test_headers();
	return tap_done();
}
