/* name_json.h -- a name, or other text of a database, as a value of JSON. */
#ifndef GPM_NAME_JSON_H
#define GPM_NAME_JSON_H

#include <jansson.h>

/* name_json(s): a string; of bytes that are not UTF-8 {"name_hex": "…"}, as FORMAT.md has it in lists; of NULL null. */
json_t *name_json(const char *) GPM_NODISCARD;

#endif
