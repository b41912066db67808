/* name_json.c -- a name, or other text of a database, as a value of JSON. */
#include "prelude.h"

#include "name_json.h"
#include "parse.h"

json_t *
name_json(const char *s)
{
	json_t *value = s == NULL ? json_null() : json_string(s);
	char *hex;

	if (value != NULL)
		return value;
	hex = mem_array(strlen(s) + 1, 2);
	value = json_pack("{s:s}", "name_hex", format_hex(s, strlen(s), hex));
	free(hex);
	return value;
}
