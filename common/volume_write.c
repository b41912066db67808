/* volume_write.c -- volumes that grow: a member is written, synced, and only then noted in the journal.
 *
 * What a dead process left behind the last noted member is cut off when the next one goes on. */
#include "prelude.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <openssl/evp.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "atomic.h"
#include "err.h"
#include "log.h"
#include "parse.h"
#include "store_volume.h"
#include "volume_tar.h"

/* What stays free beside a volume: for its list, its sums, and what removals take of a disk that is full for puts. */
#define MEMBER_LINE_MAX ((uint64_t)256 + STORE_KEY_MAX)
#define REMOVED_LINE_MAX(key) ((uint64_t)64 + strlen(key))
#define ROOM_TO_END ((uint64_t)16 << 10)
#define ROOM_TO_REMOVE ((uint64_t)48 << 10)

void
volume_abandon(struct volume_store *s, struct growing *g)
{
	struct growing **p = &s->growing;

	while (*p != NULL && *p != g)
		p = &(*p)->next;
	if (*p == g)
		*p = g->next;
	journal_close(g->journal);
	tar_hash_free(g->hash);
	if (g->fd >= 0)
		close(g->fd);
	if (g->lock >= 0)
		close(g->lock);
	free(g);
}

/* --- going on with a volume --- */

int
volume_lock(const char *path, int flags, mode_t mode, int *out, struct err *e)
{
	int fd = open(path, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC | flags, mode);
	struct stat st;

	if (fd < 0)
		return file_err_sys(e, "open volume", path);
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		close(fd);
		return err_set(e, ERR_FAILED, "'%s' is no file", path);
	}
	while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno == EINTR)
			continue;
		if (errno != EWOULDBLOCK)
			break; /* a file system without locks */
		close(fd);
		return err_set(e, ERR_LOCKED, "another instance writes '%s'", path);
	}
	*out = fd;
	return 0;
}

/* The journal first: it is one for all disks, so that nobody else begins this volume on another one. */
static int
lock_both(struct growing *g, const char *path, const char *journal, int flags, struct err *e)
{
	struct stat st;

	if (volume_lock(journal, flags, 0600, &g->lock, e) < 0)
		return -1;
	if (volume_lock(path, flags, 0666, &g->fd, e) == 0)
		return 0;
	if ((flags & O_CREAT) != 0 && fstat(g->lock, &st) == 0 && st.st_size == 0)
		unlink(journal); /* it was made just now */
	return -1;
}

struct replay {
	uint64_t lines, end, members, list;
	unsigned char state[32];
	char *last_key;
	struct rec_member last; /* its key is the one above */
};

static int
replay(void *ctx, struct record *r, struct journal_place place, struct err *e)
{
	struct replay *p = ctx;

	(void)place;
	(void)e; /* volume_load has looked at it */
	p->members += p->lines++ > 0;
	if (r->type == REC_REMOVED)
		p->list += REMOVED_LINE_MAX(r->u.removed.key);
	if (r->type != REC_MEMBER)
		return 0;
	p->list += MEMBER_LINE_MAX;
	free(p->last_key);
	record_take(r, &p->last);
	p->last_key = p->last.key;
	memcpy(p->state, p->last.state, sizeof(p->state));
	p->end = p->last.offset + p->last.header + p->last.bytes + tar_padding(p->last.bytes);
	return 0;
}

static int
count_member(void *ctx, const struct tar_member *m, struct err *e)
{
	uint64_t *n = ctx;

	(void)m;
	return ++*n > 1 ? err_set(e, ERR_DIFFERS, "two are enough") : 0;
}

