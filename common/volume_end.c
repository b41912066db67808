/* volume_end.c -- how a volume ends: complete, with its list and sums beside it; or all of its set removed. */
#include "prelude.h"

#include <errno.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <unistd.h>

#include "atomic.h"
#include "err.h"
#include "log.h"
#include "manifest.h"
#include "parse.h"
#include "store_volume.h"
#include "volume_tar.h"

/* --- the list and the sums --- */

struct copying {
	struct manifest_writer *list;
	struct rec_end end;
	uint64_t lines;      /* of members and removals */
};

static int
copy_line(void *ctx, struct record *r, struct journal_place place, struct err *e)
{
	struct copying *c = ctx;

	(void)place;
	if (r->type == REC_VOLUME)
		return 0; /* the list has its own */
	c->lines++;
	if (r->type == REC_MEMBER) {
		memset(r->u.member.state, 0, sizeof(r->u.member.state));
		c->end.chunks++;
		c->end.stored_bytes += r->u.member.bytes;
	}
	return manifest_add(c->list, r->type, &r->u, e);
}

/* Everybody's to read, as far as the user lets it: a disk is carried to another machine. */
static int
open_to_readers(const char *path, mode_t mode, struct err *e)
{
	return chmod(path, mode & 0666) < 0 && errno != EPERM ? file_err_sys(e, "set the mode of", path) : 0;
}

/* The journal's lines into LIST, which has to speak of as many members as were written. */
static int
copy_journal(struct volume_store *s, const struct growing *g, struct copying *c, struct err *e)
{
	const struct volume *v = &s->volumes[g->volume];
	char *path = volume_path(s->state.path, v, VOLUME_JOURNAL);
	uint64_t offset = 0;
	int rc = journal_read(path, VOLUME_JOURNAL_FORMAT, v->set, &offset, copy_line, c, e) < 0 ? -1 : 0;

	if (rc == 0 && c->lines != g->members) {
		err_set(e, ERR_DIFFERS, "'%s' is not what was written: it speaks of %" PRIu64 " members, there are %" PRIu64, path, c->lines, g->members);
		rc = err_hint(e, "somebody changed or removed it; what was in this volume has to be stored anew");
	}
	free(path);
	return rc;
}

/* The journal as a list in FOLDER; in HASH the list's own. */
static int
write_list(struct volume_store *s, const struct growing *g, const struct rec_volume *first, const char *folder, mode_t mode, struct file_hash *hash,
    struct err *e)
{
	const struct volume *v = &s->volumes[g->volume];
	char *path = volume_path(folder, v, VOLUME_LIST);
	struct copying c = { .list = NULL };
	int rc = manifest_begin(path, VOLUME_FORMAT, v->set, &c.list, e);

	if (rc == 0)
		rc = manifest_add(c.list, REC_VOLUME, first, e);
	if (rc == 0)
		rc = copy_journal(s, g, &c, e);
	if (rc == 0)
		rc = manifest_end(c.list, &c.end, hash, e);
	else
		manifest_abort(c.list);
	if (rc == 0)
		rc = open_to_readers(path, mode, e);
	free(path);
	return rc;
}

static int
write_sums(const struct volume *v, const char *folder, const unsigned char tar[32], const struct file_hash *list, mode_t mode, struct err *e)
{
	char *path = volume_path(folder, v, VOLUME_SUM), *tar_name = volume_name(v, VOLUME_TAR), *list_name = volume_name(v, VOLUME_LIST);
	char tar_hex[65], list_hex[65];
	char *text = mem_printf("%s  %s\n%s  %s\n", format_hex(tar, 32, tar_hex), tar_name, format_hex(list->sha256, 32, list_hex), list_name);
	int rc = atomic_write_file(path, text, strlen(text), e);

	if (rc == 0)
		rc = open_to_readers(path, mode, e);
	free(text);
	free(list_name);
	free(tar_name);
	free(path);
	return rc;
}

/* --- complete --- */

/* The zeros at its end; in SHA256 all of it. */
static int
end_tar(struct growing *g, const char *path, unsigned char sha256[32], struct err *e)
{
	static const char zeros[TAR_END];

	if (file_write_at(g->fd, zeros, sizeof(zeros), g->size) < 0 || file_sync_fd(g->fd) < 0)
		return file_err_sys(e, "end volume", path);
	tar_hash_add(g->hash, zeros, sizeof(zeros));
	tar_hash_end(g->hash, sha256);
	return 0;
}

