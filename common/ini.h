/* ini.h -- settings of other tools: sections in brackets, "name = value" in them. */
#ifndef GPM_INI_H
#define GPM_INI_H

struct err;

/* A piece of a text that is not NUL-terminated; nothing when AT is NULL. */
struct span {
	const char *at;
	size_t len;
};

bool span_is(struct span, const char *text);
bool span_is_nocase(struct span, const char *text);

/* Called for each setting that has a value; both point into the text. */
typedef void ini_fn(void *ctx, struct span name, struct span value);

/* ini_each(text, len, section, fn, ctx): the settings of SECTION, wherever it stands; also of several of that name.
 * Lines that begin with '#' or ';' are passed over, and indented ones after a setting without a value, whose own they are. */
void ini_each(const char *text, size_t len, const char *section, ini_fn *, void *ctx);

/* ini_read(path, text, len, shared, e): all of a file into *TEXT, to be given to ini_forget.  1; 0 when there is none;
 * -1.  *SHARED: others than its owner (who is the user or root) may write it. */
int ini_read(const char *path, char **text, size_t *len, bool *shared, struct err *) GPM_NODISCARD;
void ini_forget(char *text, size_t len); /* wiped and freed; NULL is fine */

#endif
