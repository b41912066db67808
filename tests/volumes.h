/* volumes.h -- words for tests of stores that are volumes, below tmpdir.h's folder. */
#ifndef GPM_VOLUMES_H
#define GPM_VOLUMES_H

#include <stdarg.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "store.h"
#include "store_words.h"
#include "tmpdir.h"

/* open_url(state, out, e, rest): volume://<tmpdir>/REST, with a state of its own or NULL. */
__attribute__((unused)) static int
open_url(const char *state, struct store **out, struct err *e, const char *rest)
{
	struct store_settings settings = { .volume_state = state };
	char *url = mem_printf("volume://%s/%s", tmpdir, rest);
	int rc = store_open(url, false, state != NULL ? &settings : NULL, out, e);

	if (rc < 0)
		printf("# %s\n", e->text);
	free(url);
	return rc;
}

__attribute__((unused)) static struct store *
must_open(const char *state, const char *rest)
{
	struct store *s = NULL;
	struct err e;

	ok(open_url(state, &s, &e, rest) == 0, "%s opens", rest);
	return s;
}

__attribute__((unused)) static void
fresh(const char *name)
{
	struct err e;

	ok(file_remove_tree(at(name), &e) == 0 && mkdir(at(name), 0700) == 0, "an empty folder %s", name);
}

/* Names in a folder, sorted, a blank behind each. */
__attribute__((unused)) static const char *
names(const char *folder)
{
	char *command = mem_printf("cd %s && ls -A | tr '\\n' ' '", at(folder));
	static char text[4096];
	FILE *f = popen(command, "r");
	size_t n = fread(text, 1, sizeof(text) - 1, f);

	text[n] = '\0';
	pclose(f);
	free(command);
	return text;
}

GPM_PRINTF(1, 2) __attribute__((unused)) static bool
shell(const char *format, ...)
{
	char command[4000];
	va_list ap;

	va_start(ap, format);
	vsnprintf(command, sizeof(command), format, ap);
	va_end(ap);
	return system(command) == 0;
}

__attribute__((unused)) static int
put_many(struct store *s, char letter, size_t len, struct err *e)
{
	char *data = mem_alloc(len), *key = mem_printf("run/%c", letter);
	struct store_body body = { data, -1, len };
	int rc;

	memset(data, letter, len);
	rc = store_put(s, key, &body, e);
	free(key);
	free(data);
	return rc;
}

/* An object of put_many: its letter, '-' absent, '!' it differs, '?' another error. */
__attribute__((unused)) static char
letter(struct store *s, const char *key, struct err *e)
{
	char c = key[strlen(key) - 1];
	struct buf b;
	int rc;

	buf_init(&b, 1 << 20);
	rc = store_get_buf(s, key, &b, e);
	if (rc < 0)
		printf("# %s\n", e->text);
	if (rc > 0 && (b.len == 0 || b.data[0] != c || memcmp(b.data, b.data + 1, b.len - 1) != 0))
		c = '!';
	buf_release(&b);
	return rc == 0 ? '-' : rc > 0 ? c : e->code == ERR_DIFFERS ? '!' : '?';
}

#endif
