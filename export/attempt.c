/* attempt.c -- one try at taking a table out. */
#include "prelude.h"

#include <pthread.h>

#include "attempt.h"
#include "rows.h"

#define TRIES 2 /* after the first */

struct attempt {
	struct state *state;
	struct table *table;
	pthread_mutex_t mutex; /* over what follows */
	size_t left;           /* slices that are not out */
	bool begun, failed;
	unsigned tries;
	struct rec_done sums;
};

struct attempt *
attempt_new(struct state *state, struct table *t, size_t nslices)
{
	struct attempt *a = mem_alloc(sizeof(*a));

	a->state = state;
	a->table = t;
	a->left = nslices;
	pthread_mutex_init(&a->mutex, NULL);
	return a;
}

void
attempt_free(struct attempt *a)
{
	if (a == NULL)
		return;
	pthread_mutex_destroy(&a->mutex);
	free(a);
}

struct table *
attempt_table(const struct attempt *a)
{
	return a->table;
}

int
attempt_begin(struct attempt *a, const char *method, struct err *e)
{
	int rc = 1;

	pthread_mutex_lock(&a->mutex);
	if (a->failed)
		rc = 0;
	else if (!a->begun && state_begin_attempt(a->state, a->table, method, e) < 0)
		rc = -1;
	a->begun = true;
	pthread_mutex_unlock(&a->mutex);
	return rc;
}

bool
attempt_again(struct attempt *a)
{
	if (a->tries >= TRIES)
		return false;
	a->tries++;
	a->begun = false;
	return true;
}

void
attempt_sum(struct rec_done *sums, const struct rec_done *part)
{
	sums->chunks += part->chunks;
	sums->batches += part->batches;
	sums->rows += part->rows;
	sums->plain_bytes += part->plain_bytes;
	sums->digest = digest_add(sums->digest, part->digest);
}

bool
attempt_add(struct attempt *a, const struct rec_done *part)
{
	bool last;

	pthread_mutex_lock(&a->mutex);
	attempt_sum(&a->sums, part);
	last = --a->left == 0;
	pthread_mutex_unlock(&a->mutex);
	return last;
}

struct rec_done *
attempt_sums(struct attempt *a)
{
	return &a->sums;
}

bool
attempt_fail(struct attempt *a)
{
	bool first;

	pthread_mutex_lock(&a->mutex);
	first = !a->failed;
	a->failed = true;
	pthread_mutex_unlock(&a->mutex);
	return first;
}
