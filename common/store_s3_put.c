/* store_s3_put.c -- a put is one PUT, never parts: it is there whole or not at all, and nothing is left
 * over of one that failed.  The server checks the body against two hashes before it stores it; that it
 * is there afterwards its callers see for themselves. */
#include "prelude.h"

#include <inttypes.h>
#include <strings.h>

#include <openssl/evp.h>

#include "atomic.h"
#include "err.h"
#include "parse.h"
#include "store_s3.h"

#define PUT_MAX ((uint64_t)5 << 30) /* what S3 takes in one */
#define PIECE ((size_t)1 << 20)
#define SHA256_LEN 32
#define MD5_LEN 16

struct body_hash {
	char sha256[2 * SHA256_LEN + 1];
	char md5[2 * MD5_LEN + 1];
	char md5_base64[(MD5_LEN + 2) / 3 * 4 + 1];
};

static int
hash_pieces(const struct store_body *body, EVP_MD_CTX *sha256, EVP_MD_CTX *md5, struct err *e)
{
	char *piece = body->data == NULL ? mem_alloc(PIECE) : NULL;
	int rc = 0;

	for (uint64_t at = 0; rc == 0 && at < body->len; at += PIECE) {
		size_t n = body->len - at < PIECE ? (size_t)(body->len - at) : PIECE;
		const char *data = piece != NULL ? piece : (const char *)body->data + at;

		if (piece != NULL)
			rc = file_read_at(body->fd, piece, n, at, "the file to store", e);
		if (rc == 0 && (EVP_DigestUpdate(sha256, data, n) != 1 || EVP_DigestUpdate(md5, data, n) != 1))
			rc = err_set(e, ERR_FAILED, "OpenSSL cannot compute a hash");
	}
	free(piece);
	return rc;
}

/* Content-MD5 guards against accidents; "-fips" lets it be had on machines whose policy keeps it from
 * everything else. */
static int
hash_body(const struct store_body *body, struct body_hash *out, struct err *e)
{
	EVP_MD *md5_type = EVP_MD_fetch(NULL, "MD5", "-fips");
	EVP_MD_CTX *sha256 = EVP_MD_CTX_new(), *md5 = EVP_MD_CTX_new();
	unsigned char sum[SHA256_LEN], md5_sum[MD5_LEN];
	int rc = -1;

	if (md5_type == NULL || sha256 == NULL || md5 == NULL ||
	    EVP_DigestInit_ex(sha256, EVP_sha256(), NULL) != 1 || EVP_DigestInit_ex(md5, md5_type, NULL) != 1) {
		err_set(e, ERR_FAILED, "OpenSSL has no SHA-256 or no MD5, which a put needs");
		goto done;
	}
	if (hash_pieces(body, sha256, md5, e) < 0)
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

/* An entity tag that looks like an MD5 is the body's, unless the server has encrypted the object with a
 * key of a key service.  Some write it in capitals. */
static bool
etag_differs(const struct s3_http_response *r, const char *md5)
{
	const char *etag = r->etag + (r->etag[0] == '"');
	size_t len = strspn(etag, "0123456789abcdefABCDEF");
	bool plain = len == 2 * MD5_LEN && (etag[len] == '\0' || strcmp(etag + len, "\"") == 0);
	bool own_key = r->encryption[0] == '\0' || strcmp(r->encryption, "AES256") == 0;

	return plain && own_key && strncasecmp(etag, md5, len) != 0;
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
	if (etag_differs(r, md5))
		return s3_wrong(s, call, r, ERR_DIFFERS, e, "the server says that it stored %s, but the MD5 is %s",
		    r->etag, md5);
	return 0;
}

int
store_s3_put(struct store *store, const char *key, const struct store_body *body, struct err *e)
{
	struct s3_store *s = (struct s3_store *)store;
	struct s3_call call = { .verb = "put", .method = "PUT", .key = key, .body = body };
	struct s3_http_response r;
	struct body_hash hash;
	int rc;

	if (body->len > PUT_MAX) {
		char *name = s3_name(s, key);

		err_set(e, ERR_FAILED, "cannot put '%s': it has %" PRIu64 " bytes, and S3 takes at most 5 GB in one object's put",
		    name, body->len);
		free(name);
		return err_hint(e, "export with a smaller --chunk-size");
	}
	if (hash_body(body, &hash, e) < 0)
		return -1;
	call.payload_sha256 = hash.sha256;
	call.headers[call.n_headers++] = (struct s3_pair){ "content-md5", hash.md5_base64 };
	rc = s3_call(s, &call, &r, e);
	if (rc == 0)
		rc = s3_fail(s, &call, &r, e);
	else if (rc > 0)
		rc = check_put(s, &call, &r, hash.md5, e);
	s3_http_release(&r);
	return rc;
}
