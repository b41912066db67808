/* store_s3_put.c -- a put is one PUT, never parts: it is there whole or not at all, and nothing is left
 * over of one that failed.  The server checks the body against two hashes before it stores it; that it
 * is there afterwards its callers see for themselves. */
#include "prelude.h"

#include <inttypes.h>
#include <strings.h>

#include <openssl/evp.h>

#include "atomic.h"
#include "crc64.h"
#include "err.h"
#include "parse.h"
#include "store_s3.h"

#define PUT_MAX ((uint64_t)5 << 30) /* what S3 takes in one */
#define SHA256_LEN 32
#define MD5_LEN 16

struct body_hash {
	char sha256[2 * SHA256_LEN + 1];
	char md5[2 * MD5_LEN + 1];
	char md5_base64[(MD5_LEN + 2) / 3 * 4 + 1];
};

static int
hash_piece(void *ctx, const void *data, size_t len, struct err *e)
{
	EVP_MD_CTX **hashes = ctx;

	if (EVP_DigestUpdate(hashes[0], data, len) != 1 || EVP_DigestUpdate(hashes[1], data, len) != 1)
		return err_set(e, ERR_FAILED, "OpenSSL cannot compute a hash");
	return 0;
}

static int
crc_piece(void *ctx, const void *data, size_t len, struct err *e)
{
	uint64_t *crc = ctx;

	(void)e;
	*crc = crc64(*crc, data, len);
	return 0;
}

/* Content-MD5 guards against accidents; "-fips" lets it be had on machines whose policy keeps it from
 * everything else. */
static int
hash_body(const struct store_body *body, struct body_hash *out, struct err *e)
{
	EVP_MD *md5_type = EVP_MD_fetch(NULL, "MD5", "-fips");
	EVP_MD_CTX *sha256 = EVP_MD_CTX_new(), *md5 = EVP_MD_CTX_new(), *both[] = { sha256, md5 };
	unsigned char sum[SHA256_LEN], md5_sum[MD5_LEN];
	int rc = -1;

	if (md5_type == NULL || sha256 == NULL || md5 == NULL ||
	    EVP_DigestInit_ex(sha256, EVP_sha256(), NULL) != 1 || EVP_DigestInit_ex(md5, md5_type, NULL) != 1) {
		err_set(e, ERR_FAILED, "OpenSSL has no SHA-256 or no MD5, which a put needs");
		goto done;
	}
	if (store_body_each(body, NULL, hash_piece, both, e) < 0)
		goto done;
	if (EVP_DigestFinal_ex(sha256, sum, NULL) != 1 || EVP_DigestFinal_ex(md5, md5_sum, NULL) != 1) {
		err_set(e, ERR_FAILED, "OpenSSL cannot compute a hash");
		goto done;
	}
	format_hex(sum, sizeof(sum), out->sha256);
	format_hex(md5_sum, sizeof(md5_sum), out->md5);
	EVP_EncodeBlock((unsigned char *)out->md5_base64, md5_sum, sizeof(md5_sum));
	rc = 0;
done:
	EVP_MD_CTX_free(sha256);
	EVP_MD_CTX_free(md5);
	EVP_MD_free(md5_type);
	return rc;
}

/* What an entity tag says of a body of that MD5. */
enum tag { TAG_SAME, TAG_DIFFERS, TAG_UNKNOWN };

/* One that looks like an MD5 is the body's, unless the server has encrypted the object with a key of a key service.  Some
 * write it in capitals. */
static enum tag
compare_etag(const struct s3_http_response *r, const char *md5)
{
	const char *etag = r->etag + (r->etag[0] == '"');
	size_t len = strspn(etag, "0123456789abcdefABCDEF");
	bool plain = len == 2 * MD5_LEN && (etag[len] == '\0' || strcmp(etag + len, "\"") == 0);
	bool own_key = r->encryption[0] == '\0' || strcmp(r->encryption, "AES256") == 0;

	if (!plain || !own_key)
		return TAG_UNKNOWN;
	return strncasecmp(etag, md5, len) == 0 ? TAG_SAME : TAG_DIFFERS;
}