/* What stands behind the last noted member goes.  A dead process leaves one at most: more of them are in a journal elsewhere. */
static int
cut_off(int fd, const char *path, const char *journal, uint64_t end, struct err *e)
{
	struct err ignored;
	uint64_t behind = 0;

	if (tar_scan(fd, path, end, count_member, &behind, &ignored) < 0 && behind > 1) {
		err_set(e, ERR_DIFFERS, "volume '%s' holds more than '%s' lists", path, journal);
		return err_hint(e, "its own journal is elsewhere, with another --spool or beside other disks: go on with that; move the volume away if "
		    "nothing in it is wanted");
	}
	log_debug("'%s': cutting off what was not noted, from byte %" PRIu64, path, end);
	return ftruncate(fd, (off_t)end) < 0 ? file_err_sys(e, "cut", path) : 0;
}

/* Is it the file that the journal speaks of? */
static int
cut_to_journal(int fd, const char *path, const char *journal, const struct replay *p, struct err *e)
{
	char *header;
	struct stat st;
	int rc = 0;

	if (fstat(fd, &st) < 0)
		return file_err_sys(e, "examine", path);
	if ((uint64_t)st.st_size < p->end) {
		err_set(e, ERR_DIFFERS, "volume '%s' has %" PRIu64 " bytes, its journal '%s' says %" PRIu64, path, (uint64_t)st.st_size,
		    journal, p->end);
		return err_hint(e, "the disk lost what was written, or it is another one; what was in this volume has to be stored anew");
	}
	if (p->last_key != NULL) {
		header = mem_alloc(p->last.header);
		rc = file_read_at(fd, header, p->last.header, p->last.offset, path, e);
		if (rc == 0 && (rc = tar_check(header, p->last.header, p->last_key, p->last.bytes, e)) < 0)
			err_context(e, "volume '%s' is not the one that '%s' speaks of", path, journal);
		free(header);
	}
	return rc == 0 && (uint64_t)st.st_size > p->end ? cut_off(fd, path, journal, p->end, e) : rc;
}

static int
moment_ago(const char *path, struct err *e)
{
	return err_set(e, ERR_LOCKED, "another instance was at work on '%s' a moment ago", path);
}

/* Neither file is there any more: somebody has completed or removed the volume since we looked. */
static bool
has_gone(const char *path, const char *journal)
{
	struct stat st;

	return lstat(journal, &st) < 0 && errno == ENOENT && lstat(path, &st) < 0 && errno == ENOENT;
}

static int
open_growing(struct volume_store *s, struct growing *g, const char *path, int flags, struct err *e)
{
	struct volume *v = &s->volumes[g->volume];
	char *journal = volume_path(s->state.path, v, VOLUME_JOURNAL);
	struct rec_volume first = { .volume = v->number };
	struct replay p = { 0 };
	int rc = lock_both(g, path, journal, flags, e);

	if (rc < 0 && (flags & O_CREAT) == 0 && has_gone(path, journal))
		rc = moment_ago(path, e);
	if (rc == 0)
		rc = journal_open(journal, VOLUME_JOURNAL_FORMAT, v->set, replay, &p, &g->journal, e);
	if (rc == 0 && p.lines != v->lines)
		rc = moment_ago(path, e);
	if (rc == 0)
		rc = cut_to_journal(g->fd, path, journal, &p, e);
	if (rc == 0 && p.lines == 0 && (rc = file_sync_parent(path, e)) == 0 &&
	    (rc = journal_append(g->journal, REC_VOLUME, &first, NULL, e)) == 0)
		v->lines = 1;
	g->size = p.end;
	g->members = p.members;
	g->list = p.list;
	g->hash = tar_hash_new(p.state, p.end);
	free(p.last_key);
	free(journal);
	return rc;
}

static int
take_up(struct volume_store *s, size_t volume, int flags, struct growing **out, struct err *e)
{
	struct volume *v = &s->volumes[volume];
	struct growing *g = mem_alloc(sizeof(*g));
	char *path = volume_tar_path(s, v);
	int rc;

	g->volume = volume;
	g->fd = g->lock = -1;
	rc = open_growing(s, g, path, flags, e);
	free(path);
	if (rc < 0) {
		volume_abandon(s, g);
		return -1;
	}
	g->next = s->growing;
	s->growing = g;
	*out = g;
	return 1;
}

