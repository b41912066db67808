/* lookback.c -- under --replace: what of a schema that was made here before still stands, is made again, or has to go first. */
#include "prelude.h"

#include "err.h"
#include "ledger.h"
#include "log.h"
#include "lookback_internal.h"
#include "repeat.h"

/* What has to be known between the look at pre-data and that at post-data, also after a death. */
#define STEP_AGAIN "post-data again"
#define STEP_ANEW "anew " /* and a root */

struct lookback *
lookback_new(const struct opts *opts, struct run *run, enum adapt_to to, const struct maps *maps, struct findings *findings)
{
	struct lookback *l = mem_alloc(sizeof(*l));

	*l = (struct lookback){ .opts = opts, .run = run, .findings = findings, .adapter = adapter_new(to, &maps->owners, &maps->tablespaces) };
	l->things = keyset_new();
	l->roots = keyset_new();
	l->differs = keyset_new();
	return l;
}

static void
empty_section(struct lookback *l)
{
	for (size_t i = 0; i < l->n; i++) {
		free(l->at[i].number);
		made_release(&l->at[i].made);
	}
	free(l->at);
	l->at = NULL;
	l->n = 0;
	keyset_free(l->known);
	keyset_free(l->missing);
	keyset_free(l->away);
	keyset_free(l->here);
	keyset_free(l->anew);
	l->known = l->missing = l->away = l->here = l->anew = NULL;
}

void
lookback_free(struct lookback *l)
{
	if (l == NULL)
		return;
	empty_section(l);
	for (size_t i = 0; i < l->nparts; i++) {
		free(l->parts[i].table);
		free(l->parts[i].above);
	}
	free(l->parts);
	keyset_free(l->things);
	keyset_free(l->roots);
	keyset_free(l->made);
	keyset_free(l->differs);
	adapter_free(l->adapter);
	free(l);
}

/* --- what the text makes --------------------------------------------------------------------- */

static void
add_part(struct lookback *l, const struct made *m)
{
	bool attached = strncmp(m->thing, PARTITION, strlen(PARTITION)) == 0;

	if (m->of == NULL || (!attached && strncmp(m->thing, TABLE, strlen(TABLE)) != 0))
		return;
	keyset_add(l->roots, m->of);
	if ((l->nparts & (l->nparts - 1)) == 0)
		l->parts = mem_grow(l->parts, (2 * l->nparts + 1) * sizeof(*l->parts));
	l->parts[l->nparts++] = (struct part){ attached ? mem_printf(TABLE "%s", m->thing + strlen(PARTITION)) : mem_str(m->thing), mem_str(m->of) };
}

struct reading {
	struct lookback *lookback;
	const char *section;
};

static int
add_statement(void *ctx, const struct sql_statement *s, struct err *e)
{
	const struct reading *r = ctx;
	struct lookback *l = r->lookback;
	struct seen *at;

	(void)e; /* cannot fail */
	if (s->session)
		return 0;
	if ((l->n & (l->n - 1)) == 0)
		l->at = mem_grow(l->at, (2 * l->n + 1) * sizeof(*l->at));
	at = &l->at[l->n++];
	*at = (struct seen){ .number = schema_step_number(r->section, s), .safe = repeat_is_safe(s) };
	schema_step_hash(s, at->hash);
	made_read(s, &at->made);
	if (at->made.thing == NULL)
		return 0;
	keyset_add(l->things, at->made.thing);
	if (strcmp(r->section, "pre-data") == 0)
		add_part(l, &at->made);
	return 0;
}

static int
by_table(const void *a, const void *b)
{
	const struct part *x = a, *y = b;

	return strcmp(x->table, y->table);
}

static int
read_text(struct lookback *l, const char *section, const struct buf *text, struct err *e)
{
	struct reading r = { l, section };
	int rc = adapter_each(l->adapter, section, text, add_statement, &r, e);

	if (l->nparts > 0)
		qsort(l->parts, l->nparts, sizeof(*l->parts), by_table);
	return rc;
}

const char *
lookback_above(const struct lookback *l, const char *table)
{
	struct part wanted = { .table = (char *)(uintptr_t)table }, *found;

	found = l->nparts == 0 ? NULL : bsearch(&wanted, l->parts, l->nparts, sizeof(*l->parts), by_table);
	return found != NULL ? found->above : NULL;
}

bool
lookback_is_new(const struct lookback *l, const struct seen *s, const struct keyset *done)
{
	return s->made.thing != NULL && !s->safe && !keyset_has(l->known, s->hash) && !keyset_has(done, s->number);
}

