/* store_file.c -- a folder as a store: file:///path, also a disk that is carried.
 *
 * Below the root no symbolic link is followed: every path is walked folder by folder.  An object is
 * written under a temporary name beside its own, synced, renamed, and its folder synced; folders
 * are made when they are needed and removed when they are empty.  Modes are left to the umask, for
 * a store may be shared by a group. */
#include "prelude.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "atomic.h"
#include "err.h"
#include "store_file.h"

#define TEMPORARY_LEN (sizeof(STORE_FILE_TEMPORARY) + 16)
#define FOLDER_FLAGS (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
#define PIECE ((size_t)1 << 20)
#define PUT_TRIES 100 /* a put whose folder is being removed by others */

int
store_file_fail(const struct file_store *s, const char *verb, const char *key, struct err *e)
{
	int number = errno;
	char *path = mem_printf("%s%s%s", s->path, *key != '\0' ? "/" : "", key);

	errno = number;
	file_err_sys(e, verb, path);
	free(path);
	return -1;
}

bool
store_file_absent(void)
{
	return errno == ENOENT || errno == ENOTDIR || errno == ELOOP;
}

static void
close_keeping_errno(int fd)
{
	int number = errno;

	close(fd);
	errno = number;
}

bool
store_file_is_temporary(const char *name)
{
	return strncmp(name, STORE_FILE_TEMPORARY, strlen(STORE_FILE_TEMPORARY)) == 0;
}

/* --- walking --- */

/* -1 and errno. */
static int
open_child(int parent, const char *name, bool make)
{
	int fd = openat(parent, name, FOLDER_FLAGS);

	if (fd >= 0 || errno != ENOENT || !make)
		return fd;
	if (mkdirat(parent, name, 0777) < 0 && errno != EEXIST)
		return -1;
	if (file_sync_dirfd(parent) < 0)
		return -1;
	return openat(parent, name, FOLDER_FLAGS);
}

int
store_file_folder(const struct file_store *s, const char *key, size_t len, bool make)
{
	const char *end = key + len;
	int fd = openat(s->root, ".", FOLDER_FLAGS);

	while (fd >= 0 && key < end) {
		const char *slash = memchr(key, '/', (size_t)(end - key));
		char *name = mem_strn(key, (size_t)((slash != NULL ? slash : end) - key));
		int child = open_child(fd, name, make);

		free(name);
		close_keeping_errno(fd);
		fd = child;
		key = slash != NULL ? slash + 1 : end;
	}
	return fd;
}

/* How much of KEY is its folder, and in *NAME what follows. */
static size_t
split_key(const char *key, const char **name)
{
	const char *slash = strrchr(key, '/');

	*name = slash != NULL ? slash + 1 : key;
	return slash != NULL ? (size_t)(slash - key) : 0;
}

/* --- put --- */

/* The folder of KEY and a new file TEMPORARY in it.  Others may remove the folder, empty as it
 * still is, between two steps: then it is made again. */
