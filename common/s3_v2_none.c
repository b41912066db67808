/* s3_v2_none.c -- in place of s3_v2.c where there is no libs3 that signs by Version 2. */
#include "prelude.h"

#include "err.h"
#include "s3_v2.h"

int
s3_v2_new(const struct s3_v2_place *place, struct s3_v2 **out, struct err *e)
{
	(void)place;
	(void)out;
#ifdef LIBS3_SPEAKS_V4
	err_set(e, ERR_USAGE, "--s3-signature v2: the libs3 that this gpm was built beside signs Signature V4 only");
	return err_hint(e, "leave --s3-signature out, for gpm signs V4 itself; for V2 build it with libs3 2.0");
#else
	err_set(e, ERR_USAGE, "--s3-signature v2: this gpm was built without libs3");
	return err_hint(e, "build it where libs3 2.0 is (Debian: libs3-dev)");
#endif
}

void
s3_v2_free(struct s3_v2 *v)
{
	(void)v;
}

char *
s3_v2_url(const struct s3_v2 *v, const struct credentials *c, const char *key, struct err *e)
{
	(void)v;
	(void)c;
	(void)key;
	err_set(e, ERR_FAILED, "there is no libs3");
	return NULL;
}

int
s3_v2_begin(struct s3_v2 *v, const struct credentials *c, const struct s3_v2_request *q, struct s3_v2_exchange **out, struct err *e)
{
	(void)v;
	(void)c;
	(void)q;
	(void)out;
	return err_set(e, ERR_FAILED, "there is no libs3");
}

int
s3_v2_end(struct s3_v2_exchange *x, struct s3_http_response *r, struct err *e)
{
	(void)x;
	(void)r;
	return err_set(e, ERR_FAILED, "there is no libs3");
}
