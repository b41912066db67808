/* s3_http_header.h -- the headers of an answer, one line after another. */
#ifndef GPM_S3_HTTP_HEADER_H
#define GPM_S3_HTTP_HEADER_H

#include "s3_http.h"

/* s3_http_header(r, line, len): take note of LINE, which may end with CR LF.  A status line begins
 * anew: the one of "100 Continue" is followed by another.  A value that cannot be read counts as not
 * sent. */
void s3_http_header(struct s3_http_response *r, const char *line, size_t len);

#endif
