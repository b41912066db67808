/* schema_step.c -- what a statement of the schema is called in gpm.steps. */
#include "prelude.h"

#include <inttypes.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "made.h"
#include "parse.h"
#include "schema_step.h"

char *
schema_step_number(const char *section, const struct sql_statement *s)
{
	return s->part == 0 ? mem_printf("%s:%" PRIu64, section, s->number) : mem_printf("%s:%" PRIu64 ".%" PRIu64, section, s->number, s->part);
}

const char *
schema_step_hash(const struct sql_statement *s, char hex[SCHEMA_STEP_HASH_LEN])
{
	XXH128_canonical_t bytes;

	XXH128_canonicalFromHash(&bytes, XXH3_128bits(s->text, strlen(s->text)));
	return format_hex(bytes.digest, sizeof(bytes.digest), hex);
}

char *
schema_step(const char *section, const struct sql_statement *s)
{
	char *number = schema_step_number(section, s), hex[SCHEMA_STEP_HASH_LEN], *step;
	struct made made;

	made_read(s, &made);
	step = mem_printf("%s %s%s%s", number, schema_step_hash(s, hex), made.thing != NULL ? " " : "", made.thing != NULL ? made.thing : "");
	made_release(&made);
	free(number);
	return step;
}
