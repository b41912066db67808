/* schema_queues.c -- resource queues and groups of the source, at a destination that has such. */
#include "prelude.h"

#include "adapt_work.h"
#include "db_wait.h"
#include "err.h"
#include "log.h"
#include "schema.h"
#include "schema_queues.h"

/* What a role was put into. */
struct member {
	char *role, *queue, *group; /* the last two may be NULL */
};

struct queues {
	struct member *members;
	size_t n;
};

static const struct kind {
	const char *word;      /* in SQL and to people */
	const char *sql;       /* is there one of that name? */
	const char *clause;    /* of CREATE ROLE */
} kinds[] = {
	{ "queue", "SELECT pg_catalog.count(*) FROM pg_catalog.pg_resqueue WHERE rsqname = $1", " RESOURCE QUEUE " },
	{ "group", "SELECT pg_catalog.count(*) FROM pg_catalog.pg_resgroup WHERE rsgname = $1", " RESOURCE GROUP " },
};

/* 1, 0, -1. */
static int
is_there(struct db *db, const struct kind *kind, const char *name, struct err *e)
{
	const char *params[] = { name };
	char *n = db_value(db, kind->sql, 1, params, e);
	int rc = n == NULL ? -1 : strcmp(n, "0") != 0;

	free(n);
	return rc;
}

/* CREATE RESOURCE …, unless it is there. */
static int
make(struct db *db, const struct work *w, size_t name_at, bool really, struct findings *findings, struct err *e)
{
	const struct kind *kind = &kinds[work_word(w, 2, "group")];
	char *name = work_name(w, name_at);
	int there = is_there(db, kind, name, e), rc = there < 0 ? -1 : 0;

	if (there == 0 && !really) {
		findings_warn(findings, NULL, NULL, "resource %s %s is missing: load makes it", kind->word, name);
	} else if (there == 0 && (rc = db_run(db, w->s->text, NULL, e)) == 0) {
		log_info("resource %s %s was made", kind->word, name);
	} else if (rc < 0 && e->code == ERR_DATABASE) {
		findings_warn(findings, NULL, NULL, "resource %s %s cannot be made: %s", kind->word, name, e->text);
		rc = 0;
	}
	free(name);
	return rc;
}

/* Where a role comes by itself. */
static bool
is_default(const char *name)
{
	return strcmp(name, "pg_default") == 0 || strcmp(name, "default_group") == 0 || strcmp(name, "admin_group") == 0;
}

/* ALTER ROLE … WITH … RESOURCE QUEUE q RESOURCE GROUP g. */
static void
note_member(struct queues *q, const struct work *w, size_t from)
{
	struct member m = { .role = work_name(w, from - 1) };
	size_t at, end;

	if (work_find(w, from, w->n, "resource queue @", &at, &end))
		m.queue = work_name(w, end - 1);
	if (work_find(w, from, w->n, "resource group @", &at, &end))
		m.group = work_name(w, end - 1);
	q->members = mem_grow(q->members, (q->n + 1) * sizeof(*q->members));
	q->members[q->n++] = m;
}

struct reading {
	struct queues *queues;
	struct db *db;
	bool really;           /* what is missing is made */
	struct findings *findings;
};

static int
take(void *ctx, const struct sql_statement *s, struct err *e)
{
	const struct reading *r = ctx;
	struct work w = { .s = s };
	size_t end;
	int rc;

	text_init(&w.more);
	if ((rc = work_read(&w, e)) == 0) {
		if ((end = work_match(&w, 0, "create resource queue|group @")) > 0)
			rc = make(r->db, &w, end - 1, r->really, r->findings, e);
		else if ((end = work_match(&w, 0, "alter role @")) > 0 && work_word(&w, end, "with"))
			note_member(r->queues, &w, end);
	}
	work_release(&w);
	return rc;
}

int
queues_open(struct db *db, struct run *run, enum adapt_to to, bool really, struct findings *findings, struct queues **out, struct err *e)
{
	struct reading r = { *out = mem_alloc(sizeof(**out)), db, really, findings };
	int rc = 0;

	if (to != ADAPT_POSTGRESQL && strcmp(run->header.system, "PostgreSQL") != 0)
		rc = schema_each_global(run, take, &r, e);
	if (rc < 0) {
		queues_free(*out);
		*out = NULL;
	}
	return rc;
}

void
queues_free(struct queues *q)
{
	if (q == NULL)
		return;
	for (size_t i = 0; i < q->n; i++) {
		free(q->members[i].role);
		free(q->members[i].queue);
		free(q->members[i].group);
	}
	free(q->members);
	free(q);
}

int
queues_add_clause(const struct queues *q, struct db *db, const char *role, struct buf *b, struct err *e)
{
	for (size_t i = 0; i < q->n; i++) {
		const char *names[] = { q->members[i].queue, q->members[i].group };

		if (strcmp(q->members[i].role, role) != 0)
			continue;
		for (size_t k = 0; k < GPM_ARRAY_LEN(kinds); k++) {
			int there = names[k] == NULL || is_default(names[k]) ? 0 : is_there(db, &kinds[k], names[k], e);

			if (there < 0)
				return -1;
			if (there == 0)
				continue;
			text_puts(b, kinds[k].clause);
			if (db_add_ident(db, b, names[k], e) < 0)
				return -1;
		}
	}
	return 0;
}
