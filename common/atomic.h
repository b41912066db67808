/* atomic.h -- durable files: the only place that opens a file for writing and renames it.
 *
 * A file comes into being as "<path>.part" in the same folder, is synced, renamed to its name, and
 * the folder is synced.  A ".part" that nobody holds is rubbish of a dead process. */
#ifndef GPM_ATOMIC_H
#define GPM_ATOMIC_H

struct err;
struct atomic_file;

#define ATOMIC_SUFFIX ".part"

/* atomic_create(path, e): mode 0600, an older ".part" is replaced; what was written may be read
 * back through atomic_fd.  NULL on error. */
struct atomic_file *atomic_create(const char *path, struct err *) GPM_NODISCARD;
int atomic_write(struct atomic_file *, const void *, size_t, struct err *) GPM_NODISCARD; /* all of it */
uint64_t atomic_size(const struct atomic_file *);
int atomic_fd(const struct atomic_file *);
const char *atomic_path(const struct atomic_file *); /* the final name */

/* atomic_commit(f, e): sync, rename, sync the folder.  F is freed whatever happens; on error the
 * ".part" is removed. */
int atomic_commit(struct atomic_file *, struct err *) GPM_NODISCARD;
void atomic_abort(struct atomic_file *); /* remove it, free; NULL is fine */

/* atomic_write_file(path, data, len, e): the four in one. */
int atomic_write_file(const char *path, const void *, size_t, struct err *) GPM_NODISCARD;

/* file_mkdirs(path, e): every missing folder of PATH, mode 0700, each synced into its parent. */
int file_mkdirs(const char *path, struct err *) GPM_NODISCARD;
int file_mkdirs_unsynced(const char *path, struct err *) GPM_NODISCARD; /* who needs them durable syncs them */

/* file_remove_tree(path, e): a file or a folder with all in it, no symbolic link followed (a link
 * itself is removed); absent is fine. */
int file_remove_tree(const char *path, struct err *) GPM_NODISCARD;

/* file_sync_dir(path, e): make renames in it durable. */
int file_sync_dir(const char *path, struct err *) GPM_NODISCARD;

/* file_sync_parent(path, e): make PATH's own name durable. */
int file_sync_parent(const char *path, struct err *) GPM_NODISCARD;

/* file_write_all(fd, data, len, name, e), file_read_at(fd, data, len, offset, name, e): whole or -1;
 * EINTR and short counts are handled; a read past the end is an error. NAME is for the message. */
int file_write_all(int fd, const void *, size_t, const char *name, struct err *) GPM_NODISCARD;
int file_read_at(int fd, void *, size_t, uint64_t offset, const char *name, struct err *) GPM_NODISCARD;

/* file_write_at(fd, data, len, offset): the whole of it there, wherever FD stands; -1 and errno: a part may be written. */
int file_write_at(int fd, const void *, size_t, uint64_t offset) GPM_NODISCARD;

/* file_sync_dirfd(fd): the same for an open folder.  file_sync_fd(fd): a file's bytes and size.
 * -1 and errno.  A file system that cannot sync folders is left in peace. */
int file_sync_dirfd(int fd) GPM_NODISCARD;
int file_sync_fd(int fd) GPM_NODISCARD;

/* file_err_sys(e, verb, path): "cannot VERB 'PATH': " and errno's text, with a hint where the
 * reason has a usual cure (no space, read-only, no right, a failing disk).  Returns -1. */
int file_err_sys(struct err *, const char *verb, const char *path);

/* file_temp(out_fd, e): an unlinked file in TMPDIR (or /var/tmp), closed on exec. */
int file_temp(int *out_fd, struct err *) GPM_NODISCARD;

#endif
