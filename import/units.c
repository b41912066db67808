/* units.c -- partitions whose rows went through a root. */
#include "prelude.h"

#include "units.h"

static struct unit *
find(struct units *u, const struct rec_table *t)
{
	for (size_t i = 0; i < u->len; i++)
		if (strcmp(u->at[i].root.schema, t->root_schema) == 0 && strcmp(u->at[i].root.name, t->root_name) == 0)
			return &u->at[i];
	return NULL;
}

static struct columns
copy_columns(const struct columns *from)
{
	struct columns to = { .at = mem_array(from->len, sizeof(*to.at)), .len = from->len };

	for (size_t i = 0; i < from->len; i++)
		to.at[i] = (struct column){
			.name = mem_str(from->at[i].name), .type = mem_str(from->at[i].type), .base = mem_str(from->at[i].base), .float_kind = from->at[i].float_kind,
		};
	return to;
}

static bool
same_columns(const struct columns *a, const struct columns *b)
{
	if (a->len != b->len)
		return false;
	for (size_t i = 0; i < a->len; i++)
		if (strcmp(a->at[i].name, b->at[i].name) != 0)
			return false;
	return true;
}

static struct unit *
add(struct units *u, const struct rec_table *t)
{
	struct unit *unit;

	u->at = mem_grow(u->at, (u->len + 1) * sizeof(*u->at));
	unit = &u->at[u->len++];
	*unit = (struct unit){ .root = { .schema = mem_str(t->root_schema), .name = mem_str(t->root_name), .encoding = mem_str(t->encoding),
	    .columns = copy_columns(&t->columns), .tree = true } };
	return unit;
}

void
units_lack(struct units *u, const struct run_table *t)
{
	struct unit *unit = find(u, &t->table);

	if (unit == NULL)
		unit = add(u, &t->table);
	unit->lacks = true;
}

void
units_add(struct units *u, const struct rec_manifest *line, const struct run_table *t, uint64_t before)
{
	struct unit *unit = find(u, &t->table);
	struct unit_part part = { .line = *line };

	if (unit == NULL)
		unit = add(u, &t->table);
	unit->orders_differ = unit->orders_differ || !same_columns(&unit->root.columns, &t->table.columns);
	unit->rows += t->done.rows;
	unit->plain_bytes += t->done.plain_bytes;
	unit->before += before;
	unit->digest = digest_add(unit->digest, t->done.digest);
	part.line.schema = mem_str(line->schema);
	part.line.name = mem_str(line->name);
	part.line.key = NULL;
	unit->parts = mem_grow(unit->parts, (unit->nparts + 1) * sizeof(part));
	unit->parts[unit->nparts++] = part;
}

void
units_release(struct units *u)
{
	for (size_t i = 0; i < u->len; i++) {
		for (size_t k = 0; k < u->at[i].nparts; k++) {
			free(u->at[i].parts[k].line.schema);
			free(u->at[i].parts[k].line.name);
		}
		free(u->at[i].parts);
		record_free_fields(REC_TABLE, &u->at[i].root);
	}
	free(u->at);
	*u = (struct units){ .len = 0 };
}
