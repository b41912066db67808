/* opt_conf_text.c -- what happens to the text of a gpm.conf before libconfuse sees it: comments become
 * blanks, and so does an access key, which libconfuse would keep in memory of its own and quote in its
 * complaints. */
#include "prelude.h"

#include <sys/stat.h>
#include <unistd.h>

#include "buf.h"
#include "credentials.h"
#include "err.h"
#include "opt_internal.h"

static const char *const key_names[] = { "access_key_id", "secret_access_key" };

struct cleaning {
	const char *path;
	const struct stat *st;
	struct buf *text;
	struct secret *keys[GPM_ARRAY_LEN(key_names)];
};

/* The byte at I; a newline after the last. */
static char
byte_at(const struct buf *text, size_t i)
{
	return i < text->len ? text->data[i] : '\n';
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static bool
is_word(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static size_t
skip_blanks(const struct buf *text, size_t i)
{
	while (is_blank(byte_at(text, i)))
		i++;
	return i;
}

static bool
begins_word(const struct buf *text, size_t i)
{
	return i == 0 || is_blank(text->data[i - 1]) || text->data[i - 1] == '\n';
}

static bool
begins_line(const struct buf *text, size_t i)
{
	while (i > 0 && is_blank(text->data[i - 1]))
		i--;
	return i == 0 || text->data[i - 1] == '\n';
}

static void
make_blank(struct buf *text, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++)
		if (text->data[i] != '\n')
			text->data[i] = ' ';
}

/* --- comments --- */

/* libconfuse 3.3 knows "# …", and "// …" and C's where a word may begin, but counts three lines for each,
 * so that its messages would name the wrong line, and takes none inside a list.  Returns the end of the
 * comment at I: I when there is none, NO_END when it has none. */
#define NO_END SIZE_MAX
static size_t
comment_end(const struct buf *text, size_t i)
{
	bool slash = text->data[i] == '/' && begins_word(text, i);

	if (slash && byte_at(text, i + 1) == '*') {
		const char *end = memmem(text->data + i + 2, text->len - i - 2, "*/", 2);

		return end != NULL ? (size_t)(end - text->data) + 2 : NO_END;
	}
	if (text->data[i] == '#' || (slash && byte_at(text, i + 1) == '/'))
		while (byte_at(text, i) != '\n')
			i++;
	return i;
}

/* WHAT stands at AT and WHY it may not. */
static int
refuse(const struct cleaning *c, size_t at, const char *what, const char *why, struct err *e)
{
	size_t line = 1;

	for (size_t i = 0; i < at; i++)
		line += c->text->data[i] == '\n';
	return err_set(e, ERR_USAGE, "%s:%zu: %s %s", c->path, line, what, why);
}

/* --- keys --- */

/* Which key's name stands at I; their number when it is none. */
static size_t
key_at(const struct buf *text, size_t i)
{
	size_t key = 0;

	for (; key < GPM_ARRAY_LEN(key_names); key++) {
		size_t len = strlen(key_names[key]);

		if (text->len - i >= len && memcmp(text->data + i, key_names[key], len) == 0 && !is_word(byte_at(text, i + len)))
			break;
	}
	return key;
}

/* Nobody else may be able to read what only its owner should know. */
static int
check_private(const struct cleaning *c, size_t at, size_t key, struct err *e)
{
	if (c->st->st_uid != geteuid() && c->st->st_uid != 0) {
		refuse(c, at, key_names[key], "is taken only from a file of one's own or of root, and this is another user's", e);
		return err_hint(e, "chown %ju '%s'", (uintmax_t)geteuid(), c->path);
	}
	if ((c->st->st_mode & 077) != 0) {
		refuse(c, at, key_names[key], "is taken only from a file that nobody else can read", e);
		return err_hint(e, "chmod 600 '%s'; its mode is %04o", c->path, (unsigned)c->st->st_mode & 07777);
	}
	return 0;
}

/* The value that begins at I: *FROM to *TO, without its quotes.  Returns what follows it, or NO_END. */
static size_t
find_value(const struct buf *text, size_t i, size_t *from, size_t *to)
{
	char quote = byte_at(text, i);

	if (quote == '"' || quote == '\'') {
		*from = *to = i + 1;
		while (byte_at(text, *to) != quote && byte_at(text, *to) != '\n')
			++*to;
		return byte_at(text, *to) == quote ? *to + 1 : NO_END;
	}
	*from = *to = i;
	while (!is_blank(byte_at(text, *to)) && byte_at(text, *to) != '\n')
		++*to;
	return *to;
}

/* What is wrong with "name = value" at AT, or NULL and the value; *REST follows it.  What it is not sure
 * of is refused, lest libconfuse quote it. */
static const char *
read_key(const struct buf *text, size_t at, size_t key, size_t *from, size_t *to, size_t *rest)
{
	size_t i = skip_blanks(text, at + strlen(key_names[key]));

	if (byte_at(text, i) != '=')
		return "should be followed by '=' and its value";
	if (!begins_line(text, at))
		return "should stand on a line of its own";
	i = skip_blanks(text, i + 1);
	if (byte_at(text, i) == '\n')
		return "has no value on its line; write \"\" for none";
	if ((*rest = find_value(text, i, from, to)) == NO_END)
		return "has a quote without its end";
	*rest = skip_blanks(text, *rest);
	if (byte_at(text, *rest) != '\n' && comment_end(text, *rest) == *rest)
		return "has more than one word for a value";
	if (memchr(text->data + *from, '\\', *to - *from) != NULL)
		return "has a backslash, which no key has";
	return NULL;
}

static int
take_key(struct cleaning *c, size_t at, size_t key, struct err *e)
{
	size_t from, to, rest;
	const char *wrong = read_key(c->text, at, key, &from, &to, &rest);

	if (wrong != NULL)
		return refuse(c, at, key_names[key], wrong, e);
	if (to > from) {
		if (check_private(c, at, key, e) < 0)
			return -1;
		secret_free(c->keys[key]);
		c->keys[key] = secret_new(c->text->data + from, to - from);
	}
	make_blank(c->text, at, rest);
	return 0;
}

/* Is the name at I, which stands for a key, one in truth?  As a word of a list it may be a table's. */
static bool
is_key(const struct buf *text, size_t i, size_t key)
{
	char next = byte_at(text, skip_blanks(text, i + strlen(key_names[key])));

	if (next == '=')
		return begins_word(text, i);
	return begins_line(text, i) && next != '\n' && next != ',' && next != '}';
}

/* --- both --- */

static int
clean(struct cleaning *c, struct err *e)
{
	struct buf *text = c->text;
	char quote = '\0';

	for (size_t i = 0, end, key; i < text->len; i++) {
		if (quote != '\0') {
			if (text->data[i] == '\\')
				i++;
			else if (text->data[i] == quote)
				quote = '\0';
		} else if (text->data[i] == '"' || text->data[i] == '\'') {
			quote = text->data[i];
		} else if ((end = comment_end(text, i)) == NO_END) {
			return refuse(c, i, "a comment", "has no end", e);
		} else if (end > i) {
			make_blank(text, i, end);
			i = end - 1;
		} else if ((key = key_at(text, i)) < GPM_ARRAY_LEN(key_names) && is_key(text, i, key) &&
		    take_key(c, i, key, e) < 0) {
			return -1;
		}
	}
	return 0;
}

/* A pair is never made of the halves of two files. */
static void
keep_keys(struct opts *o, const struct cleaning *c)
{
	if (c->keys[0] == NULL && c->keys[1] == NULL)
		return;
	opt_keys_release(&o->keys);
	o->keys = (struct opt_keys){ mem_printf("'%s'", c->path), c->keys[0], c->keys[1] };
}

int
opt_conf_clean(struct opts *o, const char *path, const struct stat *st, struct buf *text, struct err *e)
{
	struct cleaning c = { .path = path, .st = st, .text = text };

	if (clean(&c, e) == 0) {
		keep_keys(o, &c);
		return 0;
	}
	for (size_t i = 0; i < GPM_ARRAY_LEN(key_names); i++)
		secret_free(c.keys[i]);
	return -1;
}

void
opt_keys_release(struct opt_keys *k)
{
	free(k->place);
	secret_free(k->access_key_id);
	secret_free(k->secret_access_key);
	memset(k, 0, sizeof(*k));
}
