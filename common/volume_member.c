/* volume_member.c -- what a volume holds, read where its list says.
 *
 * A list is only believed as far as the tar agrees: what stands where the member's header is said to be must be just that header. */
#include "prelude.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

#include "atomic.h"
#include "err.h"
#include "log.h"
#include "stop.h"
#include "store_volume.h"
#include "volume_tar.h"

#define PIECE ((size_t)1 << 20)

/* "volume '<path>' is damaged: TEXT", and what can be done. */
static int
damaged(const char *path, struct err *e)
{
	char *text = mem_str(e->text);

	err_set(e, ERR_DIFFERS, "volume '%s' is damaged: %s", path, text);
	free(text);
	return err_hint(e, "have this volume written again, by gpm-push relay --lost-volume where its objects still are, or bring a copy of it");
}

static int
check_header(int fd, const char *path, const struct volume_member *m, const char *key, struct err *e)
{
	char *header = mem_alloc(m->header);
	struct stat st;
	int rc;

	if (fstat(fd, &st) < 0)
		rc = err_sys(e, "cannot examine '%s'", path);
	else if (!S_ISREG(st.st_mode))
		rc = err_set(e, ERR_DIFFERS, "it is no file");
	else if ((uint64_t)st.st_size < m->offset + m->header + m->bytes)
		rc = err_set(e, ERR_DIFFERS, "it is cut: '%s' ends at byte %" PRIu64 ", the file has %" PRIu64, key, m->offset + m->header + m->bytes,
		    (uint64_t)st.st_size);
	else if ((rc = file_read_at(fd, header, m->header, m->offset, path, e)) == 0)
		rc = tar_check(header, m->header, key, m->bytes, e) < 0 ? err_context(e, "'%s'", key) : 0;
	free(header);
	return rc < 0 && e->code == ERR_DIFFERS ? damaged(path, e) : rc;
}

/* By errno: 0 the tar has vanished, or -1. */
static int
open_failed(const char *path, struct err *e)
{
	if (errno == ENOENT)
		return 0;
	if (errno != ELOOP && errno != ENXIO)
		return file_err_sys(e, "open volume", path);
	err_set(e, ERR_DIFFERS, "it is no file");
	return damaged(path, e);
}

static int
read_pieces(int fd, const char *path, uint64_t at, uint64_t len, EVP_MD_CTX *hash, store_sink_fn *fn, void *ctx, struct err *e)
{
	char *piece = mem_alloc(PIECE);
	int rc = 0;

	while (rc == 0 && len > 0) {
		size_t n = len < PIECE ? (size_t)len : PIECE;

		if ((rc = file_read_at(fd, piece, n, at, path, e)) == 0 && hash != NULL && EVP_DigestUpdate(hash, piece, n) != 1)
			rc = err_set(e, ERR_SYSTEM, "SHA-256 failed");
		if (rc == 0)
			rc = fn(ctx, piece, n, e);
		at += n;
		len -= n;
	}
	free(piece);
	return rc;
}

/* LEN bytes into FN; all of the member's are compared with its hash. */
static int
read_range(const struct volume_member *m, const char *key, int fd, const char *path, uint64_t offset, uint64_t len, store_sink_fn *fn, void *ctx,
    struct err *e)
{
	unsigned char sha256[32];
	EVP_MD_CTX *hash = NULL;
	int rc = -1;

	if (len == m->bytes && m->hashed && ((hash = EVP_MD_CTX_new()) == NULL || EVP_DigestInit_ex(hash, EVP_sha256(), NULL) != 1))
		err_set(e, ERR_SYSTEM, "SHA-256 is not to be had");
	else
		rc = read_pieces(fd, path, m->offset + m->header + offset, len, hash, fn, ctx, e);
	if (rc == 0 && hash != NULL && EVP_DigestFinal_ex(hash, sha256, NULL) != 1)
		rc = err_set(e, ERR_SYSTEM, "SHA-256 failed");
	if (rc == 0 && hash != NULL && memcmp(sha256, m->sha256, 32) != 0) {
		err_set(e, ERR_DIFFERS, "'%s' has another SHA-256 than its list of members says", key);
		rc = damaged(path, e);
	}
	EVP_MD_CTX_free(hash);
	return rc;
}

