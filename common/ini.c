/* ini.c -- settings of other tools. */
#include "prelude.h"

#include <errno.h>
#include <fcntl.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "atomic.h"
#include "err.h"
#include "ini.h"

#define FILE_LIMIT ((off_t)1 << 20)

bool
span_is(struct span s, const char *text)
{
	return s.len == strlen(text) && memcmp(s.at, text, s.len) == 0;
}

bool
span_is_nocase(struct span s, const char *text)
{
	return s.len == strlen(text) && strncasecmp(s.at, text, s.len) == 0;
}

static struct span
trim(const char *from, const char *to)
{
	while (from < to && (*from == ' ' || *from == '\t'))
		from++;
	while (to > from && (to[-1] == ' ' || to[-1] == '\t' || to[-1] == '\r'))
		to--;
	return (struct span){ from, (size_t)(to - from) };
}

/* "name = value" */
static void
read_setting(struct span line, ini_fn *fn, void *ctx)
{
	const char *end = line.at + line.len, *equals = memchr(line.at, '=', line.len);
	struct span value;

	if (equals == NULL)
		return;
	value = trim(equals + 1, end);
	if (value.len > 0)
		fn(ctx, trim(line.at, equals), value);
}

void
ini_each(const char *text, size_t len, const char *section, ini_fn *fn, void *ctx)
{
	const char *end = text + len, *next;
	bool ours = false, nested = false;

	for (const char *c = text; c < end; c = next) {
		const char *newline = memchr(c, '\n', (size_t)(end - c));
		struct span line = trim(c, newline != NULL ? newline : end);

		next = newline != NULL ? newline + 1 : end;
		if (line.len == 0 || *line.at == '#' || *line.at == ';')
			continue;
		if (*line.at == '[' && line.at[line.len - 1] == ']')
			ours = span_is(trim(line.at + 1, line.at + line.len - 1), section);
		else if (ours && (line.at == c || !nested))
			read_setting(line, fn, ctx);
		if (line.at == c)
			nested = line.at[line.len - 1] == '=';
	}
}

int
ini_read(const char *path, char **text, size_t *len, bool *shared, struct err *e)
{
	struct stat st;
	int fd, rc;

	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) < 0)
		return errno == ENOENT || errno == ENOTDIR ? 0 : err_sys(e, "cannot open '%s'", path);
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size > FILE_LIMIT) {
		close(fd);
		return err_set(e, ERR_CREDENTIALS, "'%s' is not a credentials file", path);
	}
	*len = (size_t)st.st_size;
	*text = mem_alloc(*len + 1);
	*shared = (st.st_mode & (S_IWGRP | S_IWOTH)) != 0 || (st.st_uid != geteuid() && st.st_uid != 0);
	rc = file_read_at(fd, *text, *len, 0, path, e);
	close(fd);
	if (rc == 0)
		return 1;
	ini_forget(*text, *len);
	return -1;
}

void
ini_forget(char *text, size_t len)
{
	if (text == NULL)
		return;
	explicit_bzero(text, len);
	free(text);
}