/* --- beginning one --- */

/* Less what the last blocks of a volume's files may waste: 128 KB each on a large exFAT. */
static uint64_t
free_bytes(const struct place *p)
{
	struct statvfs st;

	return statvfs(p->path, &st) < 0 || st.f_bavail < 4 ? 0 : (uint64_t)(st.f_bavail - 4) * st.f_frsize;
}

/* Is there room for MORE bytes, and then for all that the end of G takes? */
static bool
has_room(const struct place *p, const struct growing *g, uint64_t more)
{
	return !p->full && more + TAR_END + g->list + ROOM_TO_END <= free_bytes(p);
}

static size_t
first_with_room(const struct volume_store *s)
{
	size_t i = 0;

	while (i < s->nfolders && (s->folders[i].full || free_bytes(&s->folders[i]) < ROOM_TO_END))
		i++;
	return i;
}

static uint64_t
next_number(const struct volume_store *s, const char *set)
{
	uint64_t last = 0;

	for (size_t i = 0; i < s->nvolumes; i++)
		if (strcmp(s->volumes[i].set, set) == 0 && s->volumes[i].number > last)
			last = s->volumes[i].number;
	return last + 1;
}

/* PART, which no journal in the state knows: it was begun by a process that died before it made one (then it is empty), or with another
 * state. */
static int
unknown_part(const struct volume_store *s, const struct volume *v, const char *part, struct err *e)
{
	struct stat st;
	char *journal;

	err_set(e, ERR_FAILED, "'%s' is there, and nothing here knows what it holds", part);
	for (size_t i = 0; i < s->nfolders; i++) {
		journal = volume_path(s->folders[i].path, v, VOLUME_JOURNAL);
		if (lstat(journal, &st) == 0)
			err_set(e, ERR_FAILED, "'%s' is there; '%s' may say what it holds, and is not the journal that is used here", part, journal);
		free(journal);
	}
	return err_hint(e, "it was begun with another --spool, or with the folders in another order: go on with that; or move the file away");
}

/* A file of that name.  Another process may have completed one of this number since we looked. */
static int
check_leftover(const struct volume_store *s, const char *folder, const struct volume *v, struct err *e)
{
	char *part = volume_path(folder, v, VOLUME_PART), *tar = volume_path(folder, v, VOLUME_TAR);
	struct stat st;
	int rc = 0;

	if (lstat(tar, &st) == 0)
		rc = moment_ago(tar, e);
	else if (lstat(part, &st) == 0 && st.st_size != 0)
		rc = unknown_part(s, v, part, e);
	free(tar);
	free(part);
	return rc;
}

static int
check_leftovers(const struct volume_store *s, const struct volume *v, struct err *e)
{
	for (size_t i = 0; i < s->nfolders; i++)
		if (check_leftover(s, s->folders[i].path, v, e) < 0)
			return -1;
	return 0;
}

/* Numbers may come from a stray file. */
static int
check_number(const struct volume *v, struct err *e)
{
	if (v->number <= VOLUME_NUMBER_MAX)
		return 0;
	err_set(e, ERR_FAILED, "there can be no volume behind number %d of %s", VOLUME_NUMBER_MAX, v->set);
	return err_hint(e, "a file of that number is in one of the folders, or in the spool's volumes/; remove it if it is none of this run");
}

static int
copy_list_piece(void *ctx, const void *data, size_t len, struct err *e)
{
	return atomic_write(ctx, data, len, e);
}

