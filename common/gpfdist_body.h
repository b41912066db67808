/* gpfdist_body.h -- the body of one request: in memory, or, when it is large, in a temporary file.
 *
 * What it takes is given back to the system at once with it. */
#ifndef GPM_GPFDIST_BODY_H
#define GPM_GPFDIST_BODY_H

struct err;
struct gpfdist_body;

/* gpfdist_body_new(len, spill, out, e): for just LEN bytes, more than 0. */
int gpfdist_body_new(uint64_t len, bool spill, struct gpfdist_body **out, struct err *) GPM_NODISCARD;

/* gpfdist_body_add(b, data, n, e): the next N bytes; an error when they are more than LEN. */
int gpfdist_body_add(struct gpfdist_body *, const char *data, size_t n, struct err *) GPM_NODISCARD;

/* gpfdist_body_data(b, out, e): all of it; an error while bytes are missing.  Valid until B is freed. */
int gpfdist_body_data(struct gpfdist_body *, const char **out, struct err *) GPM_NODISCARD;

void gpfdist_body_free(struct gpfdist_body *); /* NULL is fine */

#endif
