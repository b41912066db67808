/* receive_url.h -- what gpm-export says to `gpm-export receive` on another host: a URL that names one piece of one attempt, and
 * is signed.
 *
 *   gpfdist://HOST:PORT/<token>/<file name of the piece>        token = HMAC-SHA256(key, name), 16 bytes in hex
 *
 * Nothing else passes between the two: who knows the key may open a piece, what it is stands in its name, and the segments carry
 * it there.  So the receivers need not be reached by the export's host, only by the segments. */
#ifndef GPM_RECEIVE_URL_H
#define GPM_RECEIVE_URL_H

#include "credentials.h"
#include "gpfdist_token.h"

struct err;
struct opts;

/* A piece of this name is not kept: it shows whether the segments can come. */
#define RECEIVE_REACH "reach-"

/* receive_key_load(opts, out, e): the file of --receive-key (keyfile_read), 32 characters at least. */
int receive_key_load(const struct opts *, struct secret **out, struct err *) GPM_NODISCARD;

/* receive_url(key, tls, address, name, e): for LOCATION; ADDRESS is "host:port".  The caller frees; NULL on error. */
char *receive_url(const struct secret *, bool tls, const char *address, const char *name, struct err *) GPM_NODISCARD;

/* receive_url_read(key, path, token): the name in PATH when its token is the right one, and the token; else NULL. */
const char *receive_url_read(const struct secret *, const char *path, char token[GPFDIST_TOKEN_LEN]) GPM_NODISCARD;

#endif
