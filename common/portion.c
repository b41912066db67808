/* portion.c -- an amount that threads take parts of, in the order in which they came.
 *
 * Who gives hands on to the first in the line, each of whom has a condition of his own: with hundreds
 * that wait, waking all of them for each part would cost more than the work. */
#include "prelude.h"

#include "clock.h"
#include "portion.h"

struct portion_waiter {
	struct portion_waiter *next;
	uint64_t want;
	const void *owner;
	pthread_cond_t answered;
	bool done;
	enum portion_answer answer;
};

void
portion_init(struct portion *s, uint64_t amount)
{
	memset(s, 0, sizeof(*s));
	s->free = amount;
}

/* Out of the line, wherever it stands there. */
static void
leave_line(struct portion *s, struct portion_waiter *w)
{
	struct portion_waiter **p = &s->first, *before = NULL;

	while (*p != w) {
		before = *p;
		p = &before->next;
	}
	*p = w->next;
	if (s->last == w)
		s->last = before;
}

static void
answer(struct portion *s, struct portion_waiter *w, enum portion_answer a)
{
	leave_line(s, w);
	w->answer = a;
	w->done = true;
	pthread_cond_signal(&w->answered);
}

/* As many from the line's head as what is free does for. */
static void
hand_out(struct portion *s)
{
	while (s->first != NULL && s->first->want <= s->free) {
		s->free -= s->first->want;
		answer(s, s->first, PORTION_TAKEN);
	}
}

static enum portion_answer
wait_in_line(struct portion *s, pthread_mutex_t *mutex, struct portion_waiter *w, const struct timespec *until)
{
	int rc = 0;

	if (s->last != NULL)
		s->last->next = w;
	else
		s->first = w;
	s->last = w;
	while (!w->done && rc == 0)
		rc = pthread_cond_timedwait(&w->answered, mutex, until);
	if (!w->done) {
		answer(s, w, PORTION_TOO_LATE);
		hand_out(s); /* the next one may want less */
	}
	return w->answer;
}

enum portion_answer
portion_take(struct portion *s, pthread_mutex_t *mutex, uint64_t n, const void *owner, const struct timespec *until)
{
	struct portion_waiter w = { .want = n, .owner = owner };
	enum portion_answer a;

	if (s->first == NULL && n <= s->free) {
		s->free -= n;
		return PORTION_TAKEN;
	}
	clock_cond_init(&w.answered);
	a = wait_in_line(s, mutex, &w, until);
	pthread_cond_destroy(&w.answered);
	return a;
}

void
portion_give(struct portion *s, uint64_t n)
{
	s->free += n;
	hand_out(s);
}

void
portion_cancel(struct portion *s, const void *owner)
{
	struct portion_waiter *next;

	for (struct portion_waiter *w = s->first; w != NULL; w = next) {
		next = w->next;
		if (w->owner == owner)
			answer(s, w, PORTION_CANCELLED);
	}
	hand_out(s);
}
