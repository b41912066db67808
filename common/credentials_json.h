/* credentials_json.h -- an access key as programs and metadata services write it. */
#ifndef GPM_CREDENTIALS_JSON_H
#define GPM_CREDENTIALS_JSON_H

struct credentials;
struct err;

/* credentials_json(text, len, place, out, e): {"AccessKeyId", "SecretAccessKey" or "AccessKeySecret", "SessionToken",
 * "Token" or "SecurityToken", "Expiration"}, and "Code" and "Version" where they are said.  ERR_CREDENTIALS with
 * PLACE's name; never a part of the text. */
int credentials_json(const char *text, size_t len, const char *place, struct credentials **out, struct err *) GPM_NODISCARD;

#endif