/* The disk gets the lists of the volumes before, so that whoever has only this one knows what the others held. */
static int
copy_list(struct volume_store *s, const struct volume *v, const struct place *to, struct err *e)
{
	char *name = volume_name(v, VOLUME_LIST), *path = volume_path(to->path, v, VOLUME_LIST);
	struct store_object there;
	struct atomic_file *copy;
	int rc = store_head(to->files, name, &there, e);

	if (rc == 0 && (rc = store_head(s->state.files, name, &there, e)) > 0) {
		if ((copy = atomic_create(path, e)) == NULL)
			rc = -1;
		else if ((rc = store_get(s->state.files, name, 0, 0, copy_list_piece, copy, e)) <= 0)
			atomic_abort(copy);
		else
			rc = atomic_commit(copy, e);
		if (rc == 0)
			rc = chmod(path, 0644) < 0 && errno != EPERM ? file_err_sys(e, "set the mode of", path) : 0;
	}
	free(path);
	free(name);
	return rc < 0 ? -1 : 0;
}

static int
copy_lists(struct volume_store *s, const char *set, const struct place *to, struct err *e)
{
	if (!s->has_state)
		return 0;
	for (size_t i = 0; i < s->nvolumes; i++)
		if (strcmp(s->volumes[i].set, set) == 0 && copy_list(s, &s->volumes[i], to, e) < 0)
			return -1;
	return 0;
}

static int
begin_volume(struct volume_store *s, const char *set, struct growing **out, struct err *e)
{
	size_t place = first_with_room(s), volume = s->nvolumes;
	struct volume v = { .set = mem_str(set), .number = next_number(s, set), .tar = (int)place, .open = true, .part = true };
	int rc;

	if (place == s->nfolders) {
		free(v.set);
		return 0;
	}
	s->volumes = mem_grow(s->volumes, (volume + 1) * sizeof(*s->volumes));
	s->volumes[s->nvolumes++] = v;
	if ((rc = check_number(&v, e)) == 0 && (rc = check_leftovers(s, &v, e)) == 0 && (rc = volume_drop_stale(s, set, e)) == 0 &&
	    (rc = copy_lists(s, set, &s->folders[place], e)) == 0)
		rc = take_up(s, volume, O_CREAT, out, e);
	if (rc <= 0)
		free(s->volumes[--s->nvolumes].set); /* it holds nothing yet */
	return rc;
}

static int
elsewhere(const struct volume *v, struct err *e)
{
	err_set(e, ERR_FAILED, "volume %" PRIu64 " of %s was begun on a disk that is not here, and is not complete", v->number, v->set);
	return err_hint(e, "mount that disk, name its folder, and start again; another one comes when this one is full");
}

int
volume_grow(struct volume_store *s, const char *set, bool begin, struct growing **out, struct err *e)
{
	for (struct growing *g = s->growing; g != NULL; g = g->next)
		if (strcmp(s->volumes[g->volume].set, set) == 0) {
			*out = g;
			return 1;
		}
	for (size_t i = 0; i < s->nvolumes; i++)
		if (s->volumes[i].open && strcmp(s->volumes[i].set, set) == 0)
			return s->volumes[i].tar == NOWHERE ? elsewhere(&s->volumes[i], e) : take_up(s, i, 0, out, e);
	return begin ? begin_volume(s, set, out, e) : 0;
}

/* --- a member --- */

struct writing {
	struct growing *g;
	const char *path;
	EVP_MD_CTX *member;
	uint64_t at;
	bool no_room;        /* the disk took no more of it */
};

static int
write_piece(struct writing *w, const void *data, size_t len, struct err *e)
{
	if (file_write_at(w->g->fd, data, len, w->at) < 0) {
		w->no_room = errno == ENOSPC || errno == EFBIG || errno == EDQUOT;
		return file_err_sys(e, "write volume", w->path);
	}
	w->at += len;
	tar_hash_add(w->g->hash, data, len);
	return 0;
}

static int
write_body_piece(void *ctx, const void *data, size_t len, struct err *e)
{
	struct writing *w = ctx;

	if (EVP_DigestUpdate(w->member, data, len) != 1)
		return err_set(e, ERR_SYSTEM, "SHA-256 failed");
	return write_piece(w, data, len, e);
}

