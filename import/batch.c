/* batch.c -- schema statements done together. */
#include "prelude.h"

#include "batch.h"
#include "err.h"
#include "stop.h"

#define MOST 64 /* so that few locks are held at once, and few statements done in vain */

struct batch {
	batch_together_fn *together;
	batch_alone_fn *alone;
	void *ctx;
	struct sql_statement at[MOST]; /* their texts are our own */
	char *texts[MOST];
	size_t n;
	size_t enough;                 /* so many are tried together now */
};

struct batch *
batch_new(batch_together_fn *together, batch_alone_fn *alone, void *ctx)
{
	struct batch *b = mem_alloc(sizeof(*b));

	b->together = together;
	b->alone = alone;
	b->ctx = ctx;
	b->enough = MOST;
	return b;
}

static void
empty(struct batch *b)
{
	for (size_t i = 0; i < b->n; i++)
		free(b->texts[i]);
	b->n = 0;
}

void
batch_free(struct batch *b)
{
	if (b == NULL)
		return;
	empty(b);
	free(b);
}

int
batch_add(struct batch *b, const struct sql_statement *s, struct err *e)
{
	b->at[b->n] = *s;
	b->at[b->n].text = b->texts[b->n] = mem_strn(s->text, s->len);
	b->n++;
	return b->n >= b->enough ? batch_run(b, e) : 0;
}

int
batch_run(struct batch *b, struct err *e)
{
	int rc = b->n > 1 ? b->together(b->ctx, b->at, b->n, e) : 0;

	if (b->n > 1 && rc == 0)
		b->enough = b->enough / 4 > 0 ? b->enough / 4 : 1;
	for (size_t i = 0; rc == 0 && i < b->n; i++)
		if (stop_check(e) < 0 || b->alone(b->ctx, &b->at[i], e) < 0)
			rc = -1;
	if (rc > 0 || b->n == 1)
		b->enough = 2 * b->enough < MOST ? 2 * b->enough : MOST;
	empty(b);
	return rc < 0 ? -1 : 0;
}
