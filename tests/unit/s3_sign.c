/* Goal of this test: requests are signed as AWS says, by the vectors it has published, and by those of
 * an independent signer for keys, queries and headers that are easy to get wrong. */
#include "prelude.h"

#include <unistd.h>

#include "credentials.h"
#include "err.h"
#include "s3_sign.h"
#include "tap.h"

#define EMPTY "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define DAY 1369353600 /* 2013-05-24 00:00:00 UTC */

static struct credentials example = { .access_key = NULL };

static const char *
line_of(const struct s3_lines *l, const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < l->n; i++)
		if (strncmp(l->lines[i], name, len) == 0 && strncmp(l->lines[i] + len, ": ", 2) == 0)
			return l->lines[i] + len + 2;
	return NULL;
}

static void
check(const struct s3_request *r, const char *signed_headers, const char *signature, const char *name)
{
	struct s3_lines l;
	struct err e;
	char *want;

	if (!ok(s3_sign(r, &example, "us-east-1", DAY, &l, &e) == 0, "%s is signed", name))
		return;
	want = mem_printf("AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,SignedHeaders=%s,Signature=%s",
	    signed_headers, signature);
	is_str(line_of(&l, "authorization"), want, name);
	is_str(line_of(&l, "x-amz-date"), "20130524T000000Z", "the date is sent");
	is_str(line_of(&l, "x-amz-content-sha256"), r->payload_sha256, "so is the body's hash");
	is_str(line_of(&l, "host"), r->host, "and the host");
	free(want);
	s3_lines_release(&l);
}

/* https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html */
static void
test_published(void)
{
	static const struct s3_pair range[] = { { "range", "bytes=0-9" } };
	static const struct s3_pair put[] = { { "x-amz-storage-class", "REDUCED_REDUNDANCY" }, { "date", "Fri, 24 May 2013 00:00:00 GMT" } };
	static const struct s3_pair lifecycle[] = { { "lifecycle", "" } };
	static const struct s3_pair list[] = { { "prefix", "J" }, { "max-keys", "2" } };
	struct s3_request r = { .method = "GET", .host = "examplebucket.s3.amazonaws.com", .path = "/test.txt", .headers = range,
		.n_headers = 1, .payload_sha256 = EMPTY };

	check(&r, "host;range;x-amz-content-sha256;x-amz-date",
	    "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41", "GET object");
	r = (struct s3_request){ .method = "PUT", .host = r.host, .path = "/test$file.text", .headers = put, .n_headers = 2,
		.payload_sha256 = "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072" };
	check(&r, "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
	    "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd", "PUT object");
	r = (struct s3_request){ .method = "GET", .host = r.host, .path = "/", .query = lifecycle, .n_query = 1, .payload_sha256 = EMPTY };
	check(&r, "host;x-amz-content-sha256;x-amz-date",
	    "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543", "GET bucket lifecycle");
	r = (struct s3_request){ .method = "GET", .host = r.host, .path = "/", .query = list, .n_query = 2, .payload_sha256 = EMPTY };
	check(&r, "host;x-amz-content-sha256;x-amz-date",
	    "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7", "GET bucket, its objects");
}

static void
test_encoding(void)
{
	static const struct s3_pair query[] = { { "a-b", "2" }, { "a", "/ +=&%\xc3\xa4~" }, { "a", "1" }, { "A", "" } };
	char *text;

	text = s3_sign_path("/b/a b+c=d%41/\xc3\xa4~-_.!*'()/../x//y");
	is_str(text, "/b/a%20b%2Bc%3Dd%2541/%C3%A4~-_.%21%2A%27%28%29/../x//y", "a path is encoded once, its slashes stay");
	free(text);
	text = s3_sign_query(query, 4);
	is_str(text, "A=&a=%2F%20%2B%3D%26%25%C3%A4~&a=1&a-b=2", "a query is encoded and sorted by name, then by value");
	free(text);
	text = s3_sign_query(NULL, 0);
	is_str(text, "", "none is empty");
	free(text);
}

/* Signed by botocore 1.43.11 (S3SigV4Auth) for the same moment. */
static void
test_nasty(void)
{
	static const struct s3_pair headers[] = { { "if-match", "\"a  b\"  " }, { "content-md5", "1B2M2Y8AsgTpgAmY7PhCfg==" } };
	static const struct s3_pair query[] = { { "prefix", "data/a=b+c%20d/" }, { "list-type", "2" },
		{ "continuation-token", "1/x+y==" }, { "delimiter", "/" }, { "encoding-type", "url" } };
	struct s3_request r = { .method = "PUT", .host = "127.0.0.1:7480", .path = "/b/data/a=b+c%20d/\xc3\xa4 !*'()~", .headers = headers,
		.n_headers = 2, .payload_sha256 = EMPTY };
	struct credentials session = example;
	struct s3_lines l;
	struct err e;

	check(&r, "content-md5;host;if-match;x-amz-content-sha256;x-amz-date", "7b93343316023754a402e4bb5a8fcb99d8ffe488f7e29bd8ea39bf5ab2a340e1", "a key of odd bytes, a header of blanks");
	r = (struct s3_request){ .method = "GET", .host = r.host, .path = "/b/", .query = query, .n_query = 5, .payload_sha256 = EMPTY };
	check(&r, "host;x-amz-content-sha256;x-amz-date", "84e66c38b8cc98ab2401b0b5b5368f8bfe38d40e4c5be5d548315dbc6ce27b6f", "a list's query");
	session.token = secret_new("FwoGZXIvYXdzE+/=token", 21);
	ok(s3_sign(&r, &session, "eu-central-1", DAY + 86399, &l, &e) == 0, "with a session token");
	is_str(line_of(&l, "x-amz-security-token"), "FwoGZXIvYXdzE+/=token", "it is sent");
	is_str(line_of(&l, "authorization"), "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/eu-central-1/s3/aws4_request,"
	    "SignedHeaders=host;x-amz-content-sha256;x-amz-date;x-amz-security-token,Signature=fae164248d9ca48c92bbf140671720f5e04ff70e0c9653e256456b4435812310", "and signed");
	s3_lines_release(&l);
	ok(l.lines == NULL && l.n == 0, "the lines are gone");
	secret_free(session.token);
}

int
main(void)
{
	char name[] = "AKIAIOSFODNN7EXAMPLE";

	example.access_key = name;
	example.secret = secret_new("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", 40);
	test_published();
	test_encoding();
	test_nasty();
	secret_free(example.secret);
	return tap_done();
}
