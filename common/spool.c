/* spool.c -- the local folder that holds runs between export and push. */
#include "prelude.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "atomic.h"
#include "err.h"
#include "spool.h"

struct spool {
	char *dir;
	int lock_fd; /* -1: not held */
	int group_fd;
};

struct spool_run {
	char id[RUNID_LEN + 1];
	char *dir;
	int lock_fd[2]; /* a tool takes at most two: its own and the other's */
};

int
spool_open(const char *dir, bool create, struct spool **out, struct err *e)
{
	struct spool *s;
	struct stat st;

	if (create && file_mkdirs(dir, e) < 0)
		return -1;
	if (stat(dir, &st) != 0) {
		err_sys(e, "cannot open the spool '%s'", dir);
		return err_hint(e, "give gpm-push the --spool that gpm-export filled");
	}
	if (!S_ISDIR(st.st_mode))
		return err_set(e, ERR_USAGE, "the spool '%s' is no folder", dir);
	s = mem_alloc(sizeof(*s));
	s->dir = mem_str(dir);
	s->lock_fd = s->group_fd = -1;
	*out = s;
	return 0;
}

void
spool_close(struct spool *s)
{
	if (s == NULL)
		return;
	spool_unlock(s);
	if (s->group_fd >= 0)
		close(s->group_fd);
	free(s->dir);
	free(s);
}

const char *
spool_dir(const struct spool *s)
{
	return s->dir;
}

/* Open and lock PATH; HOW is LOCK_EX with or without LOCK_NB.  The file stays: removing a lock
 * file lets two processes hold "the" lock. */
static int
take_lock(const char *path, int how, int *out, struct err *e)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		return err_sys(e, "cannot open '%s'", path);
	while (flock(fd, how) != 0) {
		if (errno == EINTR)
			continue;
		if (errno == EWOULDBLOCK)
			err_set(e, ERR_LOCKED, "another instance holds '%s'", path);
		else
			err_sys(e, "cannot lock '%s'", path);
		close(fd);
		return -1;
	}
	*out = fd;
	return 0;
}

int
spool_lock(struct spool *s, struct err *e)
{
	char *path = mem_printf("%s/spool.lock", s->dir);
	int rc = take_lock(path, LOCK_EX, &s->lock_fd, e);

	free(path);
	return rc;
}

void
spool_unlock(struct spool *s)
{
	if (s->lock_fd >= 0)
		close(s->lock_fd);
	s->lock_fd = -1;
}

int
spool_lock_group(struct spool *s, struct err *e)
{
	char *path = mem_printf("%s/group.lock", s->dir);
	int rc = take_lock(path, LOCK_EX | LOCK_NB, &s->group_fd, e);

	free(path);
	return rc;
}

bool
spool_group_goes_on(struct spool *s)
{
	char *path = mem_printf("%s/group.lock", s->dir);
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	bool held = fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;

	free(path);
	if (fd >= 0)
		close(fd); /* drops what was just taken */
	return held;
}

static int
compare_ids(const void *a, const void *b)
{
	return strcmp(a, b);
}

int
spool_runs(struct spool *s, spool_id **out, size_t *n, struct err *e)
{
	DIR *dir = opendir(s->dir);
	spool_id *ids = NULL;
	struct dirent *entry;
	struct stat st;

	if (dir == NULL)
		return err_sys(e, "cannot list the spool '%s'", s->dir);
	*n = 0;
	while ((errno = 0, entry = readdir(dir)) != NULL) {
		if (!runid_valid(entry->d_name) ||
		    fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISDIR(st.st_mode))
			continue;
		ids = mem_grow(ids, (*n + 1) * sizeof(*ids));
		memcpy(ids[(*n)++], entry->d_name, sizeof(*ids));
	}
	if (errno != 0) {
		err_sys(e, "cannot list the spool '%s'", s->dir);
		closedir(dir);
		free(ids);
		return -1;
	}
	closedir(dir);
	if (*n > 0)
		qsort(ids, *n, sizeof(*ids), compare_ids);
	*out = ids;
	return 0;
}

/* Bytes of the files below DIR, those that end with WITHOUT left out (NULL: none).  Others come and go
 * meanwhile. */
