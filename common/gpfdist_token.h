/* gpfdist_token.h -- the first part of a location's path, which nobody can guess. */
#ifndef GPM_GPFDIST_TOKEN_H
#define GPM_GPFDIST_TOKEN_H

struct err;

#define GPFDIST_TOKEN_BYTES 16 /* of randomness */
#define GPFDIST_TOKEN_LEN (2 * GPFDIST_TOKEN_BYTES + 1)

int gpfdist_token_make(char out[GPFDIST_TOKEN_LEN], struct err *) GPM_NODISCARD;

/* gpfdist_token_leads(token, path): "/token", "/token/anything"; what follows the token is the site's to read in
 * a log. */
bool gpfdist_token_leads(const char *token, const char *path);

/* gpfdist_token_hide(text): tokens in what a server says of a location, "gpfdist://host:6181/<token>/…", become stars. */
void gpfdist_token_hide(char *text);

#endif
