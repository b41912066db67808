/* store_volume.h -- volumes on disks that are carried, as a store: volume:///media/disk1,/media/disk2?size=500GB.
 *
 * What stands below one first component of a key (a run) is the volumes of one set, numbered from 1:
 *
 *   <folder>/<set>.v0001.tar      pax tar: members are named as their keys; .tar.part while it grows
 *   <folder>/<set>.v0001.jsonl    its members, where they are, and their hashes
 *   <folder>/<set>.v0001.sha256   for sha256sum -c: the two files above
 *   <state>/<set>.v0001.journal   the members of the volume that grows; <state> is the first folder, or settings->volume_state
 *
 * A list without its tar speaks of a volume on another disk: a disk gets the lists of all volumes before those on it.  Of two members
 * of one key that in the higher volume counts, and in one volume the later, as tar itself has it.
 *
 * What is different from other stores, and why: a tar only grows.  So a put of a key that is there with the same bytes does nothing, one
 * with other bytes appends; a removed object is noted as removed, and its bytes stay (until nothing of the set is left, then the
 * files go).  Objects are durable when they were put, but others see them only once their volume is complete: when it is full, and at
 * store_finish.  When all folders are full, a put fails with ERR_LIMIT; a store on another disk, with the same state, goes on.  With
 * settings->volume_state, what is on disks that are not here counts as present for head, list and knows; without it, it is
 * absent.  An object is never split.
 *
 * Shared by store_volume.c and volume_*.c only. */
#ifndef GPM_STORE_VOLUME_H
#define GPM_STORE_VOLUME_H

#include <pthread.h>

#include "journal.h"
#include "store.h"
#include "volume_index.h"

struct tar_hash;

#define VOLUME_FORMAT "gpm-volume"
#define VOLUME_JOURNAL_FORMAT "gpm-volume-journal"
#define VOLUME_TAR ".tar"
#define VOLUME_PART ".tar.part"
#define VOLUME_LIST ".jsonl"
#define VOLUME_SUM ".sha256"
#define VOLUME_JOURNAL ".journal"
#define VOLUME_SET_MAX 200 /* bytes of a set's name */
#define VOLUME_NUMBER_MAX 999999999

#define NOWHERE (-1)

struct place {
	char *path;
	struct store *files; /* the folder as a store, which follows no link */
	bool full;           /* nothing more is begun there in this process */
};

struct volume {
	char *set;
	uint64_t number;
	int tar;             /* in which folder its tar is, whole or growing; NOWHERE */
	uint64_t copies;     /* of the first 64 folders those that have a tar of it, when several have: a bit each */
	bool listed;         /* there is a list somewhere */
	bool open;           /* it is not complete: there is a journal */
	bool part;           /* its tar has not got its name: it is open, or a process died just before */
	uint64_t bytes;      /* of its tar, as its list says */
	uint64_t lines;      /* of its journal, when it was read */
	uint64_t live;       /* keys whose member here counts */
};

/* The volume that grows: one a set. */
struct growing {
	struct growing *next;
	size_t volume;       /* in volumes */
	int fd;
	int lock;            /* the journal's, once more: locked while it is written */
	uint64_t size;       /* of what counts of the tar */
	uint64_t members;    /* and removals */
	uint64_t list;       /* bytes of their lines in the list, at most */
	struct tar_hash *hash;
	struct journal *journal;
};

struct volume_store {
	struct store store;
	char *url;
	struct place *folders;
	size_t nfolders;
	struct place state;  /* its path is the first folder's unless settings say another */
	bool has_state;
	uint64_t size;       /* of a new volume, at most */
	const uint64_t *lost; /* numbers of volumes whose content is not counted on; not owned */
	size_t nlost;
	pthread_mutex_t mutex; /* over what follows */
	struct volume_index *index;
	struct volume *volumes; /* members name them by their place here */
	size_t nvolumes;
	struct growing *growing;
};

/* --- store_volume.c --- */

