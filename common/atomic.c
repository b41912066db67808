/* atomic.c -- durable files: written aside, synced, renamed, their folder synced. */
#include "prelude.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <unistd.h>

#include "atomic.h"
#include "err.h"

/* One call never moves more than this; Linux moves 2 GB less a page at most. */
#define CALL_MAX ((size_t)1 << 30)

struct atomic_file {
	char *path;    /* the final name */
	char *part;    /* the name until it is renamed */
	int fd;
	uint64_t size;
};

int
file_err_sys(struct err *e, const char *verb, const char *path)
{
	int number = errno;

	err_sys(e, "cannot %s '%s'", verb, path);
	switch (number) {
	case ENOSPC:
	case EDQUOT:
		return err_hint(e, "free space on the file system of '%s'", path);
	case EROFS:
		return err_hint(e, "the file system of '%s' is mounted read-only", path);
	case EACCES:
	case EPERM:
		return err_hint(e, "check owner and mode of '%s' and of its folder", path);
	case EIO:
		return err_hint(e, "the disk below '%s' fails; see the kernel's log", path);
	default:
		return -1;
	}
}

int
file_write_all(int fd, const void *data, size_t len, const char *name, struct err *e)
{
	const char *p = data;

	while (len > 0) {
		ssize_t n = write(fd, p, len < CALL_MAX ? len : CALL_MAX);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return file_err_sys(e, "write to", name);
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

int
file_read_at(int fd, void *data, size_t len, uint64_t offset, const char *name, struct err *e)
{
	char *p = data;

	while (len > 0) {
		ssize_t n = pread(fd, p, len < CALL_MAX ? len : CALL_MAX, (off_t)offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return file_err_sys(e, "read", name);
		if (n == 0)
			return err_set(e, ERR_FAILED,
			    "'%s' ends at byte %" PRIu64 ", %zu more were expected", name, offset, len);
		p += n;
		len -= (size_t)n;
		offset += (uint64_t)n;
	}
	return 0;
}

int
file_write_at(int fd, const void *data, size_t len, uint64_t offset)
{
	const char *p = data;

	while (len > 0) {
		ssize_t n = pwrite(fd, p, len < CALL_MAX ? len : CALL_MAX, (off_t)offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		p += n;
		len -= (size_t)n;
		offset += (uint64_t)n;
	}
	return 0;
}

/* Where PATH's last component stands; the caller frees it. */
static char *
folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (slash == NULL)
		return mem_str(".");
	return mem_strn(path, slash == path ? 1 : (size_t)(slash - path));
}

int
file_sync_fd(int fd)
{
	int rc;

	while ((rc = fdatasync(fd)) < 0 && errno == EINTR)
		;
	return rc;
}

/* EINVAL is the answer of file systems that have nothing to sync for a folder. */
int
file_sync_dirfd(int fd)
{
	int rc;

	while ((rc = fsync(fd)) < 0 && errno == EINTR)
		;
	return rc < 0 && errno != EINVAL ? -1 : 0;
}

int
file_sync_dir(const char *path, struct err *e)
{
	int fd, rc;

	if ((fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0)
		return file_err_sys(e, "open folder", path);
	if ((rc = file_sync_dirfd(fd)) < 0)
		file_err_sys(e, "sync folder", path);
	close(fd);
	return rc;
}

int
file_sync_parent(const char *path, struct err *e)
{
	char *folder = folder_of(path);
	int rc = file_sync_dir(folder, e);

	free(folder);
	return rc;
}

struct atomic_file *
atomic_create(const char *path, struct err *e)
{
	struct atomic_file *f = mem_alloc(sizeof(*f));

	f->path = mem_str(path);
	f->part = mem_printf("%s" ATOMIC_SUFFIX, path);

	/* Unlinked and made anew: a dead process's file may have another owner or be a link. */
	if (unlink(f->part) < 0 && errno != ENOENT) {
		file_err_sys(e, "remove", f->part);
		goto err0;
	}
	f->fd = open(f->part, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (f->fd < 0) {
		file_err_sys(e, "create", f->part);
		goto err0;
	}
	return f;
err0:
	free(f->part);
	free(f->path);
	free(f);
	return NULL;
}

int
atomic_write(struct atomic_file *f, const void *data, size_t len, struct err *e)
{
	if (file_write_all(f->fd, data, len, f->part, e) < 0)
		return -1;
	f->size += len;
	return 0;
}

uint64_t
atomic_size(const struct atomic_file *f)
{
	return f->size;
}

int
atomic_fd(const struct atomic_file *f)
{
	return f->fd;
}

const char *
atomic_path(const struct atomic_file *f)
{
	return f->path;
}

static void
release(struct atomic_file *f)
{
	if (f->fd >= 0)
		close(f->fd);
	free(f->part);
	free(f->path);
	free(f);
}

int
atomic_commit(struct atomic_file *f, struct err *e)
{
	int rc;

	if (file_sync_fd(f->fd) < 0) {
		file_err_sys(e, "sync", f->part);
		goto err1;
	}
	rc = close(f->fd);
	f->fd = -1;
	if (rc < 0 && errno != EINTR) {
		file_err_sys(e, "close", f->part);
		goto err1;
	}
	if (rename(f->part, f->path) < 0) {
		file_err_sys(e, "rename the finished file to", f->path);
		goto err1;
	}
	if (file_sync_parent(f->path, e) < 0)
		goto err0;
	release(f);
	return 0;
err1:
	unlink(f->part);
err0:
	release(f);
	return -1;
}

void
atomic_abort(struct atomic_file *f)
{
	if (f == NULL)
		return;
	unlink(f->part);
	release(f);
}

int
atomic_write_file(const char *path, const void *data, size_t len, struct err *e)
{
	struct atomic_file *f;

	if ((f = atomic_create(path, e)) == NULL)
		return -1;
	if (atomic_write(f, data, len, e) < 0) {
		atomic_abort(f);
		return -1;
	}
	return atomic_commit(f, e);
}

/* One folder, which another process may be making too. */
static int
make_folder(const char *path, bool sync, struct err *e)
{
	struct stat st;

	if (stat(path, &st) < 0) {
		if (errno != ENOENT)
			return file_err_sys(e, "examine", path);
		if (mkdir(path, 0700) == 0)
			return sync ? file_sync_parent(path, e) : 0;
		if (errno != EEXIST || stat(path, &st) < 0)
			return file_err_sys(e, "make folder", path);
	}
	if (!S_ISDIR(st.st_mode))
		return err_set(e, ERR_FAILED, "'%s' is not a folder", path);
	return 0;
}

static int
make_folders(const char *path, bool sync, struct err *e)
{
	char *copy = mem_str(path), *p = copy;
	int rc = 0;

	while (rc == 0 && *p != '\0') {
		char kept;

		p += strspn(p, "/");
		p += strcspn(p, "/");
		kept = *p;
		*p = '\0';
		rc = make_folder(copy, sync, e);
		*p = kept;
		p += strspn(p, "/");
	}
	free(copy);
	return rc;
}

int
file_mkdirs(const char *path, struct err *e)
{
	return make_folders(path, true, e);
}

int
file_mkdirs_unsynced(const char *path, struct err *e)
{
	return make_folders(path, false, e);
}

static int remove_at(int dir, const char *name, const char *path, struct err *);

/* All that is in the folder NAME of DIR.  PATH is its name for messages. */
static int
empty_folder(int dir, const char *name, const char *path, struct err *e)
{
	int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	int rc = 0;

	if (d == NULL) {
		file_err_sys(e, "open folder", path);
		if (fd >= 0)
			close(fd);
		return -1;
	}
	while (rc == 0 && (errno = 0, entry = readdir(d)) != NULL) {
		char *below;

		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		below = mem_printf("%s/%s", path, entry->d_name);
		rc = remove_at(fd, entry->d_name, below, e);
		free(below);
	}
	if (rc == 0 && errno != 0)
		rc = file_err_sys(e, "read folder", path);
	closedir(d);
	return rc;
}

static int
remove_at(int dir, const char *name, const char *path, struct err *e)
{
	if (unlinkat(dir, name, 0) == 0 || errno == ENOENT)
		return 0;
	if (errno != EISDIR)
		return file_err_sys(e, "remove", path);
	if (empty_folder(dir, name, path, e) < 0)
		return -1;
	if (unlinkat(dir, name, AT_REMOVEDIR) < 0 && errno != ENOENT)
		return file_err_sys(e, "remove folder", path);
	return 0;
}

int
file_remove_tree(const char *path, struct err *e)
{
	size_t len = strlen(path);
	char *copy;
	int rc;

	/* A slash behind a symbolic link would follow it. */
	while (len > 1 && path[len - 1] == '/')
		len--;
	copy = mem_strn(path, len);
	rc = remove_at(AT_FDCWD, copy, copy, e);
	free(copy);
	return rc;
}

int
file_temp(int *out_fd, struct err *e)
{
	const char *folder = getenv("TMPDIR");
	char *path;
	int fd;

	if (folder == NULL || *folder == '\0')
		folder = "/var/tmp";
	/* a file that never had a name: none is left when the process dies between making and unlinking it */
	if ((fd = open(folder, O_TMPFILE | O_RDWR | O_EXCL | O_CLOEXEC, 0600)) >= 0) {
		*out_fd = fd;
		return 0;
	}
	path = mem_printf("%s/gpm-XXXXXX", folder);
	if ((fd = mkostemp(path, O_CLOEXEC)) < 0) {
		file_err_sys(e, "create temporary file", path);
		free(path);
		return -1;
	}
	unlink(path);
	free(path);
	*out_fd = fd;
	return 0;
}