static int
write_member(struct volume_store *s, struct writing *w, const struct buf *header, const struct store_body *body, unsigned char sha256[32],
    struct err *e)
{
	static const char zeros[TAR_BLOCK];

	w->member = EVP_MD_CTX_new();
	w->at = w->g->size;
	if (w->member == NULL || EVP_DigestInit_ex(w->member, EVP_sha256(), NULL) != 1)
		return err_set(e, ERR_SYSTEM, "SHA-256 is not to be had");
	if (write_piece(w, header->data, header->len, e) < 0 || store_body_each(body, s->store.throttle, write_body_piece, w, e) < 0 ||
	    write_piece(w, zeros, tar_padding(body->len), e) < 0)
		return -1;
	if (EVP_DigestFinal_ex(w->member, sha256, NULL) != 1)
		return err_set(e, ERR_SYSTEM, "SHA-256 failed");
	if (file_sync_fd(w->g->fd) < 0) {
		w->no_room = errno == ENOSPC || errno == EDQUOT;
		return file_err_sys(e, "sync volume", w->path);
	}
	return 0;
}

/* 1 written and noted, 0 the disk took no more of it (the volume is as it was), -1: G is gone. */
static int
add_member(struct volume_store *s, struct growing *g, const char *key, const struct buf *header, const struct store_body *body, struct err *e)
{
	struct rec_member rec = { .key = mem_str(key), .offset = g->size, .header = header->len, .bytes = body->len };
	struct volume *v = &s->volumes[g->volume];
	char *path = volume_tar_path(s, v);
	struct volume_member member = { .offset = g->size, .header = header->len, .bytes = body->len, .volume = (uint32_t)g->volume, .hashed = true };
	struct writing w = { .g = g, .path = path };
	unsigned char before[32];
	int rc;

	tar_hash_state(g->hash, before);
	if ((rc = write_member(s, &w, header, body, rec.sha256, e)) == 0) {
		memcpy(member.sha256, rec.sha256, sizeof(member.sha256));
		tar_hash_state(g->hash, rec.state);
		if ((rc = journal_append(g->journal, REC_MEMBER, &rec, NULL, e)) == 0 && (rc = volume_take(s, g->volume, key, &member, e)) == 0) {
			g->size = w.at;
			g->members++;
			g->list += MEMBER_LINE_MAX;
			v->lines++;
			rc = 1;
		}
	} else if (ftruncate(g->fd, (off_t)g->size) == 0) {
		tar_hash_free(g->hash);
		g->hash = tar_hash_new(before, g->size);
		rc = w.no_room ? 0 : -2; /* -2: nothing is wrong with the volume */
	}
	EVP_MD_CTX_free(w.member);
	free(rec.key);
	free(path);
	if (rc == -1)
		volume_abandon(s, g);
	return rc < 0 ? -1 : rc;
}

/* --- where there is room --- */

static time_t
time_of_set(const char *set)
{
	struct tm tm = { 0 };

	return runid_valid(set) && strptime(set, "%Y%m%dT%H%M%SZ", &tm) != NULL ? timegm(&tm) : 0;
}

static int
no_room(struct volume_store *s, const char *set, uint64_t bytes, struct err *e)
{
	char size[FORMAT_SIZE_LEN];
	uint64_t complete = 0;

	for (size_t i = 0; i < s->nvolumes; i++)
		complete += strcmp(s->volumes[i].set, set) == 0 && s->volumes[i].tar != NOWHERE && !s->volumes[i].open;
	err_set(e, ERR_LIMIT, "'%s'%s full: the next object, of %s, does not fit; %" PRIu64 " volumes of %s are complete there",
	    s->folders[s->nfolders - 1].path, s->nfolders > 1 ? " and the others are" : " is", format_size(bytes, size), complete, set);
	return err_hint(e, "mount the next disk and start again with its folder, volume:///…; nothing that is stored is stored again");
}

