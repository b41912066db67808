/* store_file_list.c -- listing a folder store, one folder in memory at a time.
 *
 * A folder's name sorts as if it ended with '/', which makes the order of whole keys bytewise.
 * Each folder is opened anew from the root when its turn comes: a chain of folders of any depth
 * takes no more than two descriptors, and a link put in a folder's place is not followed. */
#include "prelude.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "buf.h"
#include "err.h"
#include "store_file.h"

struct listing {
	const struct file_store *s;
	int flags;
	store_list_fn *fn;
	void *ctx;
	struct buf path; /* the folder at hand as it is on disk, without a '/' at its end */
	struct buf key;  /* the same as it is listed, with a '/' at its end, or empty */
};

struct entry {
	char *name;  /* on disk */
	char *key;   /* as listed, with '/' behind a folder's name */
	bool folder;
	struct store_object object;
};

struct folder {
	struct entry *entries;
	size_t n, room;
};

static void
folder_release(struct folder *f)
{
	for (size_t i = 0; i < f->n; i++) {
		free(f->entries[i].name);
		free(f->entries[i].key);
	}
	free(f->entries);
}

static int
compare(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	int by_key = strcmp(x->key, y->key);

	return by_key != 0 ? by_key : strcmp(x->name, y->name);
}

/* -1 and errno.  What vanished meanwhile is left out. */
static int
add_entry(struct folder *f, int fd, const char *name, bool temporaries)
{
	struct entry *entry;
	struct stat st;
	bool encoded;
	char *key;

	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return 0;
	if (fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : -1;
	if (S_ISREG(st.st_mode) && store_file_is_temporary(name) && !temporaries)
		return 0;
	if (f->n == f->room) {
		f->room = f->room > 0 ? 2 * f->room : 64;
		f->entries = mem_grow(f->entries, f->room * sizeof(*f->entries));
	}
	key = store_key_encode(name, &encoded);
	entry = &f->entries[f->n++];
	memset(entry, 0, sizeof(*entry));
	entry->name = mem_str(name);
	entry->key = mem_printf("%s%s", key, S_ISDIR(st.st_mode) ? "/" : "");
	entry->folder = S_ISDIR(st.st_mode);
	entry->object.size = S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0;
	entry->object.strange = encoded || (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode));
	free(key);
	return 0;
}

/* All of the folder l->path, sorted; nothing when there is no such folder. */
static int
folder_read(struct listing *l, struct folder *f, struct err *e)
{
	const char *path;
	struct dirent *d;
	DIR *dir;
	int fd, rc = 0;

	if ((path = buf_str(&l->path, e)) == NULL)
		return -1;
	if ((fd = store_file_folder(l->s, path, l->path.len, false)) < 0)
		return store_file_absent() ? 0 : store_file_fail(l->s, "open folder", path, e);
	if ((dir = fdopendir(fd)) == NULL) {
		store_file_fail(l->s, "open folder", path, e);
		close(fd);
		return -1;
	}
	while (rc == 0 && (errno = 0, d = readdir(dir)) != NULL)
		rc = add_entry(f, fd, d->d_name, (l->flags & STORE_LIST_TEMPORARIES) != 0);
	if (errno != 0)
		rc = store_file_fail(l->s, "read folder", path, e);
	closedir(dir);
	if (rc == 0 && f->n > 0)
		qsort(f->entries, f->n, sizeof(*f->entries), compare);
	return rc;
}

static int list_folder(struct listing *, bool strange, struct err *);

/* Deliver one entry, or with RECURSIVE what is below it. */
static int
list_entry(struct listing *l, const struct entry *entry, bool strange, struct err *e)
{
	size_t path_len = l->path.len, key_len = l->key.len;
	struct store_object object = entry->object;
	const char *key;
	int rc = -1;

	if (path_len > 0 && buf_addc(&l->path, '/', e) < 0)
		goto err0;
	if (buf_puts(&l->path, entry->name, e) < 0 || buf_puts(&l->key, entry->key, e) < 0)
		goto err0;
	object.strange = object.strange || strange || l->path.len > STORE_KEY_MAX;
	if (entry->folder && (l->flags & STORE_LIST_RECURSIVE) != 0 && l->path.len <= STORE_KEY_MAX)
		rc = list_folder(l, object.strange, e);
	else if ((key = buf_str(&l->key, e)) != NULL)
		rc = l->fn(l->ctx, key, entry->folder, &object, e);
err0:
	l->path.len = path_len;
	l->key.len = key_len;
	return rc;
}

/* The folder l->path; STRANGE when its own name is no key. */
static int
list_folder(struct listing *l, bool strange, struct err *e)
{
	struct folder f = { NULL, 0, 0 };
	int rc;

	rc = folder_read(l, &f, e);
	for (size_t i = 0; rc == 0 && i < f.n; i++)
		rc = list_entry(l, &f.entries[i], strange, e);
	folder_release(&f);
	return rc;
}

int
store_file_list(struct store *store, const char *prefix, int flags, store_list_fn *fn, void *ctx,
    struct err *e)
{
	struct listing l = { .s = (const struct file_store *)store, .flags = flags, .fn = fn, .ctx = ctx };
	size_t len = strlen(prefix);
	int rc;

	/* Room for a path as long as a key and one more name, all of it encoded. */
	buf_init(&l.path, STORE_KEY_MAX + 512);
	buf_init(&l.key, 3 * (STORE_KEY_MAX + 512));
	rc = buf_add(&l.key, prefix, len, e);
	if (rc == 0)
		rc = buf_add(&l.path, prefix, len > 0 ? len - 1 : 0, e);
	if (rc == 0)
		rc = list_folder(&l, false, e);
	buf_release(&l.path);
	buf_release(&l.key);
	return rc;
}
