/* target.c -- for whom a run is stored: one table.
 *
 * Our own loaders read all that we write.  The databases' own readers know gzip, and read one member of an
 * object: what a Greenplum s3:// table finds behind the first is lost without a word (stage_gzip.c makes
 * exactly one).  Whatever the target, our own loaders can still load the run. */
#include "prelude.h"

#include "buf.h"
#include "err.h"
#include "target.h"

#define METHODS_MAX 5

static const struct target {
	const char *name;
	const char *compress;  /* when --compress is not given */
	const char *only;      /* the one compression that it reads, or NULL: all */
	const char *methods[METHODS_MAX + 1]; /* of gpm-import; NULL ends them */
} targets[] = {
	{ "any", "zstd:1", NULL, { "copy", "file_fdw", "gpfdist", "web" } },
	{ "gpfdist", "zstd:1", NULL, { "copy", "file_fdw", "gpfdist", "web" } },
	{ "oss_fdw", "gzip:1", "gzip", { "copy", "file_fdw", "gpfdist", "oss_fdw", "web" } },
	{ "s3", "gzip:1", "gzip", { "copy", "file_fdw", "gpfdist", "s3", "web" } },
	{ "pxf", "gzip:1", "gzip", { "copy", "file_fdw", "gpfdist", "pxf", "web" } },
};

static int
no_target(const char *name, struct err *e)
{
	struct buf names;

	text_init(&names);
	for (size_t i = 0; i < GPM_ARRAY_LEN(targets); i++)
		text_printf(&names, "%s%s", i > 0 ? ", " : "", targets[i].name);
	err_set(e, ERR_USAGE, "--for '%s' is none of %s", name, text_str(&names));
	buf_release(&names);
	return -1;
}

static const struct target *
find(const char *name)
{
	for (size_t i = 0; i < GPM_ARRAY_LEN(targets); i++)
		if (strcmp(targets[i].name, name) == 0)
			return &targets[i];
	return NULL;
}

int
target_choose(const char *name, const char *compress, bool encrypt, const struct target **out, struct compression *how,
    struct err *e)
{
	const struct target *t = find(name);

	if (t == NULL)
		return no_target(name, e);
	if (compression_parse(compress != NULL ? compress : t->compress, how, e) < 0)
		return err_context(e, "--compress");
	if (t->only != NULL && strcmp(how->name, t->only) != 0) {
		err_set(e, ERR_USAGE, "--compress %s does not go with --for %s, which reads %s", compress, t->name, t->only);
		return err_hint(e, "leave --compress out, or say %s with a level, as in %s:6", t->only, t->only);
	}
	if (t->only != NULL && encrypt) {
		err_set(e, ERR_USAGE, "--encrypt-key does not go with --for %s, which cannot decrypt", t->name);
		return err_hint(e, "leave --for out: gpm-import decrypts, by its methods copy, gpfdist, web and file_fdw");
	}
	*out = t;
	return 0;
}

void
target_describe(const struct target *t, struct rec_push *push)
{
	push->target = mem_str(t->name);
	push->methods.at = mem_array(METHODS_MAX, sizeof(char *));
	for (size_t i = 0; t->methods[i] != NULL; i++)
		push->methods.at[push->methods.len++] = mem_str(t->methods[i]);
}
