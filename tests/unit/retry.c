/* Goal of this test: waits grow, are random, have a bound each and all together, and follow the server's
 * wish; and what is tried again is what may succeed. */
#include "prelude.h"

#include <curl/curl.h>

#include "retry.h"
#include "tap.h"

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
	static const char *const codes[] = { "SlowDown", "InternalError", "ServiceUnavailable", "RequestTimeout", "BadDigest", "Throttling" };
	static const char *const final_codes[] = { "", "RequestTimeTooSkewed", "AccessDenied", "NoSuchBucket", "SignatureDoesNotMatch", "EntityTooLarge", "slowdown" };

	for (size_t i = 0; i < GPM_ARRAY_LEN(again); i++)
		ok(retry_answer(again[i], ""), "%u is tried again", again[i]);
	for (size_t i = 0; i < GPM_ARRAY_LEN(final); i++)
		ok(!retry_answer(final[i], ""), "%u is not", final[i]);
	for (size_t i = 0; i < GPM_ARRAY_LEN(codes); i++)
		ok(retry_answer(400, codes[i]), "%s is tried again whatever the status", codes[i]);
	for (size_t i = 0; i < GPM_ARRAY_LEN(final_codes); i++)
		ok(!retry_answer(403, final_codes[i]), "'%s' is not", final_codes[i]);
}

static void
test_transport(void)
{
	static const CURLcode again[] = { CURLE_COULDNT_CONNECT, CURLE_COULDNT_RESOLVE_HOST, CURLE_OPERATION_TIMEDOUT,
		CURLE_SEND_ERROR, CURLE_RECV_ERROR, CURLE_GOT_NOTHING, CURLE_PARTIAL_FILE, CURLE_SSL_CONNECT_ERROR };
	static const CURLcode final[] = { CURLE_OK, CURLE_URL_MALFORMAT, CURLE_UNSUPPORTED_PROTOCOL, CURLE_PEER_FAILED_VERIFICATION,
		CURLE_SSL_CACERT_BADFILE, CURLE_WRITE_ERROR, CURLE_ABORTED_BY_CALLBACK, CURLE_OUT_OF_MEMORY };

	for (size_t i = 0; i < GPM_ARRAY_LEN(again); i++)
		ok(retry_transport((int)again[i]), "'%s' is tried again", curl_easy_strerror(again[i]));
	for (size_t i = 0; i < GPM_ARRAY_LEN(final); i++)
		ok(!retry_transport((int)final[i]), "'%s' is not", curl_easy_strerror(final[i]));
}

int
main(void)
{
	test_delay();
	test_answers();
	test_transport();
	return tap_done();
}