/* Complete the volume, or forget it when it holds nothing. */
static int
leave(struct volume_store *s, struct growing *g, struct err *e)
{
	struct volume *v = &s->volumes[g->volume];
	char *part, *journal;

	if (g->members > 0)
		return volume_complete(s, g, e);
	part = volume_tar_path(s, v);
	journal = volume_path(s->state.path, v, VOLUME_JOURNAL);
	unlink(journal);
	unlink(part);
	v->open = v->part = false;
	v->tar = NOWHERE;
	v->number = 0; /* it may be given again */
	volume_abandon(s, g);
	free(part);
	free(journal);
	return 0;
}

static int
too_large(const struct volume_store *s, const char *key, uint64_t bytes, struct err *e)
{
	char size[FORMAT_SIZE_LEN], limit[FORMAT_SIZE_LEN];

	err_set(e, ERR_FAILED, "'%s' has %s, and a volume %s at most; an object is never split", key, format_size(bytes, size), format_size(s->size, limit));
	return err_hint(e, "start again with a larger size= in the URL");
}

/* 1 written, 0 the volume or its folder was left because it had no room: again; -1. */
static int
try_append(struct volume_store *s, const char *set, const char *key, const struct buf *header, const struct store_body *body, struct err *e)
{
	uint64_t need = header->len + body->len + tar_padding(body->len);
	struct growing *g;
	struct place *place;
	int rc = need + TAR_END > s->size ? too_large(s, key, body->len, e) : volume_grow(s, set, true, &g, e);

	if (rc <= 0)
		return rc < 0 ? -1 : no_room(s, set, body->len, e);
	place = &s->folders[s->volumes[g->volume].tar];
	if (need + TAR_END > s->size - (g->size < s->size ? g->size : s->size))
		return leave(s, g, e);
	if (has_room(place, g, need + MEMBER_LINE_MAX + ROOM_TO_REMOVE)) {
		if ((rc = add_member(s, g, key, header, body, e)) != 0)
			return rc;
		if (g->size > 0 && has_room(place, g, need + MEMBER_LINE_MAX + ROOM_TO_REMOVE))
			return leave(s, g, e); /* not the disk, but the size of a file is at its end */
	}
	place->full = true;
	return leave(s, g, e);
}

int
volume_append(struct volume_store *s, const char *key, const struct store_body *body, struct err *e)
{
	char *set = volume_set_of(key);
	struct buf header;
	int rc;

	buf_init(&header, TAR_HEADER_MAX);
	rc = tar_header(key, body->len, time_of_set(set), &header, e);
	while (rc == 0)
		rc = try_append(s, set, key, &header, body, e);
	buf_release(&header);
	free(set);
	return rc < 0 ? -1 : 0;
}

/* --- what is removed --- */

/* In the journal, which may be on the same disk, and in the list. */
static int
note_removed(struct volume_store *s, struct growing *g, const char *key, struct err *e)
{
	struct rec_removed rec = { .key = mem_str(key) };
	int rc = journal_append(g->journal, REC_REMOVED, &rec, NULL, e);

	free(rec.key);
	if (rc < 0)
		return -1;
	g->members++;
	g->list += REMOVED_LINE_MAX(key);
	s->volumes[g->volume].lines++;
	return volume_take_removed(s, key, e);
}

int
volume_note_removed(struct volume_store *s, const char *set, const char *key, struct err *e)
{
	struct growing *g;
	int rc;

	while ((rc = volume_grow(s, set, true, &g, e)) > 0) {
		struct place *place = &s->folders[s->volumes[g->volume].tar];

		if (has_room(place, g, 2 * REMOVED_LINE_MAX(key)))
			return note_removed(s, g, key, e);
		place->full = true;
		if (leave(s, g, e) < 0)
			return -1;
	}
	if (rc < 0)
		return -1;
	err_set(e, ERR_LIMIT, "'%s' is full: there is no room to note that '%s' is removed", s->folders[s->nfolders - 1].path, key);
	return err_hint(e, "free some space there that other files take, and start again");
}
