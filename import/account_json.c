/* account_json.c -- a report for programs: one JSON document. */
#include "prelude.h"

#include "account.h"
#include "name_json.h"
#include "parse.h"

static json_t *
number(uint64_t n)
{
	return json_integer((json_int_t)n);
}

static json_t *
table(const struct account_table *t)
{
	return json_pack("{s:o, s:o, s:b, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:s}", "schema", name_json(t->schema), "name", name_json(t->name),
	    "good", (int)t->good, "state", t->state, "trouble", name_json(t->trouble), "rows", number(t->rows), "plain_bytes",
	    number(t->plain_bytes), "stored_bytes", number(t->stored_bytes), "objects", number(t->chunks), "exported",
	    name_json(t->exported), "manifest_sha256", t->manifest_sha256);
}

static json_t *
points(const struct account_points *p)
{
	json_t *all = json_array();

	for (size_t i = 0; i < p->len; i++)
		json_array_append_new(all, json_pack("[o, o]", number(p->at[i].second), number(p->at[i].sum)));
	return all;
}

static json_t *
check(const struct account_check *c)
{
	json_t *cells = json_array();

	for (size_t i = 0; i < c->ncells; i++)
		json_array_append_new(cells, json_pack("{s:o, s:o, s:o, s:o}", "row", number(c->cells[i].row), "column", name_json(c->cells[i].column),
		    "source", name_json(c->cells[i].source), "here", name_json(c->cells[i].here)));
	return json_pack("{s:o, s:b, s:o, s:o, s:o, s:o, s:o}", "name", name_json(c->name), "good", (int)c->good, "trouble", name_json(c->trouble),
	    "tolerance", name_json(c->tolerance), "rows", number(c->rows), "rows_differing", number(c->differing), "differences", cells);
}

json_t *
account_json(const struct account *a)
{
	const struct rec_run *h = &a->run->header;
	json_t *tables = json_array(), *left = json_array(), *checks = json_array(), *failures = json_array(), *over = json_array();
	char sha[65];

	for (size_t i = 0; i < a->ntables; i++)
		json_array_append_new(tables, table(&a->tables[i]));
	for (size_t i = 0; i < a->nleft; i++)
		json_array_append_new(left, json_pack("{s:o, s:o, s:o, s:o}", "schema", name_json(a->left[i].schema), "name",
		    name_json(a->left[i].name), "kind", name_json(a->left[i].kind), "reason", name_json(a->left[i].reason)));
	for (size_t i = 0; i < a->nover; i++)
		json_array_append_new(over, json_pack("{s:o, s:o, s:o}", "schema", name_json(a->over[i].schema), "name", name_json(a->over[i].name), "run", name_json(a->over[i].run)));
	for (size_t i = 0; i < a->nfailures; i++)
		json_array_append_new(failures, name_json(a->failures[i]));
	for (size_t i = 0; i < a->nchecks; i++)
		json_array_append_new(checks, check(&a->checks[i]));
	return json_pack("{s:s, s:i, s:s, s:b, s:o, s:s, s:s, s:{s:o, s:o, s:s}, s:{s:o, s:o}, s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:{s:o, s:o}}",
	    "format", "gpm-report", "version", 1, "run", a->run->id, "verified", (int)a->good, "verdict", name_json(a->verdict),
	    "compared_by", a->level, "made", a->made,
	    "source", "database", name_json(h->database), "server", name_json(h->server_version), "time", h->server_time,
	    "destination", "database", name_json(a->database), "server", name_json(a->server),
	    "bucket", name_json(a->from), "manifest_sha256", format_hex(manifest_hash(a->run->root)->sha256, 32, sha),
	    "plain_bytes", number(a->plain_bytes), "stored_bytes", number(a->stored_bytes), "tables", tables, "business_checks", checks, "schema_failures", failures, "not_carried", left, "left_over", over,
	    "curves", "exported_bytes", points(&a->exported), "loaded_rows", points(&a->loaded));
}