/* volume_name(v, kind): "<set>.v0001.tar"; volume_path: in FOLDER.  The caller frees. */
char *volume_name(const struct volume *, const char *kind) GPM_NODISCARD;
char *volume_path(const char *folder, const struct volume *, const char *kind) GPM_NODISCARD;
char *volume_tar_path(const struct volume_store *, const struct volume *) GPM_NODISCARD; /* where its tar is; it is here */

/* volume_parse(name, set, number, kind): is it one of the names above?  *SET is the caller's then, *KIND points into NAME. */
bool volume_parse(const char *name, char **set, uint64_t *number, const char **kind);

/* volume_set_of(key): its first component; the caller frees. */
char *volume_set_of(const char *key) GPM_NODISCARD;

/* --- volume_load.c --- */

/* volume_load(s, e): finds the volumes of all folders and reads their lists.  Warns of what is damaged or not here. */
int volume_load(struct volume_store *, struct err *) GPM_NODISCARD;

/* volume_take(s, volume, member, e): a line of a list or journal into the index, volume_take_removed: the other kind. */
int volume_take(struct volume_store *, size_t volume, const char *key, const struct volume_member *, struct err *) GPM_NODISCARD;
int volume_take_removed(struct volume_store *, const char *key, struct err *) GPM_NODISCARD;

/* --- volume_member.c --- */

/* volume_open_member(s, member, key, out, e): the tar of a member, open for reading, after the header there was compared with the list; of several
 * copies one in which what the member holds is as the list says.  1, 0 its volume is not here, -1.  Without the mutex. */
struct opened {
	int fd;
	char *path;
};
int volume_open_member(struct volume_store *, const struct volume_member *, const char *key, struct opened *, struct err *) GPM_NODISCARD;
void volume_close_member(struct opened *);

/* volume_read_member(member, key, opened, offset, len, fn, ctx, e): as store_get. */
int volume_read_member(const struct volume_member *, const char *key, const struct opened *, uint64_t offset, uint64_t len, store_sink_fn *,
    void *ctx, struct err *) GPM_NODISCARD;

/* --- volume_write.c, volume_stale.c and volume_end.c; the mutex is held --- */

int volume_append(struct volume_store *, const char *key, const struct store_body *, struct err *) GPM_NODISCARD;
int volume_finish_set(struct volume_store *, const char *set, struct err *) GPM_NODISCARD;
void volume_abandon(struct volume_store *, struct growing *); /* as a death would leave it; out of the list, freed */

/* volume_grow(s, set, begin, out, e): the growing volume of SET, which another process may have begun; with BEGIN a new one where there is
 * none, in the first folder that is not full.  1, 0 there is none (or no folder for it), -1. */
int volume_grow(struct volume_store *, const char *set, bool begin, struct growing **out, struct err *) GPM_NODISCARD;

/* volume_lock(path, flags, mode, out, e): a file that one process at a time has.  ERR_LOCKED. */
int volume_lock(const char *path, int flags, mode_t, int *out, struct err *) GPM_NODISCARD;

/* volume_note_removed(s, set, key, e): into the growing volume of SET; it takes less room than a put leaves. */
int volume_note_removed(struct volume_store *, const char *set, const char *key, struct err *) GPM_NODISCARD;
int volume_remove(struct volume_store *, const char *key, struct err *) GPM_NODISCARD; /* KEY is there */

/* volume_drop_stale(s, set, e): journals of volumes of SET that are complete or were given up, in volume_stale.c.  One that says anything
 * that no list says stays, and is an error. */
int volume_drop_stale(struct volume_store *, const char *set, struct err *) GPM_NODISCARD;

/* volume_complete(s, g, e): ends the tar, writes its list and sums, gives it its name.  G is freed in any case. */
int volume_complete(struct volume_store *, struct growing *, struct err *) GPM_NODISCARD;

/* volume_drop_set(s, set, e): the files of all volumes of SET that are here. */
int volume_drop_set(struct volume_store *, const char *set, struct err *) GPM_NODISCARD;

#endif
