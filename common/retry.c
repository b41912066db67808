/* retry.c -- what is worth another try, and how long to wait for it. */
#include "prelude.h"

#include <curl/curl.h>

#include "retry.h"

const struct retry_policy retry_default = { .first_ms = 500, .cap_ms = 20000, .total_ms = 300000, .least = 2 };

uint64_t
retry_delay(const struct retry_policy *p, unsigned failures, uint64_t elapsed_ms,
    uint64_t retry_after_ms, uint64_t random)
{
	uint64_t longest = p->first_ms, delay;

	for (unsigned i = 1; i < failures && longest < p->cap_ms; i++)
		longest *= 2;
	if (longest > p->cap_ms)
		longest = p->cap_ms;
	delay = random % (longest + 1);
	if (delay < retry_after_ms)
		delay = retry_after_ms;
	if (retry_after_ms > p->total_ms)
		return RETRY_STOP;
	if (failures > p->least && (elapsed_ms >= p->total_ms || delay > p->total_ms - elapsed_ms))
		return RETRY_STOP;
	return delay;
}

/* What the codes say goes before the status: RequestTimeout comes with 400.
 * BadDigest and its kin: the body was damaged on its way, for we computed its hash. */
bool
retry_answer(unsigned http_status, const char *code)
{
	static const char *const codes[] = {
		"BadDigest", "BandwidthLimitExceeded", "Busy", "IncompleteBody", "InternalError",
		"OperationAborted", "RequestLimitExceeded", "RequestThrottled", "RequestTimeout",
		"ServiceUnavailable", "SlowDown", "Throttling", "ThrottlingException", "TooManyRequests",
		"TotalQpsLimitExceeded", "XAmzContentSHA256Mismatch",
	};
	static const unsigned statuses[] = { 408, 429, 500, 502, 503, 504 };

	for (size_t i = 0; i < GPM_ARRAY_LEN(codes); i++)
		if (strcmp(code, codes[i]) == 0)
			return true;
	for (size_t i = 0; i < GPM_ARRAY_LEN(statuses); i++)
		if (http_status == statuses[i])
			return true;
	return false;
}

bool
retry_transport(int curl_code)
{
	static const int codes[] = {
		CURLE_COULDNT_RESOLVE_PROXY, CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_CONNECT,
		CURLE_WEIRD_SERVER_REPLY, CURLE_HTTP2, CURLE_PARTIAL_FILE, CURLE_OPERATION_TIMEDOUT,
		CURLE_SSL_CONNECT_ERROR, CURLE_GOT_NOTHING, CURLE_SEND_ERROR, CURLE_RECV_ERROR,
		CURLE_HTTP2_STREAM,
	};

	for (size_t i = 0; i < GPM_ARRAY_LEN(codes); i++)
		if (curl_code == codes[i])
			return true;
	return false;
}
