/* volume_load.c -- which volumes there are, and what they hold: from their lists, or where a list is lost or damaged from the tar.
 *
 * Lists come from disks that anybody may have had in hand.  One is used only when all of its lines are in order, so that a member never
 * reaches past its tar or into another; what a member really is volume_member.c compares. */
#include "prelude.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <unistd.h>

#include "err.h"
#include "log.h"
#include "manifest.h"
#include "store_volume.h"
#include "volume_tar.h"

/* --- what lies in the folders --- */

struct found {
	char *set;
	uint64_t number;
	size_t place;     /* a folder, or nfolders: the state */
	const char *kind; /* one of the constants */
};

struct finding {
	struct found *at;
	size_t n, room;
};

static const char *
path_of(const struct volume_store *s, size_t place)
{
	return place < s->nfolders ? s->folders[place].path : s->state.path;
}

static const char *
kind_constant(const char *kind)
{
	static const char *const kinds[] = { VOLUME_TAR, VOLUME_PART, VOLUME_LIST, VOLUME_JOURNAL };

	for (size_t i = 0; i < GPM_ARRAY_LEN(kinds); i++)
		if (strcmp(kind, kinds[i]) == 0)
			return kinds[i];
	return NULL;
}

static void
see_name(struct finding *f, const char *name, size_t place)
{
	struct found found = { .place = place };
	const char *kind;

	if (!volume_parse(name, &found.set, &found.number, &kind))
		return;
	if ((found.kind = kind_constant(kind)) == NULL) {
		free(found.set);
		return;
	}
	if (f->n == f->room) {
		f->room = f->room > 0 ? 2 * f->room : 64;
		f->at = mem_grow(f->at, f->room * sizeof(*f->at));
	}
	f->at[f->n++] = found;
}

static int
look_into(struct volume_store *s, struct finding *f, size_t place, struct err *e)
{
	DIR *dir = opendir(path_of(s, place));
	struct dirent *d;
	int rc = 0;

	if (dir == NULL)
		return err_sys(e, "cannot open folder '%s'", path_of(s, place));
	while ((errno = 0, d = readdir(dir)) != NULL)
		see_name(f, d->d_name, place);
	if (errno != 0)
		rc = err_sys(e, "cannot read folder '%s'", path_of(s, place));
	closedir(dir);
	return rc;
}

static int
compare(const void *a, const void *b)
{
	const struct found *x = a, *y = b;
	int by_set = strcmp(x->set, y->set);

	if (by_set != 0)
		return by_set;
	if (x->number != y->number)
		return x->number < y->number ? -1 : 1;
	return x->place < y->place ? -1 : x->place > y->place;
}

/* --- members --- */

int
volume_take(struct volume_store *s, size_t volume, const char *key, const struct volume_member *member, struct err *e)
{
	struct volume_member old;
	int rc = volume_index_find(s->index, key, &old, e);

	if (rc < 0 || volume_index_set(s->index, key, member, e) < 0)
		return -1;
	if (rc > 0)
		s->volumes[old.volume].live--;
	s->volumes[volume].live++;
	return 0;
}

int
volume_take_removed(struct volume_store *s, const char *key, struct err *e)
{
	struct volume_member old;
	int rc = volume_index_find(s->index, key, &old, e);

	if (rc <= 0)
		return rc;
	s->volumes[old.volume].live--;
	old.gone = true;
	return volume_index_set(s->index, key, &old, e);
}

static int
check_key(const struct volume *v, const char *key, struct err *e)
{
	size_t len = strlen(v->set);

	if (store_key_check(key, e) < 0)
		return -1;
	return strncmp(key, v->set, len) == 0 && (key[len] == '/' || key[len] == '\0') ? 0 :
	    err_set(e, ERR_DIFFERS, "'%s' has no place in a volume of %s", key, v->set);
}

/* A member line: behind the last one, which ended at *END, and within the LIMIT bytes of the tar. */
static int
check_member(const struct volume *v, const struct rec_member *m, uint64_t limit, uint64_t *end, struct err *e)
{
	uint64_t behind;

	if (check_key(v, m->key, e) < 0)
		return -1;
	if (m->header > TAR_HEADER_MAX || m->header < TAR_BLOCK || m->header % TAR_BLOCK != 0 || m->offset % TAR_BLOCK != 0 ||
	    m->offset < *end || m->offset > limit || m->bytes > limit - m->offset)
		return err_set(e, ERR_DIFFERS, "'%s' cannot be where it is said to be", m->key);
	behind = m->offset + m->header + m->bytes + tar_padding(m->bytes);
	if (behind > limit)
		return err_set(e, ERR_DIFFERS, "'%s' is said to reach past the end of its volume", m->key);
	*end = behind;
	return 0;
}

