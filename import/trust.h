/* trust.h -- who says that this is the run: the signature beside a root manifest. */
#ifndef GPM_TRUST_H
#define GPM_TRUST_H

#include "find.h"
#include "sign.h"

struct err;
struct opts;

/* trust_load(opts, out, e): the list of --trusted-keys, NULL when there is none. */
int trust_load(const struct opts *, struct trusted_keys **out, struct err *) GPM_NODISCARD;

/* trust_check_signature(run, e): a run that says which key signed it was signed by that key, as it is now.  A run
 * that says nothing passes.  ERR_DIFFERS. */
int trust_check_signature(const struct run *, struct err *) GPM_NODISCARD;

/* trust_check_key(run, keys, e): one of KEYS signed it; NULL takes any run.  ERR_DIFFERS.  The signature itself was
 * checked when the run was opened. */
int trust_check_key(const struct run *, const struct trusted_keys *, struct err *) GPM_NODISCARD;

#endif
