/* trouble.h -- what an answer that is no success, or none at all, means: one table, trouble.def. */
#ifndef GPM_TROUBLE_H
#define GPM_TROUBLE_H

#include "err.h"

struct trouble {
	enum err_code kind; /* ERR_TEMPORARY: the same request may succeed later */
	bool renew;         /* the access key is to be read again */
	const char *hint;   /* or NULL */
};

/* trouble_answer(status, code): of an S3 error's code, "" when there is none, and its status.  Never NULL.
 * trouble_transport(curl_code): of a CURLcode that is not CURLE_OK. */
const struct trouble *trouble_answer(unsigned http_status, const char *code);
const struct trouble *trouble_transport(int curl_code);

#endif
