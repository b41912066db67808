/* signature.h -- the signature beside a root manifest: who says that this is the run. */
#ifndef GPM_SIGNATURE_H
#define GPM_SIGNATURE_H

#include "context.h"
#include "manifest.h"

struct err;

/* signature_check_pinned(p, e): the run goes on as it began: with the key that its journal names, or without one.
 * Anything else is ERR_FAILED. */
int signature_check_pinned(struct push *, struct err *) GPM_NODISCARD;

/* signature_store(p, path, hash, e): sign the finished root manifest at PATH and store the signature, when there is a
 * key.  Before the root manifest itself, so that a sealed run never lacks it. */
int signature_store(struct push *, const char *path, const struct file_hash *, struct err *) GPM_NODISCARD;

#endif
