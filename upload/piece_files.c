/* piece_files.c -- where the files of pieces are on this host. */
#include "prelude.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <unistd.h>

#include "err.h"
#include "log.h"
#include "opt.h"
#include "piece.h"
#include "piece_files.h"

static char *
file_name(const struct push *p, const struct view_table *t, uint64_t attempt, uint64_t piece)
{
	char *number = mem_printf("%" PRIu64, piece), *name = piece_file(spool_run_id(p->run), t->label, attempt, number);

	free(number);
	return name;
}

int
piece_files_check(const struct push *p, struct err *e)
{
	size_t n = opt_list_len(p->opts, OPT_ID_segment_dir);

	if (n == 0) {
		err_set(e, ERR_USAGE, "--host-part needs --segment-dir");
		return err_hint(e, "name the folders where the segments, or the gpfdist, of this host leave their files");
	}
	for (size_t i = 0; i < n; i++) {
		const char *dir = opt_list_at(p->opts, OPT_ID_segment_dir, i);
		struct stat st;

		if (stat(dir, &st) != 0 || !S_ISDIR(st.st_mode))
			return err_set(e, ERR_USAGE, "--segment-dir '%s' is no folder of this host", dir);
	}
	return 0;
}

int
piece_files_find(const struct push *p, const struct view_table *t, uint64_t piece, char **path, struct err *e)
{
	char *name = file_name(p, t, t->attempt, piece);
	int rc = 0;

	*path = NULL;
	for (size_t i = 0; rc >= 0 && i < opt_list_len(p->opts, OPT_ID_segment_dir); i++) {
		char *at = mem_printf("%s/%s", opt_list_at(p->opts, OPT_ID_segment_dir, i), name);
		struct stat st;

		if (lstat(at, &st) != 0) {
			if (errno != ENOENT)
				rc = err_sys(e, "cannot look at '%s'", at);
			free(at);
		} else if (*path != NULL) {
			rc = err_set(e, ERR_USAGE, "'%s' is there beside '%s': which of them is it?", at, *path);
			free(at);
		} else {
			*path = at;
			rc = 1;
		}
	}
	free(name);
	if (rc < 0) {
		free(*path);
		*path = NULL;
	}
	return rc;
}

/* Is NAME a file whose rows are nobody's, or are stored?  What is of an attempt that is not known yet stays. */
static bool
is_over(struct push *p, const char *name)
{
	uint64_t table, attempt, piece;
	const struct view_table *t;
	char *want;
	bool same;

	if (!piece_file_parse(name, spool_run_id(p->run), &table, &attempt, &piece) ||
	    (t = run_view_table(&p->view, table)) == NULL || attempt > t->attempt)
		return false;
	if (attempt == t->attempt && run_view_counts(&p->view, table, attempt) && !stored_has_piece(p->stored, table, attempt, piece))
		return false;
	/* a table that is not in the newest list may yet come back in a later one */
	if (attempt == t->attempt && !t->listed && !p->view.ended)
		return false;
	want = file_name(p, t, attempt, piece);
	same = strcmp(want, name) == 0;
	free(want);
	return same;
}

/* Rows are safe without it; the file only takes room. */
static void
remove_file(int dirfd, const char *path, const char *name)
{
	struct err why;

	if (unlinkat(dirfd, name, 0) == 0 || errno == ENOENT)
		return;
	err_sys(&why, "'%s/%s' is not needed any more and cannot be removed", path, name);
	log_warning("%s", why.text);
}

static int
sweep_folder(struct push *p, const char *path, struct err *e)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	int rc = 0;

	if (dir == NULL)
		return err_sys(e, "cannot list '%s'", path);
	while ((errno = 0, entry = readdir(dir)) != NULL)
		if (is_over(p, entry->d_name))
			remove_file(dirfd(dir), path, entry->d_name);
	if (errno != 0)
		rc = err_sys(e, "cannot list '%s'", path);
	closedir(dir);
	return rc;
}

int
piece_files_sweep(struct push *p, struct err *e)
{
	if (p->keep)
		return 0;
	for (size_t i = 0; i < opt_list_len(p->opts, OPT_ID_segment_dir); i++)
		if (sweep_folder(p, opt_list_at(p->opts, OPT_ID_segment_dir, i), e) < 0)
			return -1;
	return 0;
}
