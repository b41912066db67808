/* keyfile.c -- files that hold keys. */
#include "prelude.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "atomic.h"
#include "err.h"
#include "keyfile.h"

/* A core would hold the key, whatever is wiped. */
int
keyfile_leave_no_core(struct err *e)
{
	struct rlimit none = { 0, 0 };

	if (prctl(PR_SET_DUMPABLE, 0) != 0 || setrlimit(RLIMIT_CORE, &none) != 0)
		return err_sys(e, "cannot keep keys out of a core");
	return 0;
}

static int
check_private(const char *path, const struct stat *st, struct err *e)
{
	if (st->st_uid != geteuid() && st->st_uid != 0 && geteuid() != 0) {
		err_set(e, ERR_CREDENTIALS, "a key is taken only from a file of one's own or of root, and '%s' is another user's", path);
		return err_hint(e, "chown %ju '%s'", (uintmax_t)geteuid(), path);
	}
	if ((st->st_mode & 077) != 0) {
		err_set(e, ERR_CREDENTIALS, "a key is taken only from a file that nobody else can read, and others can read '%s'", path);
		return err_hint(e, "chmod 600 '%s'; its mode is %04o", path, (unsigned)st->st_mode & 07777);
	}
	return 0;
}

/* Its text into ROOM, of KEYFILE_LIMIT + 1 bytes; *LEN without the NUL. */
static int
read_text(const char *path, bool private, char *room, size_t *len, struct err *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), rc = -1;
	struct stat st;

	if (fd < 0)
		return file_err_sys(e, "open", path);
	if (fstat(fd, &st) < 0)
		err_sys(e, "cannot look at '%s'", path);
	else if (!S_ISREG(st.st_mode) || st.st_size > (off_t)KEYFILE_LIMIT)
		err_set(e, ERR_CREDENTIALS, "'%s' is not a file of keys", path);
	else if (!private || check_private(path, &st, e) == 0)
		rc = file_read_at(fd, room, (size_t)st.st_size, 0, path, e);
	close(fd);
	if (rc < 0)
		return -1;
	*len = (size_t)st.st_size;
	if (memchr(room, '\0', *len) != NULL)
		return err_set(e, ERR_CREDENTIALS, "'%s' is not a file of keys: it is no text", path);
	return 0;
}

int
keyfile_read(const char *path, struct secret **out, struct err *e)
{
	char *room = mem_alloc(KEYFILE_LIMIT + 1);
	size_t len;
	int rc = keyfile_leave_no_core(e);

	if (rc == 0 && (rc = read_text(path, true, room, &len, e)) == 0)
		*out = secret_new(room, len);
	OPENSSL_cleanse(room, KEYFILE_LIMIT);
	free(room);
	return rc;
}

int
keyfile_read_public(const char *path, char **out, struct err *e)
{
	char *room = mem_alloc(KEYFILE_LIMIT + 1);
	size_t len;

	if (read_text(path, false, room, &len, e) < 0) {
		free(room);
		return -1;
	}
	*out = room;
	return 0;
}

int
keyfile_create(const char *path, const void *data, size_t len, struct err *e)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600), rc;

	if (fd < 0 && errno == EEXIST) {
		err_set(e, ERR_FAILED, "'%s' is there already, and a key is never overwritten", path);
		return err_hint(e, "what was signed or encrypted by it would be lost; choose another name");
	}
	if (fd < 0)
		return file_err_sys(e, "create", path);
	rc = file_write_all(fd, data, len, path, e);
	if (rc == 0 && file_sync_fd(fd) < 0)
		rc = file_err_sys(e, "sync", path);
	if (close(fd) < 0 && rc == 0)
		rc = file_err_sys(e, "close", path);
	if (rc == 0)
		return file_sync_parent(path, e);
	unlink(path); /* it is ours: O_EXCL made it */
	return -1;
}
