/* entered.c -- what a load learned of its tables. */
#include "prelude.h"

#include "entered.h"

struct entered {
	struct entered_table *at;
	size_t n, cap;
};

struct entered *
entered_new(void)
{
	return mem_alloc(sizeof(struct entered));
}

void
entered_free(struct entered *x)
{
	if (x == NULL)
		return;
	free(x->at);
	free(x);
}

void
entered_add(struct entered *x, struct entered_table t)
{
	if (x->n == x->cap) {
		x->cap = x->cap == 0 ? 256 : x->cap + x->cap / 2;
		x->at = mem_grow(x->at, x->cap * sizeof(*x->at));
	}
	x->at[x->n++] = t;
}

const struct entered_table *
entered_find(const struct entered *x, uint64_t number)
{
	size_t low = 0, high = x->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (x->at[middle].number < number)
			low = middle + 1;
		else
			high = middle;
	}
	return low < x->n && x->at[low].number == number ? &x->at[low] : NULL;
}
