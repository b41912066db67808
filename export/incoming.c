/* incoming.c -- files of pieces that segments send to this host. */
#include "prelude.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "atomic.h"
#include "clock.h"
#include "err.h"
#include "incoming.h"
#include "log.h"
#include "opt.h"
#include "parse.h"
#include "piece.h"
#include "runid.h"
#include "stop.h"

#define FREE_PERCENT 5 /* of the disk, left to others */
#define POLL_NS 200000000L
#define PREFIX "gpm-"

struct incoming {
	char *path;
	int fd;                /* the folder */
	uint64_t limit;
	unsigned wait;
	pthread_mutex_t mutex; /* over what follows */
	uint64_t used;         /* when last looked, plus what was written since; with PENDING never too little */
	uint64_t pending;      /* has been given room, and may not be in its file yet */
	bool told;             /* that it is full */
};

/* --- the folder ------------------------------------------------------------------------------ */

bool
incoming_parse(const char *name, struct incoming_name *out)
{
	if (strncmp(name, PREFIX, strlen(PREFIX)) != 0 || strlen(name) < strlen(PREFIX) + RUNID_LEN)
		return false;
	snprintf(out->run, sizeof(out->run), "%.*s", RUNID_LEN, name + strlen(PREFIX));
	return runid_valid(out->run) && piece_file_parse(name, out->run, &out->table, &out->attempt, &out->piece);
}

/* CALL for each file of a piece. */
static int
each_file(struct incoming *d, void (*call)(struct incoming *, const char *name, void *ctx), void *ctx, struct err *e)
{
	DIR *dir = opendir(d->path);
	struct incoming_name ignored;
	struct dirent *entry;
	int rc = 0;

	if (dir == NULL)
		return file_err_sys(e, "list", d->path);
	while ((errno = 0, entry = readdir(dir)) != NULL)
		if (incoming_parse(entry->d_name, &ignored))
			call(d, entry->d_name, ctx);
	if (errno != 0)
		rc = file_err_sys(e, "list", d->path);
	closedir(dir);
	return rc;
}

