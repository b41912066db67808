/* adapt_names.c -- rules for names of roles and tablespaces that are others at the destination. */
#include "prelude.h"

#include "adapt_rules.h"
#include "quote.h"

const char *
adapt_name(const struct adapt_map *map, const char *name)
{
	for (size_t i = 0; map != NULL && i < map->len; i++)
		if (strcmp(map->at[i].old, name) == 0)
			return map->at[i].new;
	return name;
}

/* The name at I; false when there is none. */
static bool
map_at(struct work *w, size_t i, const struct adapt_map *map)
{
	char *old = work_name(w, i);
	const char *new = old != NULL ? adapt_name(map, old) : NULL;
	struct buf b;

	if (new != old) {
		text_init(&b);
		quote_ident(&b, new);
		work_replace(w, i, i + 1, text_str(&b));
		buf_release(&b);
	}
	free(old);
	return new != NULL;
}

/* One role, the last token of what matched. */
void
names_owner(struct work *w, const struct adapt_rule *rule, size_t at, size_t end)
{
	(void)rule;
	(void)at;
	map_at(w, end, adapt_owners(w->adapter));
}

/* Roles with commas between them, behind what matched. */
void
names_roles(struct work *w, const struct adapt_rule *rule, size_t at, size_t end)
{
	(void)rule;
	(void)at;
	if (work_word(w, end, "group"))
		end++;
	while (map_at(w, end, adapt_owners(w->adapter)) && work_char(w, end + 1, ','))
		end += 2;
}

/* Each TABLESPACE and its name, those of partitions too. */
void
names_tablespace(struct work *w, const struct adapt_rule *rule, size_t at, size_t end)
{
	(void)rule;
	(void)at;
	if (adapt_tablespaces(w->adapter) == NULL || adapt_tablespaces(w->adapter)->len == 0)
		return;
	for (size_t i = end; i < w->n; i++)
		if (work_word(w, i, "tablespace") || work_word(w, i, "default_tablespace"))
			map_at(w, work_char(w, i + 1, '=') ? i + 2 : i + 1, adapt_tablespaces(w->adapter));
}
