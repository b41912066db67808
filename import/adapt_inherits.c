/* adapt_inherits.c -- partitions that cannot be declared (a list over several columns, a bound of a type whose next value is
 * not known) as what they were before there was a way to declare them: tables that inherit, each with a CHECK. */
#include "prelude.h"

#include "adapt_partitions.h"

/* The end of the item of a list that begins at I, before CLOSE: its comma, or CLOSE. */
static size_t
item_end(const struct work *w, size_t i, size_t close)
{
	while (i < close && !work_char(w, i, ','))
		i = work_after(w, i);
	return i < close ? i : close;
}

/* "key = value" for the columns at KEYS and the values from I on, one each; NULL may be among them.  (IS NOT DISTINCT FROM, which
 * needs no case of its own, a Greenplum 7 cannot send to its segments in a CHECK.) */
static bool
add_equal(const struct work *w, size_t keys, size_t i, size_t close, struct buf *b)
{
	size_t key = keys + 1, keys_close = work_after(w, keys) - 1;

	for (bool first = true; key < keys_close && i < close; first = false) {
		size_t key_end = item_end(w, key, keys_close), end = item_end(w, i, close);

		text_puts(b, first ? "" : " AND ");
		work_add_text(w, key, key_end, b);
		text_puts(b, work_word(w, i, "null") ? " IS " : " = ");
		work_add_text(w, i, end, b);
		key = key_end + 1;
		i = end + 1;
	}
	return key > keys_close && i > close;
}

static bool
add_list(const struct work *w, size_t keys, size_t values, struct buf *b)
{
	size_t close = work_after(w, values) - 1, end;
	bool several = item_end(w, keys + 1, work_after(w, keys) - 1) < work_after(w, keys) - 1, good = values > 0;

	for (size_t i = values + 1; good && i < close; i = end + 1) {
		end = item_end(w, i, close);
		text_puts(b, i > values + 1 ? " OR (" : "(");
		if (!several)
			good = add_equal(w, keys, i, end, b);
		else
			good = work_char(w, i, '(') && add_equal(w, keys, i + 1, work_after(w, i) - 1, b);
		text_puts(b, ")");
	}
	return good;
}

static void
add_side(const struct work *w, size_t keys, const char *operator, size_t open, struct buf *b)
{
	work_add_text(w, keys + 1, work_after(w, keys) - 1, b);
	text_puts(b, operator);
	work_add_text(w, open, work_after(w, open), b);
}

bool
inherits_check(const struct work *w, const struct level *l, const struct element *el, struct buf *b)
{
	if (el->is_default)
		return true;
	if (l->list)
		return add_list(w, l->keys, el->values, b);
	if (el->start > 0)
		add_side(w, l->keys, el->start_exclusive ? " > " : " >= ", el->start, b);
	if (el->start > 0 && el->stop > 0)
		text_puts(b, " AND ");
	if (el->stop > 0)
		add_side(w, l->keys, el->stop_inclusive ? " <= " : " < ", el->stop, b);
	return true;
}
