/* pick.c -- tables of a run that an option names. */
#include "prelude.h"

#include "err.h"
#include "opt.h"
#include "parse.h"
#include "pick.h"
#include "sqllex.h"

/* One name of the option. */
struct wanted {
	char *schema, *name;   /* or NULL and */
	uint64_t number;
	bool found;
};

struct picking {
	struct wanted *wanted;
	size_t nwanted;
	struct rec_manifest *at;
	size_t n;
};

static int
parse_name(const char *text, struct wanted *w, struct err *e)
{
	const char *p = text, *end = text + strlen(text);
	struct sql_token t;

	if (text[0] != '\0' && text[strspn(text, "0123456789")] == '\0')
		return parse_u64(text, 1, INT64_MAX, &w->number, e);
	sqllex_next(&p, end, &t);
	w->schema = sqllex_name(&t);
	if (sqllex_next(&p, end, &t) && sqllex_char(&t, '.') && sqllex_next(&p, end, &t))
		w->name = sqllex_name(&t);
	if (w->schema != NULL && w->name != NULL && p == end)
		return 0;
	err_set(e, ERR_USAGE, "'%s' is no SCHEMA.TABLE", text);
	return err_hint(e, "names are written as in SQL: sales.lines, '\"Odd Schema\".\"Table\"'; there are no patterns");
}

static bool
is_wanted(const struct wanted *w, const struct rec_manifest *line)
{
	if (w->schema == NULL)
		return line->table == w->number;
	return strcmp(line->schema, w->schema) == 0 && strcmp(line->name, w->name) == 0;
}

static int
see_table(void *ctx, struct record *r, struct err *e)
{
	struct picking *p = ctx;
	bool take = p->nwanted == 0;

	(void)e; /* memory cannot fail */
	for (size_t i = 0; i < p->nwanted; i++)
		if (is_wanted(&p->wanted[i], &r->u.manifest))
			take = p->wanted[i].found = true;
	if (take) {
		p->at = mem_grow(p->at, (p->n + 1) * sizeof(*p->at));
		record_take(r, &p->at[p->n++]);
	}
	return 0;
}

static int
pick(const struct opts *opts, enum opt_id id, struct run *run, struct picking *p, struct err *e)
{
	for (size_t i = 0; i < p->nwanted; i++)
		if (parse_name(opt_list_at(opts, id, i), &p->wanted[i], e) < 0)
			return -1;
	if (run_each(run, REC_MANIFEST, see_table, p, e) < 0)
		return -1;
	for (size_t i = 0; i < p->nwanted; i++) {
		if (p->wanted[i].found)
			continue;
		err_set(e, ERR_FAILED, "run %s has no rows of a table %s", run->id, opt_list_at(opts, id, i));
		return err_hint(e, "names are exact; a partitioned table has its rows in its partitions");
	}
	return 0;
}

int
pick_tables(const struct opts *opts, enum opt_id id, struct run *run, struct rec_manifest **out, size_t *n, struct err *e)
{
	struct picking p = { .nwanted = opt_list_len(opts, id) };
	int rc;

	p.wanted = mem_array(p.nwanted, sizeof(*p.wanted));
	rc = pick(opts, id, run, &p, e);
	for (size_t i = 0; i < p.nwanted; i++) {
		free(p.wanted[i].schema);
		free(p.wanted[i].name);
	}
	free(p.wanted);
	if (rc < 0) {
		pick_free(p.at, p.n);
		return -1;
	}
	*out = p.at;
	*n = p.n;
	return 0;
}

void
pick_free(struct rec_manifest *at, size_t n)
{
	for (size_t i = 0; i < n; i++)
		record_free_fields(REC_MANIFEST, &at[i]);
	free(at);
}
