/* maps.c -- --owner-map and --tablespace-map. */
#include "prelude.h"

#include "err.h"
#include "maps.h"
#include "opt.h"

static int
check(const struct opts *opts, enum opt_id id, const char *option, struct err *e)
{
	for (size_t i = 0; i < opt_list_len(opts, id); i++) {
		const char *text = opt_list_at(opts, id, i), *sign = strchr(text, '=');

		if (sign == NULL || sign == text || sign[1] == '\0')
			return err_set(e, ERR_USAGE, "%s: '%s' is no OLD=NEW", option, text);
		for (size_t k = 0; k < i; k++)
			if (strncmp(opt_list_at(opts, id, k), text, (size_t)(sign - text) + 1) == 0)
				return err_set(e, ERR_USAGE, "%s: %.*s stands twice", option, (int)(sign - text), text);
	}
	return 0;
}

int
maps_check(const struct opts *opts, struct err *e)
{
	return check(opts, OPT_ID_owner_map, "--owner-map", e) < 0 ? -1 : check(opts, OPT_ID_tablespace_map, "--tablespace-map", e);
}

static char *
keep(struct maps *m, char *text)
{
	m->texts = mem_grow(m->texts, (m->ntexts + 1) * sizeof(char *));
	m->texts[m->ntexts++] = text;
	return text;
}

static void
add(struct adapt_map *map, const char *old, const char *new)
{
	map->at = mem_grow(map->at, (map->len + 1) * sizeof(*map->at));
	map->at[map->len++] = (struct adapt_pair){ old, new };
}

static void
read_list(struct maps *m, struct adapt_map *map, const struct opts *opts, enum opt_id id)
{
	for (size_t i = 0; i < opt_list_len(opts, id); i++) {
		char *old = keep(m, mem_str(opt_list_at(opts, id, i))), *sign = strchr(old, '=');

		*sign = '\0';
		add(map, old, sign + 1);
	}
}

void
maps_init(struct maps *m, const struct opts *opts)
{
	memset(m, 0, sizeof(*m));
	read_list(m, &m->owners, opts, OPT_ID_owner_map);
	read_list(m, &m->tablespaces, opts, OPT_ID_tablespace_map);
}

void
maps_set_owner(struct maps *m, const char *old, const char *new)
{
	for (size_t i = 0; i < m->owners.len; i++) {
		if (strcmp(m->owners.at[i].old, old) == 0) {
			m->owners.at[i].new = keep(m, mem_str(new));
			return;
		}
	}
	add(&m->owners, keep(m, mem_str(old)), keep(m, mem_str(new)));
}

void
maps_release(struct maps *m)
{
	for (size_t i = 0; i < m->ntexts; i++)
		free(m->texts[i]);
	free(m->texts);
	free(m->owners.at);
	free(m->tablespaces.at);
	memset(m, 0, sizeof(*m));
}