static int
take_member(struct volume_store *s, size_t volume, const struct rec_member *m, struct err *e)
{
	struct volume_member member = { .offset = m->offset, .header = m->header, .bytes = m->bytes, .volume = (uint32_t)volume, .hashed = true };

	memcpy(member.sha256, m->sha256, sizeof(member.sha256));
	return volume_take(s, volume, m->key, &member, e);
}

/* --- a list --- */

/* Each line but the first. */
static int
check_line(const struct volume *v, const struct record *r, uint64_t *end, struct err *e)
{
	if (r->type == REC_MEMBER)
		return check_member(v, &r->u.member, v->bytes, end, e);
	return r->type == REC_REMOVED ? check_key(v, r->u.removed.key, e) :
	    err_set(e, ERR_DIFFERS, "it holds a %s line", record_type_name(r->type));
}

static int
check_first(struct volume *v, const struct record *r, struct err *e)
{
	if (r->type != REC_VOLUME || r->u.volume.volume != v->number)
		return err_set(e, ERR_DIFFERS, "it is of another volume");
	v->bytes = r->u.volume.bytes;
	return 0;
}

/* All lines; with TAKE they are taken, else they are only looked at. */
static int
read_lines(struct volume_store *s, size_t volume, struct manifest *m, bool take, struct err *e)
{
	struct volume *v = &s->volumes[volume];
	struct record r;
	uint64_t end = 0, n = 0;
	int rc;

	manifest_rewind(m);
	while ((rc = manifest_next(m, &r, e)) > 0) {
		rc = n++ == 0 ? check_first(v, &r, e) : check_line(v, &r, &end, e);
		if (rc == 0 && take && r.type == REC_MEMBER)
			rc = take_member(s, volume, &r.u.member, e);
		if (rc == 0 && take && r.type == REC_REMOVED)
			rc = volume_take_removed(s, r.u.removed.key, e);
		record_release(&r);
		if (rc < 0)
			return -1;
	}
	return rc == 0 && n == 0 ? err_set(e, ERR_DIFFERS, "it is empty") : rc;
}

/* The list that lies in PLACE.  1, 0 it cannot be used, -1. */
static int
load_list(struct volume_store *s, size_t volume, size_t place, struct err *e)
{
	struct store *files = place < s->nfolders ? s->folders[place].files : s->state.files;
	char *name = volume_name(&s->volumes[volume], VOLUME_LIST);
	struct manifest *m = NULL;
	struct err trouble;
	int rc = manifest_fetch(files, name, VOLUME_FORMAT, s->volumes[volume].set, NULL, &m, &trouble);

	if (rc > 0 && read_lines(s, volume, m, false, &trouble) < 0)
		rc = -1;
	if (rc > 0)
		rc = read_lines(s, volume, m, true, e) < 0 ? -1 : 1;
	else
		log_warning("'%s/%s' cannot be used: %s", path_of(s, place), name, rc < 0 ? trouble.text : "it is no file");
	manifest_close(m);
	free(name);
	return rc > 0 ? 1 : rc < 0 && trouble.code == ERR_SYSTEM ? (*e = trouble, -1) : 0;
}

/* --- a tar without a list --- */

struct scanning {
	struct volume_store *s;
	size_t volume;
	uint64_t members, strange;
};

static int
see_member(void *ctx, const struct tar_member *m, struct err *e)
{
	struct scanning *c = ctx;
	struct volume_member member = { .offset = m->offset, .header = m->header, .bytes = m->bytes, .volume = (uint32_t)c->volume };
	struct err ignored;

	if (!m->plain || m->name == NULL || check_key(&c->s->volumes[c->volume], m->name, &ignored) < 0 || m->header > TAR_HEADER_MAX ||
	    m->bytes > INT64_MAX - m->offset - m->header) {
		c->strange++;
		return 0;
	}
	c->members++;
	return volume_take(c->s, c->volume, m->name, &member, e);
}

static int
scan_tar(struct volume_store *s, size_t volume, struct err *e)
{
	struct volume *v = &s->volumes[volume];
	struct scanning c = { .s = s, .volume = volume };
	char *path = volume_tar_path(s, v);
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC), rc = 0;
	struct err trouble;

	log_warning("volume '%s' has no list of its members that can be used; it is looked through", path);
	if (fd < 0) {
		err_sys(&trouble, "volume '%s' cannot be opened", path);
		log_warning("%s", trouble.text);
		v->tar = NOWHERE;
	} else if (tar_scan(fd, path, 0, see_member, &c, &trouble) < 0) {
		rc = trouble.code == ERR_DIFFERS ? 0 : -1;
		if (rc < 0)
			*e = trouble;
		log_warning("volume %s", trouble.text);
	}
	if (c.strange > 0)
		log_warning("volume '%s' holds %" PRIu64 " members that are none of ours; they are left out", path, c.strange);
	if (fd >= 0)
		close(fd);
	free(path);
	return rc;
}