/* OSS tells the CRC of what it stored.  The body is read once more for that, for nobody knows before whether a server tells it. */
static int
check_crc64(const struct s3_store *s, const struct s3_call *call, const struct s3_http_response *r, struct err *e)
{
	uint64_t crc = 0;

	if (!r->has_crc64)
		return 0;
	if (store_body_each(call->body, NULL, crc_piece, &crc, e) < 0)
		return -1;
	if (crc != r->crc64)
		return s3_wrong(s, call, r, ERR_DIFFERS, e, "the server says that the CRC64 of what it stored is %" PRIu64 ", but it is %" PRIu64, r->crc64, crc);
	return 0;
}

static int
check_put(const struct s3_store *s, const struct s3_call *call, const struct s3_http_response *r,
    const char *md5, struct err *e)
{
	if (r->status != 200)
		return s3_wrong(s, call, r, ERR_FAILED, e, "HTTP %u is no answer to a put", r->status);
	if (r->etag[0] == '\0') {
		s3_wrong(s, call, r, ERR_FAILED, e, "the answer has no ETag");
		return err_hint(e, "is --endpoint-url an S3 server, and no proxy's page in between?");
	}
	if (compare_etag(r, md5) == TAG_DIFFERS)
		return s3_wrong(s, call, r, ERR_DIFFERS, e, "the server says that it stored %s, but the MD5 is %s",
		    r->etag, md5);
	return check_crc64(s, call, r, e) < 0 ? -1 : s3_wishes_check(s, call, r, e);
}

/* The call of a put, with the hashes of its body in HASH. */
static int
prepare(const struct s3_store *s, const char *key, const struct store_body *body, struct s3_call *call,
    struct body_hash *hash, struct err *e)
{
	*call = (struct s3_call){ .verb = "put", .method = "PUT", .key = key, .body = body };
	if (body->len > PUT_MAX) {
		char *name = s3_name(s, key);

		err_set(e, ERR_FAILED, "cannot put '%s': it has %" PRIu64 " bytes, and S3 takes at most 5 GB in one object's put",
		    name, body->len);
		free(name);
		return err_hint(e, "export with a smaller --chunk-size");
	}
	if (hash_body(body, hash, e) < 0)
		return -1;
	call->payload_sha256 = hash->sha256;
	call->headers[call->n_headers++] = (struct s3_pair){ "content-md5", hash->md5_base64 };
	for (size_t i = 0; i < s->n_wishes; i++)
		call->headers[call->n_headers++] = s->wishes[i];
	return 0;
}

/* RC of s3_call or s3_call_once, and R: 0 when the body is stored. */
static int
check_answer(const struct s3_store *s, const struct s3_call *call, const struct s3_http_response *r, int rc,
    const struct body_hash *hash, struct err *e)
{
	if (rc == 0)
		return s3_fail(s, call, r, e);
	return rc > 0 ? check_put(s, call, r, hash->md5, e) : -1;
}

/* Is what was put there?  BELIEVED: libs3 saw no error.  -1: the put is to be tried again when E says so. */
static int
look_at_put(struct s3_store *s, const struct s3_call *put, const struct body_hash *hash, bool believed, struct err *e)
{
	struct s3_http_response r;
	struct err trouble;
	enum tag tag;
	uint64_t size;
	int rc = s3_look(s, put->key, &r, &size, &trouble);

	if (rc > 0) {
		tag = compare_etag(&r, hash->md5);
		rc = size == put->body->len && (tag == TAG_SAME || (tag == TAG_UNKNOWN && believed)) ? 0 :
		    s3_wrong(s, put, &r, ERR_TEMPORARY, &trouble, "something else is there afterwards");
	} else if (rc == 0) {
		rc = s3_wrong(s, put, &r, ERR_TEMPORARY, &trouble, "it is not there afterwards");
	}
	if (rc < 0 && believed)
		*e = trouble;
	s3_http_release(&r);
	return rc;
}