static int
give_name(struct volume_store *s, const struct volume *v, const char *folder, const char *part, struct err *e)
{
	char *path = volume_path(folder, v, VOLUME_TAR), *journal = volume_path(s->state.path, v, VOLUME_JOURNAL);
	int rc = rename(part, path) < 0 ? file_err_sys(e, "rename to", path) : file_sync_dir(folder, e);

	if (rc == 0 && unlink(journal) < 0)
		rc = file_err_sys(e, "remove", journal);
	if (rc == 0)
		rc = file_sync_dir(s->state.path, e);
	free(journal);
	free(path);
	return rc;
}

/* Killed between two of its steps, the next process finds the journal and does them all again. */
int
volume_complete(struct volume_store *s, struct growing *g, struct err *e)
{
	struct volume *v = &s->volumes[g->volume];
	const char *folder = s->folders[v->tar].path;
	char *part = volume_tar_path(s, v), size[FORMAT_SIZE_LEN];
	struct rec_volume first = { .volume = v->number, .bytes = g->size + TAR_END };
	struct file_hash list, ignored;
	struct stat st;
	int rc = fstat(g->fd, &st) < 0 ? file_err_sys(e, "examine", part) : end_tar(g, part, first.sha256, e);

	if (rc == 0 && (rc = write_list(s, g, &first, folder, st.st_mode, &list, e)) == 0)
		rc = write_sums(v, folder, first.sha256, &list, st.st_mode, e);
	if (rc == 0 && s->has_state)
		rc = write_list(s, g, &first, s->state.path, 0600, &ignored, e);
	if (rc == 0)
		rc = give_name(s, v, folder, part, e);
	if (rc == 0) {
		v->bytes = first.bytes;
		v->listed = true;
		v->open = v->part = false;
		log_info("volume %" PRIu64 " of %s is complete in '%s': %" PRIu64 " objects, %s", v->number, v->set, folder, v->live, format_size(v->bytes, size));
	}
	volume_abandon(s, g);
	free(part);
	return rc;
}

int
volume_finish_set(struct volume_store *s, const char *set, struct err *e)
{
	struct growing *g;
	int rc = volume_grow(s, set, false, &g, e);

	return rc <= 0 ? rc : volume_complete(s, g, e);
}

/* --- removed --- */

static int
drop_file(const char *folder, const struct volume *v, const char *kind, struct err *e)
{
	char *path = volume_path(folder, v, kind);
	int rc = unlink(path) < 0 && errno != ENOENT ? file_err_sys(e, "remove", path) : 0;

	free(path);
	return rc;
}

static int
drop_volume(struct volume_store *s, struct volume *v, struct err *e)
{
	static const char *const kinds[] = { VOLUME_TAR, VOLUME_PART, VOLUME_LIST, VOLUME_SUM };

	if (drop_file(s->state.path, v, VOLUME_JOURNAL, e) < 0)
		return -1;
	for (size_t k = 0; k < GPM_ARRAY_LEN(kinds); k++) {
		for (size_t i = 0; i < s->nfolders; i++)
			if (drop_file(s->folders[i].path, v, kinds[k], e) < 0)
				return -1;
		if (s->has_state && drop_file(s->state.path, v, kinds[k], e) < 0)
			return -1;
	}
	v->open = v->part = v->listed = false;
	v->tar = NOWHERE;
	v->number = 0;
	return 0;
}

int
volume_drop_set(struct volume_store *s, const char *set, struct err *e)
{
	struct growing *g;
	int rc = 0;

	for (g = s->growing; g != NULL && strcmp(s->volumes[g->volume].set, set) != 0; g = g->next)
		continue;
	if (g != NULL)
		volume_abandon(s, g);
	/* in order of their numbers: what is removed is noted in the last one, and stays so until the others are gone */
	for (size_t i = 0; rc == 0 && i < s->nvolumes; i++)
		if (strcmp(s->volumes[i].set, set) == 0)
			rc = drop_volume(s, &s->volumes[i], e);
	for (size_t i = 0; rc == 0 && i < s->nfolders; i++)
		rc = file_sync_dir(s->folders[i].path, e);
	if (rc == 0 && s->has_state) /* a journal that came back would speak of a volume that is nowhere */
		rc = file_sync_dir(s->state.path, e);
	return rc;
}

/* Without a state what is on other disks is as good as absent (store_volume.h): it keeps nothing here. */
static uint64_t
live_in_set(const struct volume_store *s, const char *set)
{
	uint64_t n = 0;

	for (size_t i = 0; i < s->nvolumes; i++)
		if (strcmp(s->volumes[i].set, set) == 0 && (s->has_state || s->volumes[i].tar != NOWHERE))
			n += s->volumes[i].live;
	return n;
}

int
volume_remove(struct volume_store *s, const char *key, struct err *e)
{
	char *set = volume_set_of(key);
	int rc = volume_note_removed(s, set, key, e);

	if (rc == 0 && live_in_set(s, set) == 0)
		rc = volume_drop_set(s, set, e);
	free(set);
	return rc;
}