/* --- the journal of a volume that grows --- */

struct replay {
	struct volume_store *s;
	size_t volume;
	uint64_t end;
};

static int
replay(void *ctx, struct record *r, struct journal_place place, struct err *e)
{
	struct replay *p = ctx;
	struct volume *v = &p->s->volumes[p->volume];

	(void)place;
	if (v->lines++ == 0)
		return check_first(v, r, e);
	if (r->type == REC_MEMBER)
		return check_member(v, &r->u.member, INT64_MAX / 4, &p->end, e) < 0 ? -1 : take_member(p->s, p->volume, &r->u.member, e);
	return r->type != REC_REMOVED ? err_set(e, ERR_DIFFERS, "it holds a %s line", record_type_name(r->type)) :
	    check_key(v, r->u.removed.key, e) < 0 ? -1 : volume_take_removed(p->s, r->u.removed.key, e);
}

static int
load_journal(struct volume_store *s, size_t volume, struct err *e)
{
	struct replay p = { .s = s, .volume = volume };
	char *path = volume_path(s->state.path, &s->volumes[volume], VOLUME_JOURNAL);
	uint64_t offset = 0;
	int rc = journal_read(path, VOLUME_JOURNAL_FORMAT, s->volumes[volume].set, &offset, replay, &p, e);

	if (rc < 0 && e->code == ERR_DIFFERS && !s->has_state) { /* on a disk that anybody had in hand: no reason not to read the rest; a writer stops at it */
		log_warning("%s; volume %" PRIu64 " of %s is read as far as it goes", e->text, s->volumes[volume].number, s->volumes[volume].set);
		rc = 0;
	}
	free(path);
	return rc < 0 ? -1 : 0;
}

/* --- one volume --- */

/* Of several copies the one that is as long as the list says; a shorter one is told. */
static void
choose_tar(const struct volume_store *s, struct volume *v, const struct found *f, size_t n)
{
	uint64_t has = 0;

	if (v->tar == NOWHERE || !v->listed)
		return;
	for (size_t i = 0; i < n; i++)
		if (strcmp(f[i].kind, VOLUME_TAR) == 0 && f[i].place < 64 && f[i].place < s->nfolders)
			v->copies |= (uint64_t)1 << f[i].place;
	for (size_t i = 0; i < n; i++) {
		struct stat st;
		char *path;

		if (strcmp(f[i].kind, v->part ? VOLUME_PART : VOLUME_TAR) != 0)
			continue;
		path = volume_path(path_of(s, f[i].place), v, f[i].kind);
		has = lstat(path, &st) == 0 ? (uint64_t)st.st_size : 0;
		free(path);
		if (has == v->bytes) {
			v->tar = (int)f[i].place;
			return;
		}
	}
	if (v->part) { /* it was not complete when it was taken away */
		v->tar = NOWHERE;
		log_warning("volume %" PRIu64 " of %s is not complete, and left out", v->number, v->set);
		return;
	}
	log_warning("volume %" PRIu64 " of %s has %" PRIu64 " bytes, its list says %" PRIu64 ": it is cut or damaged", v->number, v->set, has, v->bytes);
}

/* Is there a KIND among what was found of a volume?  In *PLACE the first. */
static bool
has_kind(const struct found *f, size_t n, const char *kind, size_t *place)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(f[i].kind, kind) == 0) {
			*place = f[i].place;
			return true;
		}
	return false;
}

/* And no pipe, which would stop us. */
static bool
is_file(const char *folder, const struct found *f)
{
	struct volume v = { .set = f->set, .number = f->number };
	char *path = volume_path(folder, &v, VOLUME_JOURNAL);
	struct stat st;
	bool is = lstat(path, &st) == 0 && S_ISREG(st.st_mode);

	free(path);
	return is;
}

/* Only that beside the writer's other books counts: another one of that name is a stray. */
static bool
has_journal(const struct volume_store *s, const struct found *f, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(f[i].kind, VOLUME_JOURNAL) == 0 && strcmp(path_of(s, f[i].place), s->state.path) == 0)
			return is_file(path_of(s, f[i].place), f);
	return false;
}

