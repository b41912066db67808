/* volume_stale.c -- journals that outlived their volume: a process died after it had completed the volume, or before it began it.
 *
 * One that is called like such a journal may be another one's, and the only list of what a volume elsewhere holds.  So it goes only when a
 * list says all that it says. */
#include "prelude.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "atomic.h"
#include "err.h"
#include "log.h"
#include "manifest.h"
#include "store_volume.h"

/* What the lines of a journal or a list say, in their order. */
struct said {
	uint64_t lines, digest;
};

static void
add(struct said *said, const void *data, size_t len)
{
	said->digest = XXH3_64bits_withSeed(data, len, said->digest);
}

static void
say(struct said *said, const struct record *r)
{
	const struct rec_member *m = &r->u.member;
	const char *key = r->type == REC_MEMBER ? m->key : r->u.removed.key;

	if (r->type != REC_MEMBER && r->type != REC_REMOVED)
		return;
	said->lines++;
	add(said, record_type_name(r->type), strlen(record_type_name(r->type)));
	add(said, key, strlen(key));
	if (r->type == REC_REMOVED)
		return;
	add(said, &m->offset, sizeof(m->offset));
	add(said, &m->bytes, sizeof(m->bytes));
	add(said, m->sha256, sizeof(m->sha256));
}

static int
see_line(void *ctx, struct record *r, struct journal_place place, struct err *e)
{
	(void)place;
	(void)e;
	say(ctx, r);
	return 0;
}

/* The list of V among FILES: 1, 0 there is none that can be used, -1. */
static int
read_list(struct store *files, const struct volume *v, struct said *out, struct err *e)
{
	char *name = volume_name(v, VOLUME_LIST);
	struct manifest *m = NULL;
	struct record r;
	int rc = manifest_fetch(files, name, VOLUME_FORMAT, v->set, NULL, &m, e), next = 0;

	*out = (struct said){ 0 };
	while (rc > 0 && (next = manifest_next(m, &r, e)) > 0) {
		say(out, &r);
		record_release(&r);
	}
	manifest_close(m);
	free(name);
	if (next < 0 || rc < 0)
		return e->code == ERR_DIFFERS ? 0 : -1;
	return rc;
}

/* Does any list of V say just this?  1, 0, -1. */
static int
is_listed(const struct volume_store *s, const struct volume *v, const struct said *journal, struct err *e)
{
	struct said list;
	int rc = 0;

	for (size_t i = 0; i <= s->nfolders; i++) {
		if ((rc = read_list(i < s->nfolders ? s->folders[i].files : s->state.files, v, &list, e)) < 0)
			return -1;
		if (rc > 0 && list.lines == journal->lines && list.digest == journal->digest)
			return 1;
	}
	return 0;
}

/* A file of V that is no journal, for a message; the caller frees. */
static char *
other_file(const struct volume_store *s, const struct volume *v)
{
	static const char *const kinds[] = { VOLUME_TAR, VOLUME_LIST };

	for (size_t k = 0; k < GPM_ARRAY_LEN(kinds); k++)
		for (size_t i = 0; i <= s->nfolders; i++) {
			char *path = volume_path(i < s->nfolders ? s->folders[i].path : s->state.path, v, kinds[k]);
			struct stat st;

			if (lstat(path, &st) == 0)
				return path;
			free(path);
		}
	return volume_name(v, VOLUME_TAR);
}

static int
not_its_own(const struct volume_store *s, const struct volume *v, const char *journal, struct err *e)
{
	char *other = other_file(s, v);

	err_set(e, ERR_DIFFERS, "'%s' lists what '%s' has not: they are of two volumes with one name", journal, other);
	free(other);
	return err_hint(e, "move the one away that is a stray; the journal, when a '%s.v%04llu" VOLUME_PART "' is on another disk, is its only list", v->set,
	    (unsigned long long)v->number);
}

/* The journal at PATH, which is locked. */
static int
drop_one(const struct volume_store *s, const struct volume *v, const char *path, struct err *e)
{
	struct said said = { 0 };
	uint64_t offset = 0;
	int rc = journal_read(path, VOLUME_JOURNAL_FORMAT, v->set, &offset, see_line, &said, e);

	if (rc > 0 && said.lines > 0 && (rc = is_listed(s, v, &said, e)) == 0)
		return not_its_own(s, v, path, e);
	if (rc < 0)
		return -1;
	log_debug("'%s' is not needed any more", path);
	return unlink(path) < 0 && errno != ENOENT ? file_err_sys(e, "remove", path) : 0;
}

int
volume_drop_stale(struct volume_store *s, const char *set, struct err *e)
{
	int rc = 0, fd;

	for (size_t i = 0; rc == 0 && i < s->nvolumes; i++) {
		const struct volume *v = &s->volumes[i];
		struct stat st;
		char *path;

		if (strcmp(v->set, set) != 0 || v->open)
			continue;
		path = volume_path(s->state.path, v, VOLUME_JOURNAL);
		if (lstat(path, &st) == 0 && S_ISREG(st.st_mode) && (rc = volume_lock(path, 0, 0, &fd, e)) == 0) {
			rc = drop_one(s, v, path, e);
			close(fd);
		} else if (rc < 0 && e->code == ERR_LOCKED) {
			rc = 0; /* what somebody writes stays */
		}
		free(path);
	}
	return rc;
}
