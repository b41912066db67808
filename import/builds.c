/* builds.c -- statements that build indexes, several at a time. */
#include "prelude.h"

#include <pthread.h>

#include "builds.h"
#include "err.h"
#include "pool.h"
#include "stop.h"

struct build {
	struct sql_statement s;
	char *text;              /* of S, our own */
	char *table;             /* as it stands in the text; NULL for what comes after */
	bool constraint;
};

struct list {
	struct build *at;
	size_t n;
};

/* The statements of one table, in their order: a piece of the array of all. */
struct group {
	struct build *next, *end; /* not begun */
	uint64_t bytes;
	size_t order;            /* where it stands in the text */
	unsigned running;
	unsigned waiting;        /* to be alone, after a deadlock */
	bool alone;              /* what runs wants nothing beside it */
};

struct builds {
	unsigned lanes;
	builds_fn *fn;
	builds_size_fn *size;
	void *ctx;
	struct list builds, after;
	pthread_mutex_t mutex;   /* over what follows, while lanes run */
	pthread_cond_t changed;
	struct group *groups;
	size_t ngroups, first;   /* those before FIRST have begun all of theirs */
	bool failed;
};

struct builds *
builds_new(unsigned lanes, builds_fn *fn, builds_size_fn *size, void *ctx)
{
	struct builds *b = mem_alloc(sizeof(*b));

	b->lanes = lanes;
	b->fn = fn;
	b->size = size;
	b->ctx = ctx;
	pthread_mutex_init(&b->mutex, NULL);
	pthread_cond_init(&b->changed, NULL);
	return b;
}

static void
empty(struct list *l)
{
	for (size_t i = 0; i < l->n; i++) {
		free(l->at[i].table);
		free(l->at[i].text);
	}
	free(l->at);
	*l = (struct list){ 0 };
}

static void
forget(struct builds *b)
{
	empty(&b->builds);
	empty(&b->after);
	free(b->groups);
	b->groups = NULL;
	b->ngroups = b->first = 0;
}

void
builds_free(struct builds *b)
{
	if (b == NULL)
		return;
	forget(b);
	pthread_cond_destroy(&b->changed);
	pthread_mutex_destroy(&b->mutex);
	free(b);
}

bool
builds_add(struct builds *b, const struct sql_statement *s)
{
	const char *table;
	size_t len;
	enum sql_build kind = sqlsplit_builds(s, &table, &len);
	struct list *l = kind == SQL_AFTER_BUILDS ? &b->after : &b->builds;
	struct build *at;

	if (kind == SQL_BUILDS_NOTHING)
		return false;
	l->at = mem_grow(l->at, (l->n + 1) * sizeof(*l->at));
	at = &l->at[l->n++];
	*at = (struct build){
		.s = *s, .text = mem_strn(s->text, s->len), .constraint = kind == SQL_BUILDS_CONSTRAINT,
		.table = kind == SQL_AFTER_BUILDS ? NULL : mem_strn(table, len),
	};
	at->s.text = at->text;
	return true;
}

/* --- groups ---------------------------------------------------------------------------------- */

static int
by_table(const void *x, const void *y)
{
	const struct build *a = x, *b = y;
	int rc = strcmp(a->table, b->table);

	return rc != 0 ? rc : (a->s.number > b->s.number) - (a->s.number < b->s.number);
}

static int
by_size(const void *x, const void *y)
{
	const struct group *a = x, *b = y;

	if (a->bytes != b->bytes)
		return a->bytes < b->bytes ? 1 : -1;
	return (a->order > b->order) - (a->order < b->order);
}