static int
drop_piece(void *ctx, const void *data, size_t len, struct err *e)
{
	(void)ctx;
	(void)data;
	(void)len;
	return stop_check(e);
}

/* One copy: 1, 0 it has vanished, -1. */
static int
open_copy(const struct volume_member *m, const char *key, const char *path, bool whole, int *out, struct err *e)
{
	/* a pipe that somebody laid here must not stop us */
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	if (fd < 0)
		return open_failed(path, e);
	if (check_header(fd, path, m, key, e) < 0 || (whole && read_range(m, key, fd, path, 0, m->bytes, drop_piece, NULL, e) < 0)) {
		close(fd);
		return -1;
	}
	*out = fd;
	return 1;
}

/* Where the volume of M is: the paths of its tar and of its copies; how many.  In *SEVERAL: they are files of their own. */
static size_t
find_copies(struct volume_store *s, const struct volume_member *m, char *paths[66], bool *several)
{
	const struct volume *v;
	size_t n = 0;

	*several = false;
	pthread_mutex_lock(&s->mutex); /* others may begin volumes, and move them all */
	v = &s->volumes[m->volume];
	if (v->tar != NOWHERE)
		paths[n++] = volume_tar_path(s, v);
	if (v->tar != NOWHERE && v->part) /* it is called so once somebody has completed it */
		paths[n++] = volume_path(s->folders[v->tar].path, v, VOLUME_TAR);
	for (size_t i = 0; i < s->nfolders && i < 64; i++)
		if (v->tar != NOWHERE && (v->copies >> i & 1) != 0 && (int)i != v->tar) {
			paths[n++] = volume_path(s->folders[i].path, v, VOLUME_TAR);
			*several = true;
		}
	pthread_mutex_unlock(&s->mutex);
	return n;
}

static int
not_here(struct volume_store *s, const struct volume_member *m, const char *key, struct err *e)
{
	const struct volume *v;

	if (!s->has_state)
		return 0;
	pthread_mutex_lock(&s->mutex);
	v = &s->volumes[m->volume];
	err_set(e, ERR_FAILED, "'%s' is in volume %" PRIu64 " of %s, which is on a disk that is not here", key, v->number, v->set);
	pthread_mutex_unlock(&s->mutex);
	return err_hint(e, "mount it, and name its folder too");
}

int
volume_open_member(struct volume_store *s, const struct volume_member *m, const char *key, struct opened *out, struct err *e)
{
	bool several;
	char *paths[66];
	size_t n = find_copies(s, m, paths, &several), used = n;
	int rc = 0, one;

	for (size_t i = 0; i < n && rc <= 0; i++) {
		one = open_copy(m, key, paths[i], several && m->hashed, &out->fd, e);
		if (one != 0)
			rc = one; /* that a copy has vanished does not mend another one */
		if (rc < 0 && several && i + 1 < n && e->code != ERR_STOPPED)
			log_warning("%s; another copy is looked at", e->text);
		if (rc > 0)
			used = i;
	}
	out->path = used < n ? mem_str(paths[used]) : NULL;
	for (size_t i = 0; i < n; i++)
		free(paths[i]);
	return n == 0 ? not_here(s, m, key, e) : rc;
}

void
volume_close_member(struct opened *o)
{
	close(o->fd);
	free(o->path);
}

int
volume_read_member(const struct volume_member *m, const char *key, const struct opened *o, uint64_t offset, uint64_t len, store_sink_fn *fn,
    void *ctx, struct err *e)
{
	if (offset > m->bytes || len > m->bytes - offset)
		return err_set(e, ERR_DIFFERS, "'%s' has %" PRIu64 " bytes, %" PRIu64 " from byte %" PRIu64 " on were expected", key, m->bytes, len, offset);
	return read_range(m, key, o->fd, o->path, offset, len == 0 ? m->bytes - offset : len, fn, ctx, e);
}
