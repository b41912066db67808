/* preflight_push.h -- gpm-push preflight: does the bucket do what is needed? */
#ifndef GPM_PREFLIGHT_PUSH_H
#define GPM_PREFLIGHT_PUSH_H

struct err;
struct opts;

/* preflight_push(opts, e): put, head, get, list, create and delete of probe objects in --to, and the clocks. */
int preflight_push(const struct opts *, struct err *) GPM_NODISCARD;

#endif