static void
add_size(struct incoming *d, const char *name, void *sum)
{
	struct stat st;

	if (fstatat(d->fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
		*(uint64_t *)sum += (uint64_t)st.st_size;
}

static int
look(struct incoming *d, struct err *e)
{
	uint64_t used = 0;

	if (each_file(d, add_size, &used, e) < 0)
		return -1;
	d->used = used;
	return 0;
}

int
incoming_open(const struct opts *opts, unsigned wait, struct incoming **out, struct err *e)
{
	struct incoming *d;

	if (opt_list_len(opts, OPT_ID_segment_dir) != 1)
		return err_set(e, ERR_USAGE, "receive takes one --segment-dir: where the rows are kept for gpm-push --host-part");
	d = mem_alloc(sizeof(*d));
	pthread_mutex_init(&d->mutex, NULL);
	d->path = mem_str(opt_list_at(opts, OPT_ID_segment_dir, 0));
	d->limit = opt_u64(opts, OPT_ID_spool_limit);
	d->wait = wait;
	d->fd = -1;
	if (file_mkdirs(d->path, e) == 0 && (d->fd = open(d->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0)
		file_err_sys(e, "open", d->path);
	if (d->fd < 0 || look(d, e) < 0) {
		incoming_close(d);
		return -1;
	}
	*out = d;
	return 0;
}

void
incoming_close(struct incoming *d)
{
	if (d == NULL)
		return;
	if (d->fd >= 0)
		close(d->fd);
	pthread_mutex_destroy(&d->mutex);
	free(d->path);
	free(d);
}

/* --- room ------------------------------------------------------------------------------------ */

static bool
is_full(const struct incoming *d, size_t len)
{
	return d->limit != 0 && d->used + d->pending + len > d->limit;
}

/* 1, 0 not now, -1.  The mutex is held. */
static int
try_room(struct incoming *d, size_t len, struct err *e)
{
	struct statvfs fs;

	/* gpm-push only removes: the number is looked up anew when it seems too large */
	if (is_full(d, len) && look(d, e) < 0)
		return -1;
	if (is_full(d, len))
		return 0;
	if (fstatvfs(d->fd, &fs) != 0)
		return file_err_sys(e, "look at", d->path);
	if ((uint64_t)fs.f_bavail * fs.f_frsize < (uint64_t)fs.f_blocks * fs.f_frsize / 100 * FREE_PERCENT + d->pending + len)
		return 0;
	d->pending += len;
	if (d->told)
		log_info("'%s' has room again", d->path);
	d->told = false;
	return 1;
}

/* For LEN bytes of file NAME.  Once that is gone the attempt is over, and somebody waits for its end. */
static int
take_room(struct incoming *d, const char *name, size_t len, struct err *e)
{
	const struct timespec poll = { 0, POLL_NS };
	time_t since = clock_s();

	for (;;) {
		int rc;

		pthread_mutex_lock(&d->mutex);
		rc = try_room(d, len, e);
		if (rc == 0 && !d->told) {
			log_warning("'%s' is full; waiting for gpm-push --host-part", d->path);
			d->told = true;
		}
		pthread_mutex_unlock(&d->mutex);
		if (rc != 0)
			return rc < 0 ? -1 : 0;
		if (stop_check(e) < 0)
			return -1;
		if (faccessat(d->fd, name, F_OK, 0) != 0)
			return file_err_sys(e, "find", name);
		if (clock_s() - since >= (time_t)d->wait) {
			err_set(e, ERR_LIMIT, "no room in '%s' for %u s", d->path, d->wait);
			return err_hint(e, "a receiver holds all that it gets of a table until the table is complete");
		}
		nanosleep(&poll, NULL);
	}
}

/* LEN bytes are in their file, or will not be: then they count until somebody looks. */
static void
settle(struct incoming *d, size_t len)
{
	pthread_mutex_lock(&d->mutex);
	d->pending -= len;
	d->used += len;
	pthread_mutex_unlock(&d->mutex);
}

/* --- files ----------------------------------------------------------------------------------- */

int
incoming_create(struct incoming *d, const char *name, struct err *e)
{
	int fd = openat(d->fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0 && errno == EEXIST)
		return 0;
	if (fd < 0)
		return file_err_sys(e, "create", name);
	close(fd);
	return file_sync_dirfd(d->fd) < 0 ? file_err_sys(e, "sync", d->path) : 1;
}

/* No file stays open: there is one a table and try, and nobody tells when the last row came. */
static int
open_file(struct incoming *d, const char *name, struct err *e)
{
	int fd = openat(d->fd, name, O_WRONLY | O_APPEND | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? file_err_sys(e, "open", name) : fd;
}

/* RC, unless what the file's host could not take is told only now: NFS. */
static int
close_file(int fd, const char *name, int rc, struct err *e)
{
	if (close(fd) < 0 && errno != EINTR && rc == 0)
		return file_err_sys(e, "close", name);
	return rc;
}

int
incoming_append(struct incoming *d, const char *name, const char *data, size_t len, struct err *e)
{
	int fd, rc = -1;

	if (take_room(d, name, len, e) < 0)
		return -1;
	if ((fd = open_file(d, name, e)) >= 0) {
		rc = file_write_all(fd, data, len, name, e);
		rc = close_file(fd, name, rc, e);
	}
	settle(d, len);
	return rc;
}

int
incoming_sync(struct incoming *d, const char *name, struct err *e)
{
	int fd = open_file(d, name, e), rc;

	if (fd < 0)
		return -1;
	rc = file_sync_fd(fd) < 0 ? file_err_sys(e, "sync", name) : 0;
	return close_file(fd, name, rc, e);
}

static void
remove_older(struct incoming *d, const char *name, void *newer)
{
	const struct incoming_name *than = newer;
	struct incoming_name is;

	if (incoming_parse(name, &is) && strcmp(is.run, than->run) == 0 && is.table == than->table && is.piece == than->piece &&
	    is.attempt < than->attempt && unlinkat(d->fd, name, 0) == 0)
		log_debug("'%s' was of an attempt that failed", name);
}

void
incoming_remove_older(struct incoming *d, const char *name)
{
	struct incoming_name than;
	struct err e;

	/* gpm-push would remove them too, in time */
	if (incoming_parse(name, &than) && than.attempt > 1 && each_file(d, remove_older, &than, &e) < 0)
		log_warning("%s", e.text);
}
