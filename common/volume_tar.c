/* volume_tar.c -- the tar of a volume: headers made and understood, by libarchive.
 *
 * libarchive writes one header into memory and is thrown away: where a member begins and how large it is has to be known before it
 * is written, and a volume goes on in another process. */
#include "prelude.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "err.h"
#include "volume_tar.h"

#define READ_SIZE ((size_t)64 << 10)

uint64_t
tar_padding(uint64_t bytes)
{
	return (TAR_BLOCK - bytes % TAR_BLOCK) % TAR_BLOCK;
}

/* --- writing --- */

static la_ssize_t
add_to_header(struct archive *a, void *ctx, const void *data, size_t len)
{
	struct err e;

	if (buf_add(ctx, data, len, &e) == 0)
		return (la_ssize_t)len;
	archive_set_error(a, ENOMEM, "%s", e.text);
	return -1;
}

int
tar_header(const char *name, uint64_t bytes, time_t when, struct buf *out, struct err *e)
{
	struct archive *a = archive_write_new();
	struct archive_entry *entry = archive_entry_new();
	size_t end;
	int rc = -1;

	if (a == NULL || entry == NULL) {
		err_set(e, ERR_SYSTEM, "libarchive has no memory");
		goto done;
	}
	archive_entry_set_pathname(entry, name);
	archive_entry_set_filetype(entry, AE_IFREG);
	archive_entry_set_perm(entry, 0644);
	archive_entry_set_size(entry, (la_int64_t)bytes);
	archive_entry_set_mtime(entry, when, 0);
	if (archive_write_set_format_pax_restricted(a) != ARCHIVE_OK || archive_write_set_bytes_per_block(a, 0) != ARCHIVE_OK ||
	    archive_write_open(a, out, NULL, add_to_header, NULL) != ARCHIVE_OK || archive_write_header(a, entry) != ARCHIVE_OK)
		err_set(e, ERR_FAILED, "'%s' cannot be put into a tar: %s", name, archive_error_string(a));
	else
		rc = 0;
	end = out->len;
	archive_write_fail(a);  /* or all that the member holds would be written as zeros */
	archive_write_close(a); /* writes the end of a tar all the same; without it libarchive 3.6 loses memory */
	out->len = end;
done:
	archive_entry_free(entry);
	archive_write_free(a);
	return rc;
}

/* --- reading --- */

static struct archive *
new_reader(struct err *e)
{
	struct archive *a = archive_read_new();

	if (a != NULL && archive_read_support_filter_none(a) == ARCHIVE_OK && archive_read_support_format_tar(a) == ARCHIVE_OK)
		return a;
	archive_read_free(a);
	err_set(e, ERR_SYSTEM, "libarchive has no memory");
	return NULL;
}

static bool
is_plain(struct archive_entry *entry)
{
	return archive_entry_filetype(entry) == AE_IFREG && archive_entry_hardlink(entry) == NULL &&
	    archive_entry_symlink(entry) == NULL && archive_entry_size_is_set(entry) && archive_entry_size(entry) >= 0 &&
	    archive_entry_sparse_count(entry) == 0;
}

int
tar_check(const void *header, size_t len, const char *name, uint64_t bytes, struct err *e)
{
	struct archive *a = new_reader(e);
	struct archive_entry *entry;
	const char *is;
	int rc = -1;

	if (a == NULL)
		return -1;
	if (archive_read_open_memory(a, header, len) != ARCHIVE_OK || archive_read_next_header(a, &entry) != ARCHIVE_OK)
		err_set(e, ERR_DIFFERS, "there is no tar header in its place");
	else if ((is = archive_entry_pathname(entry)) == NULL || strcmp(is, name) != 0 || !is_plain(entry) ||
	    (uint64_t)archive_entry_size(entry) != bytes || archive_filter_bytes(a, 0) != (la_int64_t)len)
		err_set(e, ERR_DIFFERS, "the tar holds something else in its place");
	else
		rc = 0;
	archive_read_free(a);
	return rc;
}

struct scan {
	int fd;
	char *piece;
};

static la_ssize_t
scan_read(struct archive *a, void *ctx, const void **data)
{
	struct scan *s = ctx;
	ssize_t n = read(s->fd, s->piece, READ_SIZE);

	if (n < 0)
		archive_set_error(a, errno, "%m");
	*data = s->piece;
	return n;
}

static la_int64_t
scan_skip(struct archive *a, void *ctx, la_int64_t n)
{
	struct scan *s = ctx;
	off_t here = lseek(s->fd, 0, SEEK_CUR);
	struct stat st;

	(void)a;
	/* a seek past the end would hide that the tar is cut */
	if (here < 0 || fstat(s->fd, &st) < 0 || n > st.st_size - here || lseek(s->fd, n, SEEK_CUR) < 0)
		return 0;
	return n;
}

static int
scan_members(struct archive *a, uint64_t from, tar_scan_fn *fn, void *ctx, const char *path, struct err *e)
{
	struct archive_entry *entry;
	int rc;

	while ((rc = archive_read_next_header(a, &entry)) == ARCHIVE_OK || rc == ARCHIVE_WARN) {
		la_int64_t begin = archive_read_header_position(a), end = archive_filter_bytes(a, 0);
		struct tar_member m = { .name = archive_entry_pathname(entry), .plain = is_plain(entry), .offset = from + (uint64_t)begin,
			.header = (uint64_t)(end - begin) };

		if (m.plain)
			m.bytes = (uint64_t)archive_entry_size(entry);
		if (fn(ctx, &m, e) < 0)
			return -1;
	}
	if (rc == ARCHIVE_EOF)
		return 0;
	return err_set(e, ERR_DIFFERS, "'%s' is cut, or no tar: %s", path, archive_error_string(a));
}

int
tar_scan(int fd, const char *path, uint64_t from, tar_scan_fn *fn, void *ctx, struct err *e)
{
	struct scan s = { .fd = fd };
	struct archive *a = new_reader(e);
	int rc = -1;

	if (a == NULL)
		return -1;
	s.piece = mem_alloc(READ_SIZE);
	if (lseek(fd, (off_t)from, SEEK_SET) < 0)
		err_sys(e, "cannot read '%s'", path);
	else if (archive_read_set_read_callback(a, scan_read) != ARCHIVE_OK || archive_read_set_skip_callback(a, scan_skip) != ARCHIVE_OK ||
	    archive_read_set_callback_data(a, &s) != ARCHIVE_OK || archive_read_open1(a) != ARCHIVE_OK)
		err_set(e, ERR_DIFFERS, "'%s' is no tar: %s", path, archive_error_string(a));
	else
		rc = scan_members(a, from, fn, ctx, path, e);
	archive_read_free(a);
	free(s.piece);
	return rc;
}
