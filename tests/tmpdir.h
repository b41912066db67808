/* tmpdir.h -- a folder of its own for a unit test.
 *
 *   int main(void) { tmpdir_make(); ok(stat(at("x"), &st) == 0, "x"); tmpdir_remove(); return tap_done(); }
 */
#ifndef GPM_TMPDIR_H
#define GPM_TMPDIR_H

#include <sys/stat.h>

#include "atomic.h"
#include "err.h"
#include "tap.h"

static char tmpdir[] = "/tmp/gpm-test-XXXXXX";

/* tmpdir_make(): the folder; without one the program ends. */
__attribute__((unused)) static void
tmpdir_make(void)
{
	if (mkdtemp(tmpdir) == NULL) {
		perror(tmpdir);
		exit(99);
	}
}

/* tmpdir_remove(): with all in it; one check. */
__attribute__((unused)) static void
tmpdir_remove(void)
{
	struct err e;

	ok(file_remove_tree(tmpdir, &e) == 0, "cleaned up");
}

/* at(name): a path below the folder, in one of eight buffers in turn. */
__attribute__((unused)) static const char *
at(const char *name)
{
	static char paths[8][1500];
	static size_t next;
	char *path = paths[next++ % 8];

	snprintf(path, sizeof(paths[0]), "%s/%s", tmpdir, name);
	return path;
}

/* exists(name): is there anything of that name below it?  A link is. */
__attribute__((unused)) static bool
exists(const char *name)
{
	struct stat st;

	return lstat(at(name), &st) == 0;
}

#endif
