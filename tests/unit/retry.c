/* Goal of this test: waits grow, are random, have a bound each and all together, and follow the server's
 * wish; and what is tried again is what may succeed. */
#include "prelude.h"

#include <curl/curl.h>

#include "err.h"
#include "retry.h"
#include "store_s3.h"
#include "tap.h"
#include "trouble.h"

static void
test_delay(void)
{
	const struct retry_policy *p = &retry_default;
	struct retry_policy small = { .first_ms = 100, .cap_ms = 1000, .total_ms = 5000, .least = 2 };

	is_u64(retry_delay(p, 1, 0, 0, 500), 500, "the first wait is at most half a second");
	is_u64(retry_delay(p, 1, 0, 0, 501), 0, "it may be none");
	is_u64(retry_delay(p, 2, 0, 0, 1000), 1000, "the second at most one");
	is_u64(retry_delay(p, 6, 0, 0, 16000), 16000, "the sixth at most sixteen");
	is_u64(retry_delay(p, 7, 0, 0, 20000), 20000, "the seventh at most twenty");
	is_u64(retry_delay(p, 7, 0, 0, 20001), 0, "and no more");
	is_u64(retry_delay(p, 4000000000u, 0, 0, 20000), 20000, "nor the last");
	is_u64(retry_delay(p, 1, 0, 3000, 500), 3000, "the server's wish is a wait at least");
	is_u64(retry_delay(p, 7, 0, 3000, 19000), 19000, "a longer one stands");
	is_u64(retry_delay(p, 7, 0, 30000, 5), 30000, "the wish may be longer than any own wait");
	is_u64(retry_delay(p, 1, 0, 300001, 5), RETRY_STOP, "but not than all of the time");
	is_u64(retry_delay(p, 1, 0, UINT64_MAX, 5), RETRY_STOP, "however long");
	is_u64(retry_delay(&small, 3, 4601, 0, 400), RETRY_STOP, "a wait that would pass the end is not begun");
	is_u64(retry_delay(&small, 3, 4600, 0, 400), 400, "one that just fits is");
	is_u64(retry_delay(&small, 3, 5000, 0, 0), RETRY_STOP, "at the end of the time it stops");
	is_u64(retry_delay(&small, 3, UINT64_MAX, 0, 0), RETRY_STOP, "and after it");
	is_u64(retry_delay(&small, 2, 900000, 0, 50), 50, "two failures are retried however long they took");
}

static void
test_answers(void)
{
	static const unsigned again[] = { 408, 429, 500, 502, 503, 504 };
	static const unsigned final[] = { 0, 200, 301, 307, 400, 401, 403, 404, 409, 411, 412, 413, 416, 501, 505, 507 };
	static const char *const codes[] = { "ConditionalRequestConflict", "SlowDown", "InternalError", "ServiceUnavailable", "RequestTimeout", "BadDigest", "Throttling" };
	static const char *const final_codes[] = { "", "RequestTimeTooSkewed", "AccessDenied", "NoSuchBucket", "SignatureDoesNotMatch", "EntityTooLarge", "slowdown" };

	for (size_t i = 0; i < GPM_ARRAY_LEN(again); i++)
		ok(trouble_answer(again[i], "")->kind == ERR_TEMPORARY, "%u is tried again", again[i]);
	for (size_t i = 0; i < GPM_ARRAY_LEN(final); i++)
		ok(trouble_answer(final[i], "")->kind != ERR_TEMPORARY, "%u is not", final[i]);
	for (size_t i = 0; i < GPM_ARRAY_LEN(codes); i++)
		ok(trouble_answer(400, codes[i])->kind == ERR_TEMPORARY, "%s is tried again whatever the status", codes[i]);
	for (size_t i = 0; i < GPM_ARRAY_LEN(final_codes); i++)
		ok(trouble_answer(403, final_codes[i])->kind != ERR_TEMPORARY, "'%s' is not", final_codes[i]);
}

static void
test_transport(void)
{
	static const CURLcode again[] = { CURLE_COULDNT_CONNECT, CURLE_COULDNT_RESOLVE_HOST, CURLE_OPERATION_TIMEDOUT,
		CURLE_SEND_ERROR, CURLE_RECV_ERROR, CURLE_GOT_NOTHING, CURLE_PARTIAL_FILE, CURLE_SSL_CONNECT_ERROR };
	static const CURLcode final[] = { CURLE_OK, CURLE_URL_MALFORMAT, CURLE_UNSUPPORTED_PROTOCOL, CURLE_PEER_FAILED_VERIFICATION,
		CURLE_SSL_CACERT_BADFILE, CURLE_WRITE_ERROR, CURLE_ABORTED_BY_CALLBACK, CURLE_OUT_OF_MEMORY };

	for (size_t i = 0; i < GPM_ARRAY_LEN(again); i++)
		ok(trouble_transport((int)again[i])->kind == ERR_TEMPORARY, "'%s' is tried again", curl_easy_strerror(again[i]));
	for (size_t i = 0; i < GPM_ARRAY_LEN(final); i++)
		ok(trouble_transport((int)final[i])->kind != ERR_TEMPORARY, "'%s' is not", curl_easy_strerror(final[i]));
}

/* A name that nobody knows is tried for a short time only, until the server has answered once. */
static void
test_policy(void)
{
	struct s3_store s = { .retry = retry_default, .reached = false };
	struct s3_http_response unresolved = { .unresolved = true }, other = { .unresolved = false };

	is_u64(s3_retry_policy(&s, &unresolved).total_ms, 15000, "a name that was never found");
	is_u64(s3_retry_policy(&s, &other).total_ms, 300000, "other trouble");
	s.reached = true;
	is_u64(s3_retry_policy(&s, &unresolved).total_ms, 300000, "a name that was found before");
	s = (struct s3_store){ .retry = retry_default };
	s.retry.total_ms = 2000;
	is_u64(s3_retry_policy(&s, &unresolved).total_ms, 2000, "no longer than was asked for");
}

int
main(void)
{
	test_delay();
	test_policy();
	test_answers();
	test_transport();
	return tap_done();
}
