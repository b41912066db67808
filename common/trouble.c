/* trouble.c -- what an answer that is no success, or none at all, means. */
#include "prelude.h"

#include <curl/curl.h>

#include "trouble.h"

static const struct {
	const char *code;
	struct trouble is;
} codes[] = {
#define CODE(code, kind, renew, hint) { code, { ERR_##kind, renew, hint } },
#define STATUS(status, kind, hint)
#define CURL(curl_code, kind, hint)
#include "trouble.def"
#undef CODE
#undef STATUS
#undef CURL
};

struct numbered {
	int number;
	struct trouble is;
};

static const struct numbered statuses[] = {
#define CODE(code, kind, renew, hint)
#define STATUS(status, kind, hint) { status, { ERR_##kind, false, hint } },
#define CURL(curl_code, kind, hint)
#include "trouble.def"
#undef CODE
#undef STATUS
#undef CURL
};

static const struct numbered transports[] = {
#define CODE(code, kind, renew, hint)
#define STATUS(status, kind, hint)
#define CURL(curl_code, kind, hint) { curl_code, { ERR_##kind, false, hint } },
#include "trouble.def"
#undef CODE
#undef STATUS
#undef CURL
};

static const struct trouble unknown = { ERR_FAILED, false, NULL };

const struct trouble *
trouble_answer(unsigned http_status, const char *code)
{
	for (size_t i = 0; i < GPM_ARRAY_LEN(codes); i++)
		if (strcmp(code, codes[i].code) == 0)
			return &codes[i].is;
	for (size_t i = 0; i < GPM_ARRAY_LEN(statuses); i++)
		if ((int)http_status == statuses[i].number)
			return &statuses[i].is;
	return &unknown;
}

const struct trouble *
trouble_transport(int curl_code)
{
	for (size_t i = 0; i < GPM_ARRAY_LEN(transports); i++)
		if (curl_code == transports[i].number)
			return &transports[i].is;
	return &unknown;
}