/* libs3 2.0 takes the server's leave to send a body ("100 Continue") for its answer, and hands no ETag on; where the server
 * gives none, it takes that for a failure.  So what was put is looked at, whatever libs3 makes of it. */
static int
put_by_libs3(struct s3_store *s, const struct s3_call *call, const struct body_hash *hash, struct err *e)
{
	struct s3_http_response r;
	struct s3_tries tries;
	struct err trouble; /* the caller's stays as it is when a later try succeeds */
	int rc;

	s3_tries_begin(&tries);
	for (;;) {
		rc = s3_call_once(s, call, &r, &trouble);
		if (rc == 0)
			rc = s3_fail(s, call, &r, &trouble);
		else if (rc > 0 || err_is_transient(&trouble))
			rc = look_at_put(s, call, hash, rc > 0, &trouble);
		if (rc == 0 || s3_tries_wait(&tries, s, &r, &trouble) < 0)
			break;
		s3_http_release(&r);
	}
	s3_http_release(&r);
	if (rc < 0)
		*e = trouble;
	return rc;
}

int
store_s3_put(struct store *store, const char *key, const struct store_body *body, struct err *e)
{
	struct s3_store *s = (struct s3_store *)store;
	struct s3_http_response r;
	struct body_hash hash;
	struct s3_call call;
	int rc;

	if (prepare(s, key, body, &call, &hash, e) < 0)
		return -1;
	if (s->v2 != NULL)
		return put_by_libs3(s, &call, &hash, e);
	rc = s3_call(s, &call, &r, e);
	rc = check_answer(s, &call, &r, rc, &hash, e);
	s3_http_release(&r);
	return rc;
}

/* --- create --- */

/* One try.  OSS has a header of its own for it and knows the other one not at all; others do not know
 * that of OSS, and would replace what is there. */
static int
try_create(struct s3_store *s, const struct s3_call *put, const struct body_hash *hash, struct s3_http_response *r,
    struct err *e)
{
	bool oss = s->oss;
	struct s3_call call = *put;
	struct s3_error x;
	int rc;

	call.headers[call.n_headers++] = oss ? (struct s3_pair){ "x-oss-forbid-overwrite", "true" } :
	    (struct s3_pair){ "if-none-match", "*" };
	rc = s3_call_once(s, &call, r, e);
	if (rc < 0) {
		s3_answer_error(r, &x);
		if (r->status == 412 || strcmp(x.code, "FileAlreadyExists") == 0)
			return 0;
		if (r->status == 501 || strcmp(x.code, "NotImplemented") == 0) {
			if (oss || !s->oss)
				return STORE_CANNOT;
			s3_http_release(r);
			return try_create(s, put, hash, r, e);
		}
	}
	return check_answer(s, &call, r, rc, hash, e) < 0 ? -1 : 1;
}

int
store_s3_create(struct store *store, const char *key, const struct store_body *body, struct err *e)
{
	struct s3_store *s = (struct s3_store *)store;
	struct s3_http_response r;
	struct body_hash hash;
	struct s3_tries tries;
	struct s3_call call;
	struct err trouble; /* the caller's stays as it is when a later try succeeds */
	int rc;

	if (s->v2 != NULL) /* libs3 sends no condition */
		return STORE_CANNOT;
	if (prepare(s, key, body, &call, &hash, e) < 0)
		return -1;
	/* libcurl may not send it twice: the second would find what the first has made. */
	call.once = true;
	s3_tries_begin(&tries);
	while ((rc = try_create(s, &call, &hash, &r, &trouble)) < 0 && s3_tries_wait(&tries, s, &r, &trouble) == 0)
		s3_http_release(&r);
	s3_http_release(&r);
	/* What is in the way may be what an earlier try has made, whose answer was lost. */
	if (rc == 0 && tries.failures > 0)
		rc = store_holds(store, key, body, &trouble);
	if (rc < 0)
		*e = trouble;
	return rc;
}