static int
create_temporary(const struct file_store *s, const char *key, char temporary[TEMPORARY_LEN],
    int *folder, struct err *e)
{
	const char *name;
	size_t len = split_key(key, &name);
	uint64_t random;

	if (getrandom(&random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return err_sys(e, "cannot get a random number");
	snprintf(temporary, TEMPORARY_LEN, STORE_FILE_TEMPORARY "%016" PRIx64, random);
	for (int i = 0; i < PUT_TRIES; i++) {
		int fd;

		if ((*folder = store_file_folder(s, key, len, true)) < 0) {
			if (errno == ENOENT)
				continue;
			break;
		}
		fd = openat(*folder, temporary,
		    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
		if (fd >= 0)
			return fd;
		close_keeping_errno(*folder);
		if (errno != ENOENT)
			break;
	}
	return store_file_fail(s, "make a file for", key, e);
}

struct written {
	int fd;
	const char *path;
};

static int
write_piece(void *ctx, const void *data, size_t len, struct err *e)
{
	const struct written *w = ctx;

	return file_write_all(w->fd, data, len, w->path, e);
}

/* Write all of it, synced and closed.  FD is closed whatever happens. */
static int
fill_temporary(const struct file_store *s, const char *key, int fd, const struct store_body *body,
    struct err *e)
{
	char *path = mem_printf("%s/%s", s->path, key);
	struct written w = { fd, path };
	int rc = store_body_each(body, s->store.throttle, write_piece, &w, e);

	if (rc == 0 && (rc = file_sync_fd(fd)) < 0)
		file_err_sys(e, "sync", path);
	if (close(fd) < 0 && errno != EINTR && rc == 0)
		rc = file_err_sys(e, "close", path);
	free(path);
	return rc;
}

/* How a finished file gets its name: 1, 0 when the name is taken, STORE_CANNOT, -1 and errno. */
typedef int give_name_fn(int folder, const char *temporary, const char *name);

static int
replace(int folder, const char *temporary, const char *name)
{
	return renameat(folder, temporary, folder, name) < 0 ? -1 : 1;
}

/* The rename is what FAT knows and NFS does not; with links it is the other way round. */
static int
take_free_name(int folder, const char *temporary, const char *name)
{
	if (renameat2(folder, temporary, folder, name, RENAME_NOREPLACE) == 0)
		return 1;
	if (errno != EINVAL && errno != ENOSYS && errno != EOPNOTSUPP)
		return errno == EEXIST ? 0 : -1;
	if (linkat(folder, temporary, folder, name, 0) == 0)
		return 1;
	if (errno == EPERM || errno == ENOSYS || errno == EOPNOTSUPP)
		return STORE_CANNOT;
	return errno == EEXIST ? 0 : -1;
}

/* What GIVE_NAME says, or -1. */
static int
put_by(give_name_fn *give_name, const struct file_store *s, const char *key, const struct store_body *body,
    struct err *e)
{
	char temporary[TEMPORARY_LEN];
	const char *name;
	int folder = -1, fd, rc;

	split_key(key, &name);
	if (store_file_is_temporary(name))
		return err_set(e, ERR_FAILED, "'%s' is a name for temporary files", key);
	if ((fd = create_temporary(s, key, temporary, &folder, e)) < 0)
		return -1;
	rc = fill_temporary(s, key, fd, body, e);
	if (rc == 0 && (rc = give_name(folder, temporary, name)) < 0)
		store_file_fail(s, "rename the finished file to", key, e);
	unlinkat(folder, temporary, 0); /* a rename has taken it away already */
	if (rc == 1 && file_sync_dirfd(folder) < 0)
		rc = store_file_fail(s, "sync the folder of", key, e);
	close(folder);
	return rc;
}

static int
file_put(struct store *store, const char *key, const struct store_body *body, struct err *e)
{
	return put_by(replace, (const struct file_store *)store, key, body, e) < 0 ? -1 : 0;
}

static int
file_create(struct store *store, const char *key, const struct store_body *body, struct err *e)
{
	return put_by(take_free_name, (const struct file_store *)store, key, body, e);
}

/* --- head, get, remove --- */

static int
file_head(struct store *store, const char *key, struct store_object *out, struct err *e)
{
	const struct file_store *s = (const struct file_store *)store;
	const char *name;
	struct stat st;
	int folder, rc;

	if ((folder = store_file_folder(s, key, split_key(key, &name), false)) < 0)
		return store_file_absent() ? 0 : store_file_fail(s, "open the folder of", key, e);
	rc = fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW);
	close_keeping_errno(folder);
	if (rc < 0)
		return store_file_absent() ? 0 : store_file_fail(s, "examine", key, e);
	if (!S_ISREG(st.st_mode))
		return 0;
	out->size = (uint64_t)st.st_size;
	out->strange = false;
	return 1;
}

/* 1 with an open file and its size, 0 absent, -1. */
static int
open_object(const struct file_store *s, const char *key, int *out_fd, uint64_t *size, struct err *e)
{
	const char *name;
	struct stat st;
	int folder = -1, fd;

	if ((folder = store_file_folder(s, key, split_key(key, &name), false)) < 0)
		return store_file_absent() ? 0 : store_file_fail(s, "open the folder of", key, e);
	/* A pipe that somebody laid here must not stop us. */
	fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	close_keeping_errno(folder);
	if (fd < 0)
		return store_file_absent() || errno == ENXIO ? 0 : store_file_fail(s, "open", key, e);
	if (fstat(fd, &st) < 0) {
		store_file_fail(s, "examine", key, e);
		close(fd);
		return -1;
	}
	if (!S_ISREG(st.st_mode)) {
		close(fd);
		return 0;
	}
	*out_fd = fd;
	*size = (uint64_t)st.st_size;
	return 1;
}

static int
file_get(struct store *store, const char *key, uint64_t offset, uint64_t len, store_sink_fn *fn,
    void *ctx, struct err *e)
{
	const struct file_store *s = (const struct file_store *)store;
	char *piece, *path;
	uint64_t size;
	int fd, rc;

	if ((rc = open_object(s, key, &fd, &size, e)) <= 0)
		return rc;
	rc = 0;
	piece = mem_alloc(PIECE);
	path = mem_printf("%s/%s", s->path, key);
	if (offset > size || len > size - offset)
		rc = err_set(e, ERR_DIFFERS, "'%s' has %" PRIu64 " bytes, %" PRIu64 " from byte %"
		    PRIu64 " on were expected", path, size, len, offset);
	else if (len == 0)
		len = size - offset;
	while (rc == 0 && len > 0) {
		size_t n = len < PIECE ? (size_t)len : PIECE;

		if ((rc = file_read_at(fd, piece, n, offset, path, e)) == 0)
			rc = fn(ctx, piece, n, e);
		offset += n;
		len -= n;
	}
	free(path);
	free(piece);
	close(fd);
	return rc < 0 ? -1 : 1;
}

/* Remove the folders above KEY from the deepest on, until one is not empty. */
static void
remove_empty_folders(const struct file_store *s, const char *key)
{
	char *path = mem_str(key);
	const char *name;
	size_t len;

	while ((len = split_key(path, &name)) > 0) {
		int parent, rc;

		path[len] = '\0';
		if ((parent = store_file_folder(s, path, split_key(path, &name), false)) < 0)
			break;
		rc = unlinkat(parent, name, AT_REMOVEDIR);
		close(parent);
		if (rc < 0)
			break;
	}
	free(path);
}

/* Synced, so that of two removals the first is never the one that a crash takes back. */
static int
file_remove(struct store *store, const char *key, struct err *e)
{
	const struct file_store *s = (const struct file_store *)store;
	const char *name;
	int folder, rc;

	if ((folder = store_file_folder(s, key, split_key(key, &name), false)) < 0)
		return store_file_absent() ? 0 : store_file_fail(s, "open the folder of", key, e);
	if ((rc = unlinkat(folder, name, 0)) == 0)
		rc = file_sync_dirfd(folder);
	close_keeping_errno(folder);
	if (rc < 0 && errno != EISDIR && !store_file_absent())
		return store_file_fail(s, "remove", key, e);
	remove_empty_folders(s, key);
	return rc < 0 ? 0 : 1;
}

/* --- opening --- */

static void
file_free(struct store *store)
{
	struct file_store *s = (struct file_store *)store;

	close(s->root);
	free(s->path);
	free(s);
}

int
store_file_open(const char *path, bool create, struct store **out, struct err *e)
{
	static const struct store_ops ops = {
		.put = file_put, .create = file_create, .head = file_head, .get = file_get,
		.list = store_file_list, .remove = file_remove, .free = file_free,
	};
	struct file_store *s;
	int fd;

	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT && create) {
		if (mkdir(path, 0777) < 0 && errno != EEXIST)
			return file_err_sys(e, "make folder", path);
		if (file_sync_parent(path, e) < 0)
			return -1;
		fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	}
	if (fd < 0 && errno == ENOENT) {
		err_set(e, ERR_FAILED, "there is no folder '%s'", path);
		return err_hint(e, "mount the disk or create the folder");
	}
	if (fd < 0)
		return file_err_sys(e, "open folder", path);
	s = mem_alloc(sizeof(*s));
	s->store.ops = &ops;
	s->path = mem_str(path);
	s->root = fd;
	*out = &s->store;
	return 0;
}