/* --- what is made again ---------------------------------------------------------------------- */

/* A partition that is not here while what it is a partition of is: its rows go through the root (through.h).  But not when that one was made
 * anew, and something ended the load before this one was. */
static bool
is_elsewhere(const struct lookback *l, const char *table)
{
	for (int level = 0; level < LOOKBACK_DEEPEST && !keyset_has(l->here, table); level++) {
		const char *next = lookback_above(l, table);

		if (next == NULL)
			return false;
		if (keyset_has(l->here, next))
			return !keyset_has(l->anew, next);
		table = next;
	}
	return false;
}

/* The same of what attaches it. */
static bool
is_partition_elsewhere(const struct lookback *l, const char *thing)
{
	char *table = mem_printf(TABLE "%s", thing + strlen(PARTITION));
	bool elsewhere = is_elsewhere(l, table);

	free(table);
	return elsewhere;
}

/* What attaches an index, or a key, of a table to that of its root; it lies in the table's schema.  The caller frees; NULL: it is neither. */
static char *
attachment(const struct made *m)
{
	const char *name = strchr(m->thing, ' ') + 1, *table, *dot;
	size_t len = strlen(name), behind;

	if (m->of == NULL || (strncmp(m->thing, "index ", strlen("index ")) != 0 && strncmp(m->thing, "constraint ", strlen("constraint ")) != 0))
		return NULL;
	dot = table = m->of + strlen(TABLE);
	behind = strlen(" of ") + strlen(table);
	for (bool quoted = false; *dot != '\0' && (quoted || *dot != '.'); dot++)
		quoted ^= *dot == '"';
	if (len <= behind || *dot == '\0')
		return NULL;
	return mem_printf(PARTITION "%.*s.%.*s", (int)(dot - table), table, (int)(len - behind), name);
}

/* It was made here, is not here any more, and is needed. */
static bool
is_missing(struct lookback *l, const struct seen *s, const struct keyset *done)
{
	const char *thing = s->made.thing, *of = s->made.of;
	char *attached;

	if (s->safe || thing == NULL || keyset_has(l->here, thing) || !(keyset_has(l->known, s->hash) || keyset_has(done, s->number)))
		return false;
	if (strncmp(thing, TABLE, strlen(TABLE)) == 0)
		return !is_elsewhere(l, thing);
	if (strncmp(thing, PARTITION, strlen(PARTITION)) == 0)
		return !keyset_has(l->away, thing) && !is_partition_elsewhere(l, thing);
	if (of == NULL || !is_elsewhere(l, of))
		return true;
	if ((attached = attachment(&s->made)) != NULL)
		keyset_add(l->away, attached);
	free(attached);
	return false;
}

static int
mark_roots(const struct lookback *l, struct db *db, struct err *e)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < l->n; i++) {
		const char *thing = l->at[i].made.thing;
		char *step;

		if (thing == NULL || !keyset_has(l->roots, thing) || keyset_has(l->here, thing) || keyset_has(l->anew, thing) || is_elsewhere(l, thing))
			continue;
		step = mem_printf(STEP_ANEW "%s", thing);
		rc = ledger_add_step(db, l->run->id, step, e);
		free(step);
	}
	return rc;
}

/* What is MISSING was not done, and nothing was said of anything: it may have been of what is not here any more. */
static int
forget_steps(struct lookback *l, struct db *db, bool first, bool missing, struct err *e)
{
	char **numbers = mem_array(l->n + 2, sizeof(*numbers)), again[] = "post-data", anew[] = "anew";
	size_t n = 0;
	int rc;

	for (size_t i = 0; i < l->n; i++)
		if (l->at[i].safe || keyset_has(l->missing, l->at[i].number))
			numbers[n++] = l->at[i].number;
	if (!first) {
		numbers[n++] = again; /* STEP_AGAIN */
		numbers[n++] = anew;  /* STEP_ANEW */
	}
	rc = ledger_forget_statements(db, l->run->id, numbers, n, e);
	free(numbers);
	if (rc < 0 || (missing && ledger_forget_after(db, l->run->id, e) < 0) || (rc = ledger_has_step(db, l->run->id, STEP_AGAIN, e)) < 0)
		return -1;
	if (!first)
		return 0;
	return rc == 0 && ledger_add_step(db, l->run->id, STEP_AGAIN, e) < 0 ? -1 : mark_roots(l, db, e);
}

