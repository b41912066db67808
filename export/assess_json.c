/* assess_json.c -- an assessment for programs: one JSON document. */
#include "prelude.h"

#include "assess_report.h"
#include "err.h"
#include "name_json.h"

static json_t *
number(uint64_t n)
{
	return json_integer((json_int_t)n);
}

static json_t *
finding(const struct finding *f)
{
	json_t *objects = json_array();

	for (size_t i = 0; i < f->objects.len; i++)
		json_array_append_new(objects, name_json(f->objects.at[i]));
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:o, s:o}", "id", f->check->id, "severity", severity_name(f->check->severity),
	    "title", f->check->title, "why", f->check->why, "do", f->check->hint, "count", number(f->count), "objects", objects);
}

static json_t *
findings(const struct assessment *a)
{
	json_t *all = json_array();

	for (enum severity s = 0; s < SEVERITIES; s++)
		for (size_t i = 0; i < a->nfindings; i++)
			if (a->findings[i].refused == NULL && a->findings[i].check->severity == s)
				json_array_append_new(all, finding(&a->findings[i]));
	return all;
}

static json_t *
refused(const struct assessment *a)
{
	json_t *all = json_array();

	for (size_t i = 0; i < a->nfindings; i++)
		if (a->findings[i].refused != NULL)
			json_array_append_new(all, json_pack("{s:s, s:s, s:o}", "id", a->findings[i].check->id, "title",
			    a->findings[i].check->title, "reason", name_json(a->findings[i].refused)));
	if (a->size_refused != NULL)
		json_array_append_new(all, json_pack("{s:s, s:s, s:o}", "id", "size", "title", "sizes and rows", "reason",
		    name_json(a->size_refused)));
	return all;
}

static json_t *
size(const struct assessment *a)
{
	const struct assess_size *s = &a->size;
	json_t *biggest = json_array();

	for (size_t i = 0; i < s->nbiggest; i++) {
		const struct assess_table *t = &s->biggest[i];

		json_array_append_new(biggest, json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "schema", name_json(t->schema),
		    "name", name_json(t->name), "bytes", number(t->bytes), "bytes_on_fullest_segment", number(t->largest),
		    "segments", number(t->segments), "skew_percent", number(assess_skew(t)), "rows", number(t->rows), "csv_bytes", number(t->csv)));
	}
	return json_pack("{s:b, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "exact", (int)s->exact, "tables", number(s->tables),
	    "partitions", number(s->leaves), "never_analyzed", number(s->unknown), "bytes", number(s->bytes), "rows", number(s->rows),
	    "csv_bytes", number(s->csv), "chunk_size", number(a->chunk_size), "chunks", number(s->chunks), "objects", number(s->objects),
	    "segments", number(s->segments), "largest", biggest);
}

int
assess_json(const struct assessment *a, struct err *e)
{
	json_t *all = json_pack("{s:s, s:i, s:s, s:{s:s, s:s, s:s, s:o, s:s}, s:s, s:o, s:o, s:o, s:o}", "format", "gpm-assessment", "version", 1,
	    "gpm", PACKAGE_VERSION, "source", "system", a->who.system, "catalog", a->catalog, "server_version", a->who.server_version,
	    "database", name_json(a->who.database), "encoding", a->who.encoding, "destination", a->destination,
	    "checks", number(a->nchecks), "findings", findings(a), "not_checked", refused(a),
	    "destination_segments", number(a->destination_segments));
	int rc = all == NULL ? err_set(e, ERR_FAILED, "the report cannot be written as JSON") : 0;

	if (rc == 0 && a->size_refused == NULL)
		json_object_set_new(all, "size", size(a));
	if (rc == 0 && (json_dumpf(all, stdout, JSON_INDENT(2)) != 0 || putchar('\n') == EOF || fflush(stdout) != 0))
		rc = err_sys(e, "cannot write the report");
	json_decref(all);
	return rc;
}