static int
tree_size(char *dir, const char *without, uint64_t *bytes, struct err *e)
{
	char *paths[] = { dir, NULL };
	FTS *tree = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
	FTSENT *f;
	int rc = 0;

	if (tree == NULL)
		return err_sys(e, "cannot list '%s'", dir);
	while (rc == 0 && (errno = 0, f = fts_read(tree)) != NULL) {
		size_t n = f->fts_namelen, m = without != NULL ? strlen(without) : 0;

		if (f->fts_info == FTS_F && (m == 0 || n < m || strcmp(f->fts_name + n - m, without) != 0))
			*bytes += (uint64_t)f->fts_statp->st_size;
		else if ((f->fts_info == FTS_ERR || f->fts_info == FTS_DNR) && (errno = f->fts_errno) != ENOENT)
			rc = err_sys(e, "cannot list '%s'", f->fts_path);
	}
	if (rc == 0 && errno != 0)
		rc = err_sys(e, "cannot list '%s'", dir);
	fts_close(tree);
	return rc;
}

int
spool_rows_size(struct spool *s, const char *run, uint64_t *bytes, struct err *e)
{
	spool_id *ids;
	size_t n;
	int rc = spool_runs(s, &ids, &n, e);

	if (rc < 0)
		return -1;
	*bytes = 0;
	for (size_t i = 0; rc == 0 && i < n; i++) {
		char *dir = mem_printf("%s/%s/data", s->dir, ids[i]);

		rc = tree_size(dir, strcmp(ids[i], run) == 0 ? ATOMIC_SUFFIX : NULL, bytes, e);
		free(dir);
	}
	free(ids);
	return rc;
}

int
spool_run_open(struct spool *s, const char *id, bool create, struct spool_run **out, struct err *e)
{
	struct spool_run *r;
	struct stat st;

	if (!runid_valid(id))
		return err_set(e, ERR_USAGE, "'%.60s' is no run id", id);
	r = mem_alloc(sizeof(*r));
	r->dir = mem_printf("%s/%s", s->dir, id);
	r->lock_fd[0] = r->lock_fd[1] = -1;
	memcpy(r->id, id, sizeof(r->id));
	if (create && file_mkdirs(r->dir, e) < 0)
		goto err0;
	if (stat(r->dir, &st) != 0 || !S_ISDIR(st.st_mode)) {
		err_set(e, ERR_NO_RUN, "there is no run %s in the spool '%s'", id, s->dir);
		goto err0;
	}
	*out = r;
	return 0;

err0:
	spool_run_close(r);
	return -1;
}

void
spool_run_close(struct spool_run *r)
{
	if (r == NULL)
		return;
	for (size_t i = 0; i < GPM_ARRAY_LEN(r->lock_fd); i++)
		if (r->lock_fd[i] >= 0)
			close(r->lock_fd[i]);
	free(r->dir);
	free(r);
}

const char *
spool_run_id(const struct spool_run *r)
{
	return r->id;
}

int
spool_run_lock(struct spool_run *r, const char *who, struct err *e)
{
	char *path = mem_printf("%s/%s.lock", r->dir, who);
	int *slot = r->lock_fd[0] < 0 ? &r->lock_fd[0] : &r->lock_fd[1];
	int rc = take_lock(path, LOCK_EX | LOCK_NB, slot, e);

	free(path);
	return rc;
}

char *
spool_run_path(const struct spool_run *r, const char *key)
{
	return mem_printf("%s/%s", r->dir, key);
}

/* Cut PATH at its last '/'; false when there is none behind KEEP bytes. */
static bool
cut_last(char *path, size_t keep)
{
	char *slash = strrchr(path + keep, '/');

	if (slash == NULL)
		return false;
	*slash = '\0';
	return true;
}

int
spool_run_make_dirs(struct spool_run *r, const char *key, struct err *e)
{
	char *path = spool_run_path(r, key);
	int rc = cut_last(path, strlen(r->dir)) ? file_mkdirs(path, e) : 0;

	free(path);
	return rc;
}

int
spool_run_begin_dirs(struct spool_run *r, const char *key, struct err *e)
{
	char *path = spool_run_path(r, key);
	int rc = cut_last(path, strlen(r->dir)) ? file_mkdirs_unsynced(path, e) : 0;

	free(path);
	return rc;
}

int
spool_run_sync_dirs(struct spool_run *r, const char *key, struct err *e)
{
	size_t keep = strlen(r->dir) + 1;
	char *path = spool_run_path(r, key);
	int rc = 0;

	/* a folder's name stands in the one above it */
	for (bool more = cut_last(path, keep) && cut_last(path, keep); rc == 0 && more; more = cut_last(path, keep))
		rc = file_sync_dir(path, e);
	free(path);
	return rc;
}

int
spool_run_remove(struct spool_run *r, const char *key, struct err *e)
{
	char *path = spool_run_path(r, key);
	int rc = file_remove_tree(path, e);

	free(path);
	return rc;
}
