/* piece.c -- names of pieces and parts. */
#include "prelude.h"

#include <inttypes.h>

#include "err.h"
#include "parse.h"
#include "piece.h"
#include "runid.h"

#define SUFFIX ".csv"

uint64_t
piece_of_batch(uint64_t batch)
{
	return (batch - 1) / PIECE_BATCHES;
}

char *
piece_file(const char *run, const char *label, uint64_t attempt, const char *piece)
{
	char *name = mem_printf("gpm-%s-%s-a%" PRIu64 "-%s" SUFFIX, run, label, attempt, piece);

	for (char *c = name; *c != '\0'; c++)
		if (*c == '%')
			*c = '=';
	return name;
}

/* The number behind the last TAG in TEXT, which is cut off there. */
static bool
take_number(char *text, const char *tag, uint64_t *out)
{
	char *at = NULL;
	struct err ignored;

	for (char *next = text; (next = strstr(next, tag)) != NULL; next++)
		at = next;
	if (at == NULL || parse_u64(at + strlen(tag), 0, INT64_MAX, out, &ignored) < 0)
		return false;
	*at = '\0';
	return true;
}

bool
piece_file_parse(const char *name, const char *run, uint64_t *table, uint64_t *attempt, uint64_t *piece)
{
	char *text = NULL, *prefix = mem_printf("gpm-%s-", run), *dash;
	size_t len = strlen(name), skip = strlen(prefix);
	struct err ignored;
	bool good = false;

	if (strncmp(name, prefix, skip) == 0 && len > skip + strlen(SUFFIX) &&
	    strcmp(name + len - strlen(SUFFIX), SUFFIX) == 0) {
		text = mem_strn(name + skip, len - skip - strlen(SUFFIX));
		good = take_number(text, "-", piece) && take_number(text, "-a", attempt) && (dash = strchr(text, '-')) != NULL;
		if (good)
			*dash = '\0';
		good = good && parse_u64(text, 1, INT64_MAX, table, &ignored) == 0;
	}
	free(text);
	free(prefix);
	return good;
}

char *
part_key(const char *host)
{
	char *name = name_encode(host), *key = mem_printf(PART_FOLDER "%s.jsonl", name);

	free(name);
	return key;
}