static void
make_groups(struct builds *b)
{
	qsort(b->builds.at, b->builds.n, sizeof(*b->builds.at), by_table);
	b->groups = mem_array(b->builds.n, sizeof(*b->groups));
	for (size_t i = 0; i < b->builds.n; i++) {
		struct build *at = &b->builds.at[i];

		if (i == 0 || strcmp(at[-1].table, at->table) != 0)
			b->groups[b->ngroups++] = (struct group){ .next = at, .order = at->s.number };
		b->groups[b->ngroups - 1].end = at + 1;
	}
	for (size_t i = 0; b->lanes > 1 && b->ngroups > 1 && i < b->ngroups; i++)
		b->groups[i].bytes = b->size(b->ctx, b->groups[i].next->table);
	qsort(b->groups, b->ngroups, sizeof(*b->groups), by_size);
}

/* The next statement that may begin, NULL when there is none now.  The mutex is held. */
static struct build *
pick(struct builds *b, struct group **out)
{
	while (b->first < b->ngroups && b->groups[b->first].next == b->groups[b->first].end)
		b->first++;
	for (size_t i = b->first; i < b->ngroups; i++) {
		struct group *g = &b->groups[i];

		if (g->next == g->end || g->alone || g->waiting > 0 || (g->running > 0 && g->next->constraint))
			continue;
		g->running++;
		g->alone = g->next->constraint;
		*out = g;
		return g->next++;
	}
	return NULL;
}

/* --- lanes ----------------------------------------------------------------------------------- */

/* After a deadlock: once nothing else runs on its table.  The mutex is held. */
static int
build_alone(struct builds *b, unsigned lane, struct group *g, struct build *at, struct err *e)
{
	int rc;

	g->running--;
	g->waiting++;
	pthread_cond_broadcast(&b->changed);
	while (g->running > 0)
		pthread_cond_wait(&b->changed, &b->mutex);
	g->waiting--;
	g->running++;
	g->alone = true;
	pthread_mutex_unlock(&b->mutex);
	rc = b->fn(b->ctx, lane, &at->s, true, e);
	pthread_mutex_lock(&b->mutex);
	return rc;
}

static int
build(struct builds *b, unsigned lane, struct group *g, struct build *at, struct err *e)
{
	int rc;

	pthread_mutex_unlock(&b->mutex);
	rc = stop_check(e);
	if (rc == 0)
		rc = b->fn(b->ctx, lane, &at->s, false, e);
	pthread_mutex_lock(&b->mutex);
	if (rc > 0)
		rc = build_alone(b, lane, g, at, e);
	g->running--;
	g->alone = false;
	b->failed = b->failed || rc < 0;
	pthread_cond_broadcast(&b->changed);
	return rc;
}

/* A worker of the pool, to its end: the pool's own queue would not know what may run beside what. */
static int
lane_main(void *ctx, unsigned lane, void *job, struct err *e)
{
	struct builds *b = ctx;
	struct build *at;
	struct group *g;
	int rc = 0;

	(void)job; /* only says that a lane is wanted */
	pthread_mutex_lock(&b->mutex);
	while (rc == 0 && !b->failed) {
		if ((at = pick(b, &g)) != NULL)
			rc = build(b, lane, g, at, e);
		else if (b->first < b->ngroups)
			pthread_cond_wait(&b->changed, &b->mutex);
		else
			break;
	}
	pthread_mutex_unlock(&b->mutex);
	return rc;
}

static int
run_lanes(struct builds *b, struct err *e)
{
	unsigned n = b->builds.n < b->lanes ? (unsigned)b->builds.n : b->lanes;
	struct pool *pool = pool_start(n, lane_main, NULL, b);

	for (unsigned i = 0; i < n; i++) {
		if (pool_put(pool, b, e) < 0) {
			pool_abort(pool);
			return -1;
		}
	}
	return pool_finish(pool, e);
}

int
builds_run(struct builds *b, struct err *e)
{
	int rc = 0;

	if (b->builds.n > 0) {
		make_groups(b);
		rc = run_lanes(b, e);
	}
	for (size_t i = 0; rc == 0 && i < b->after.n; i++)
		if ((rc = stop_check(e)) == 0)
			rc = b->fn(b->ctx, 0, &b->after.at[i].s, true, e);
	forget(b);
	return rc;
}
