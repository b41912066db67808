/* setting_list.c -- settings whose value is a list of quoted names.
 *
 * ALTER … SET search_path = a, "B b" is kept as one text, in which each element is quoted where it has to be; set_config() keeps whatever
 * it was given.  One literal of the whole text would be a list of one element: a library of that name keeps everybody out of a database. */
#include "prelude.h"

#include <strings.h>

#include "buf.h"
#include "db.h"
#include "setting_list.h"

#define BLANKS " \t\n\r\f" /* what separates for every server */

/* The server's own, those that it flags as lists of quoted elements. */
static const struct list {
	const char *name;
	bool of_names; /* identifiers: without quotes their case does not count, and an empty list means something */
} lists[] = {
	{ "search_path", true }, { "temp_tablespaces", true }, { "session_preload_libraries", false }, { "local_preload_libraries", false },
	{ "shared_preload_libraries", false }, { "unix_socket_directories", false },
};

static const struct list *
find(const char *name)
{
	for (size_t i = 0; i < GPM_ARRAY_LEN(lists); i++)
		if (strcasecmp(lists[i].name, name) == 0)
			return &lists[i];
	return NULL;
}

bool
setting_is_list(const char *name)
{
	return find(name) != NULL;
}

/* What is behind its closing quote, NULL when it has none. */
static const char *
read_quoted(const char *p, struct buf *out)
{
	for (p++; *p != '\0'; p++) {
		if (*p == '"' && *++p != '"')
			return p;
		text_add(out, p, 1);
	}
	return NULL;
}

static const char *
read_bare(const struct list *list, const char *p, struct buf *out)
{
	const char *end = p + strcspn(p, "," BLANKS);

	if (end == p)
		return NULL;
	for (; p < end; p++) {
		char c = list->of_names && *p >= 'A' && *p <= 'Z' ? (char)(*p - 'A' + 'a') : *p;

		text_add(out, &c, 1);
	}
	return end;
}

/* The element at *P, behind which *P is moved, its comma included; *MORE: there was one.  1, 0, -1 as in setting_add_list. */
static int
add_element(struct db *db, const struct list *list, const char **p, bool *more, struct buf *out, struct err *e)
{
	struct buf element;
	const char *end;
	int rc = 0;

	text_init(&element);
	*p += strspn(*p, BLANKS);
	end = **p == '"' ? read_quoted(*p, &element) : read_bare(list, *p, &element);
	if (end != NULL) {
		end += strspn(end, BLANKS);
		*more = *end == ',';
		*p = end + *more;
		if (*more || *end == '\0')
			rc = db_add_literal(db, out, text_str(&element), e) < 0 ? -1 : 1;
	}
	buf_release(&element);
	return rc;
}

int
setting_add_list(struct db *db, const char *name, const char *value, struct buf *out, struct err *e)
{
	const struct list *list = find(name);
	bool more = true;
	int rc = 1;

	if (value[strspn(value, BLANKS)] == '\0') {
		text_puts(out, "''");
		return list->of_names;
	}
	while (rc > 0 && more && (rc = add_element(db, list, &value, &more, out, e)) > 0 && more)
		text_puts(out, ", ");
	return rc;
}