static int
forget(struct lookback *l, struct db *db, const char *section, size_t nmissing, struct err *e)
{
	if (ledger_begin_step(db, e) < 0 || forget_steps(l, db, strcmp(section, "pre-data") == 0, nmissing > 0, e) < 0 || ledger_commit(db, e) < 0)
		return -1;
	if (nmissing > 0)
		log_info("%s: %zu things that earlier statements made are not here any more: they are made again", section, nmissing);
	return 0;
}

/* What is not here of what the run makes: *AGAIN, of that what was made before: *NMISSING. */
static void
find_missing(struct lookback *l, const struct keyset *done, bool *again, size_t *nmissing)
{
	for (size_t i = 0; i < l->n; i++) {
		const struct seen *s = &l->at[i];

		if (is_missing(l, s, done)) {
			keyset_add(l->missing, s->number);
			++*nmissing;
		} else if (lookback_is_new(l, s, done) && !keyset_has(l->here, s->made.thing)) {
			*again = true;
		}
	}
	*again = *again || *nmissing > 0;
}

/* DONE: what this run did. */
static int
look(struct lookback *l, struct db *db, const char *section, const struct keyset *done, struct err *e)
{
	size_t nmissing = 0;
	bool again = false;
	int rc;

	if (strcmp(section, "pre-data") == 0 && lookback_clear(l, db, done, e) < 0)
		return -1;
	find_missing(l, done, &again, &nmissing);
	if (strcmp(section, "post-data") == 0) {
		if ((rc = ledger_has_step(db, l->run->id, STEP_AGAIN, e)) < 0)
			return -1;
		again = again || rc > 0;
		if (lookback_tell_gone(l, db, e) < 0)
			return -1;
	}
	return again ? forget(l, db, section, nmissing, e) : 0;
}

int
lookback_section(struct lookback *l, struct db *db, const char *section, const struct buf *text, struct err *e)
{
	struct keyset *done = keyset_new();
	int rc;

	empty_section(l);
	l->known = keyset_new();
	l->missing = keyset_new();
	l->away = keyset_new();
	l->anew = keyset_new();
	rc = ledger_marks(db, l->run->id, STEP_ANEW, l->anew, e);
	if (rc == 0)
		rc = ledger_statements(db, l->run->id, section, l->known, e);
	if (rc == 0)
		rc = ledger_steps(db, l->run->id, done, e);
	if (rc == 0 && (rc = made_here(db, &l->here, e)) == 0 && (rc = read_text(l, section, text, e)) == 0)
		rc = look(l, db, section, done, e);
	keyset_free(done);
	return rc;
}

/* --- what is asked --------------------------------------------------------------------------- */

/* An index, or a key, that a partition got when it was attached. */
static bool
came_along(const struct lookback *l, const struct sql_statement *s)
{
	struct made made;
	char *attached;
	bool here;

	made_read(s, &made);
	attached = made.thing != NULL ? attachment(&made) : NULL;
	here = attached != NULL && keyset_has(l->here, made.thing) && keyset_has(l->here, attached);
	free(attached);
	made_release(&made);
	return here;
}

bool
lookback_stands(const struct lookback *l, const char *section, const struct sql_statement *s)
{
	char hex[SCHEMA_STEP_HASH_LEN], *number;
	bool stands;

	if (!keyset_has(l->known, schema_step_hash(s, hex)))
		return came_along(l, s);
	number = schema_step_number(section, s);
	stands = !keyset_has(l->missing, number);
	free(number);
	return stands;
}

char *
lookback_over(const struct lookback *l, const struct sql_statement *s)
{
	static const char create[] = "CREATE ";
	struct made made;
	char *over = NULL;

	made_read(s, &made);
	if (made.thing != NULL && (strncmp(made.thing, "function ", strlen("function ")) == 0 || strncmp(made.thing, "procedure ", strlen("procedure ")) == 0) &&
	    strncmp(s->text, create, strlen(create)) == 0 && !repeat_is_safe(s) && keyset_has(l->here, made.thing) && keyset_has(l->made, made.thing))
		over = mem_printf("CREATE OR REPLACE %s", s->text + strlen(create));
	made_release(&made);
	return over;
}

bool
lookback_differs(const struct lookback *l, const char *schema, const char *name)
{
	char *thing = made_table(schema, name);
	bool differs = keyset_has(l->differs, thing) && keyset_has(l->here, thing);

	free(thing);
	return differs;
}
