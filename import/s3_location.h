/* s3_location.h -- the words of Greenplum's s3:// protocol. */
#ifndef GPM_S3_LOCATION_H
#define GPM_S3_LOCATION_H

#include "find.h"

struct err;
struct opts;

/* s3_location_check(opts, run, e): can the protocol name RUN, and is it known where its configuration lies? ERR_USAGE. */
int s3_location_check(const struct opts *, const struct run *, struct err *) GPM_NODISCARD;

/* s3_location(opts, run, chunk, e): the location of CHUNK's batch: "s3://host/bucket/folder/ config=… region=…".  No secret is in it.
 * The caller frees; NULL on error. */
char *s3_location(const struct opts *, const struct run *, const struct rec_chunk *, struct err *) GPM_NODISCARD;

/* s3_location_conf(opts, run, b, e): what the configuration has to hold, a line each behind LEAD; the secret is left open. */
int s3_location_conf(const struct opts *, const struct run *, const char *lead, struct buf *, struct err *) GPM_NODISCARD;

#endif
