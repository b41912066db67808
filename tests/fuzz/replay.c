/* replay.c -- runs a fuzz target over saved inputs: every file in the folders that are named.
 *
 * Speaks TAP.  A target reports by ending the program, so the file's name comes first. */
#include "prelude.h"

#include <dirent.h>
#include <sys/stat.h>

#include "tap.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static int
visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* The file's bytes in memory of just that size, so that a read past the end is seen. */
static uint8_t *
read_file(const char *path, size_t *size)
{
	FILE *f = fopen(path, "rb");
	struct stat st;
	uint8_t *data = NULL;

	if (f == NULL)
		return NULL;
	if (fstat(fileno(f), &st) == 0 && S_ISREG(st.st_mode)) {
		*size = (size_t)st.st_size;
		data = mem_alloc(*size);
		if (fread(data, 1, *size, f) != *size) {
			free(data);
			data = NULL;
		}
	}
	fclose(f);
	return data;
}

static void
replay(const char *path)
{
	size_t size;
	uint8_t *data = read_file(path, &size);

	printf("# %s\n", path);
	fflush(stdout);
	if (data != NULL)
		LLVMFuzzerTestOneInput(data, size);
	ok(data != NULL, "%s", path);
	free(data);
}

static void
replay_folder(const char *folder)
{
	struct dirent **entries;
	int n = scandir(folder, &entries, visible, alphasort);

	ok(n > 0, "%s holds inputs", folder);
	for (int i = 0; i < n; i++) {
		char *path = mem_printf("%s/%s", folder, entries[i]->d_name);

		replay(path);
		free(path);
		free(entries[i]);
	}
	if (n >= 0)
		free(entries);
}

int
main(int argc, char **argv)
{
	ok(argc > 1, "at least one folder is named");
	for (int i = 1; i < argc; i++)
		replay_folder(argv[i]);
	return tap_done();
}
