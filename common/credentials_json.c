/* credentials_json.c -- an access key as programs and metadata services write it. */
#include "prelude.h"

#include <time.h>

#include <jansson.h>

#include "credentials.h"
#include "credentials_json.h"
#include "err.h"

/* The first of the names that is there, or NULL. */
static const char *
text_of(const json_t *o, const char *name, const char *other, const char *third)
{
	const char *names[] = { name, other, third };

	for (size_t i = 0; i < GPM_ARRAY_LEN(names); i++) {
		const char *text = names[i] != NULL ? json_string_value(json_object_get(o, names[i])) : NULL;

		if (text != NULL && *text != '\0')
			return text;
	}
	return NULL;
}

/* "2026-11-20T23:18:16Z", perhaps with a fraction or "+00:00"; 0 when it is none. */
static time_t
parse_time(const char *text)
{
	struct tm tm = { 0 };
	const char *rest = text != NULL ? strptime(text, "%Y-%m-%dT%H:%M:%S", &tm) : NULL;

	if (rest != NULL && *rest == '.')
		rest += 1 + strspn(rest + 1, "0123456789");
	if (rest == NULL || (strcmp(rest, "Z") != 0 && strcmp(rest, "+00:00") != 0))
		return 0;
	return timegm(&tm);
}

int
credentials_json(const char *text, size_t len, const char *place, struct credentials **out, struct err *e)
{
	json_error_t ignored; /* it quotes the text */
	json_t *o = json_loadb(text, len, JSON_REJECT_DUPLICATES, &ignored);
	const char *code = text_of(o, "Code", NULL, NULL), *key, *secret, *token;
	json_t *version = json_object_get(o, "Version");
	int rc = -1;

	if (!json_is_object(o)) {
		err_set(e, ERR_CREDENTIALS, "%s: that is no JSON object", place);
	} else if (code != NULL && strcmp(code, "Success") != 0) {
		err_set(e, ERR_CREDENTIALS, "%s: has none to give", place);
	} else if (version != NULL && json_integer_value(version) != 1) {
		err_set(e, ERR_CREDENTIALS, "%s: is of another version than 1", place);
	} else {
		key = text_of(o, "AccessKeyId", NULL, NULL);
		secret = text_of(o, "SecretAccessKey", "AccessKeySecret", NULL);
		token = text_of(o, "SessionToken", "Token", "SecurityToken");
		rc = credentials_make(key, secret, token, place, out, e);
		if (rc == 0)
			(*out)->expires = parse_time(text_of(o, "Expiration", NULL, NULL));
	}
	json_decref(o);
	return rc;
}
