/* keygen.h -- gpm-push keygen: new keys. */
#ifndef GPM_KEYGEN_H
#define GPM_KEYGEN_H

struct err;
struct opts;

/* keygen(opts, e): what --sign-key and --encrypt-key name is made, and told on stdout.  Nothing is overwritten. */
int keygen(const struct opts *, struct err *) GPM_NODISCARD;

#endif