/* The list beside the tar first. */
static int
load_lists(struct volume_store *s, size_t volume, const struct found *f, size_t n, struct err *e)
{
	struct volume *v = &s->volumes[volume];
	int rc = 0;

	for (int beside = 1; rc == 0 && beside >= 0; beside--)
		for (size_t i = 0; rc == 0 && i < n; i++)
			if (strcmp(f[i].kind, VOLUME_LIST) == 0 && ((int)f[i].place == v->tar) == (beside == 1))
				rc = load_list(s, volume, f[i].place, e);
	v->listed = rc > 0;
	if (rc == 0 && v->tar != NOWHERE)
		rc = scan_tar(s, volume, e);
	return rc < 0 ? -1 : 0;
}

static bool
is_lost(const struct volume_store *s, uint64_t number)
{
	for (size_t i = 0; i < s->nlost; i++)
		if (s->lost[i] == number)
			return true;
	return false;
}

/* A volume that grows; one that holds nothing, and whose tar is gone, was given up. */
static int
load_open(struct volume_store *s, size_t volume, struct err *e)
{
	struct volume *v = &s->volumes[volume];

	if (load_journal(s, volume, e) < 0)
		return -1;
	v->open = v->part || v->lines > 1;
	return 0;
}

/* The N files F of one volume. */
static int
load_volume(struct volume_store *s, struct found *f, size_t n, struct err *e)
{
	struct volume v = { .set = mem_str(f[0].set), .number = f[0].number, .tar = NOWHERE };
	size_t place, volume = s->nvolumes;
	bool journal, part, list;

	s->volumes = mem_grow(s->volumes, (volume + 1) * sizeof(*s->volumes));
	if (is_lost(s, v.number)) {
		s->volumes[s->nvolumes++] = v; /* its number stays taken */
		return 0;
	}
	if (has_kind(f, n, VOLUME_TAR, &place))
		v.tar = (int)place;
	journal = has_journal(s, f, n);
	list = has_kind(f, n, VOLUME_LIST, &place);
	part = has_kind(f, n, VOLUME_PART, &place);
	/* a list is written when the tar is whole: without the tar here, nothing is left to do */
	v.open = v.tar == NOWHERE && journal && (part || !list);
	v.part = v.tar == NOWHERE && part && (v.open || list);
	if (v.part)
		v.tar = (int)place;
	else if (part && v.tar == NOWHERE)
		log_warning("volume %" PRIu64 " of %s in '%s' is not complete, and left out", v.number, v.set, path_of(s, place));
	if (part && v.tar == NOWHERE && !list) { /* as if it were not there: its number is free, if volume_write.c agrees */
		free(v.set);
		return 0;
	}
	s->volumes[s->nvolumes++] = v;
	if (v.open)
		return load_open(s, volume, e);
	if (load_lists(s, volume, f, n, e) < 0)
		return -1;
	if (journal && v.tar == NOWHERE && !s->volumes[volume].listed)
		return load_open(s, volume, e); /* what was called its list is none */
	choose_tar(s, &s->volumes[volume], f, n);
	return 0;
}

static void
tell_missing(const struct volume_store *s)
{
	for (size_t i = 0; i < s->nvolumes; i++) {
		const struct volume *v = &s->volumes[i], *before = i > 0 ? &s->volumes[i - 1] : NULL;
		uint64_t last = before != NULL && strcmp(before->set, v->set) == 0 ? before->number : 0;

		if (v->number > last + 1)
			log_warning("of %s, volumes %" PRIu64 " to %" PRIu64 " are not known here", v->set, last + 1, v->number - 1);
		if (v->tar == NOWHERE && v->live > 0 && !s->has_state)
			log_warning("volume %" PRIu64 " of %s is in none of the folders; %" PRIu64 " objects are there", v->number, v->set, v->live);
	}
}

int
volume_load(struct volume_store *s, struct err *e)
{
	struct finding f = { NULL, 0, 0 };
	size_t places = s->nfolders + (s->has_state ? 1 : 0);
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < places; i++)
		rc = look_into(s, &f, i, e);
	if (f.n > 0)
		qsort(f.at, f.n, sizeof(*f.at), compare);
	for (size_t i = 0, n; rc == 0 && i < f.n; i += n) {
		n = 1;
		while (i + n < f.n && f.at[i + n].number == f.at[i].number && strcmp(f.at[i + n].set, f.at[i].set) == 0)
			n++;
		rc = load_volume(s, &f.at[i], n, e);
	}
	if (rc == 0)
		tell_missing(s);
	for (size_t i = 0; i < f.n; i++)
		free(f.at[i].set);
	free(f.at);
	return rc;
}
