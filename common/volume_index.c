/* volume_index.c -- which member of which volume holds a key.
 *
 * Members and keys lie in an unlinked temporary file; in memory there is a table of hashes and places in that file.  The hashes are
 * keyed by a random number, since keys may come from hostile lists. */
#include "prelude.h"

#include <sys/random.h>
#include <unistd.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "atomic.h"
#include "buf.h"
#include "err.h"
#include "store.h"
#include "volume_index.h"

#define TAIL_SIZE ((size_t)1 << 20) /* entries are gathered to writes of about this size */

#define UNIT 8 /* entries begin at multiples of it */

struct slot {
	uint32_t hash;
	uint32_t place; /* of the entry in the file, in units, plus one; 0: a free slot */
};

struct entry { /* in the file, its key behind it, filled up to a unit */
	struct volume_member member;
	size_t key_len;
};

_Static_assert(sizeof(struct entry) % UNIT == 0, "a key may stand behind it");

struct volume_index {
	struct slot *slots; /* open addressing */
	size_t size, used;
	uint64_t seed;
	int fd;
	uint64_t written;   /* bytes in the file; what comes behind is in TAIL */
	struct buf tail;
};

int
volume_index_new(struct volume_index **out, struct err *e)
{
	struct volume_index *ix = mem_alloc(sizeof(*ix));

	ix->fd = -1;
	if (getrandom(&ix->seed, sizeof(ix->seed), 0) != (ssize_t)sizeof(ix->seed)) {
		err_sys(e, "cannot get a random number");
		goto err0;
	}
	if (file_temp(&ix->fd, e) < 0)
		goto err0;
	ix->size = 1024;
	ix->slots = mem_array(ix->size, sizeof(*ix->slots));
	buf_init(&ix->tail, 2 * TAIL_SIZE);
	*out = ix;
	return 0;
err0:
	free(ix);
	return -1;
}

void
volume_index_free(struct volume_index *ix)
{
	if (ix == NULL)
		return;
	close(ix->fd);
	buf_release(&ix->tail);
	free(ix->slots);
	free(ix);
}

static int
read_bytes(struct volume_index *ix, void *out, size_t len, uint64_t at, struct err *e)
{
	if (at < ix->written) /* entries are written whole */
		return file_read_at(ix->fd, out, len, at, "a temporary file", e);
	memcpy(out, ix->tail.data + (at - ix->written), len);
	return 0;
}

/* The entry of a slot, and its key with a NUL. */
static int
read_entry(struct volume_index *ix, const struct slot *slot, struct entry *out, char key[STORE_KEY_MAX + 1], struct err *e)
{
	uint64_t at = (uint64_t)(slot->place - 1) * UNIT;

	if (read_bytes(ix, out, sizeof(*out), at, e) < 0 || read_bytes(ix, key, out->key_len, at + sizeof(*out), e) < 0)
		return -1;
	key[out->key_len] = '\0';
	return 0;
}

static struct slot *
free_slot(struct slot *slots, size_t size, uint32_t hash)
{
	size_t i = hash & (size - 1);

	while (slots[i].place != 0)
		i = (i + 1) & (size - 1);
	return &slots[i];
}

static void
make_room(struct volume_index *ix)
{
	size_t size = 2 * ix->size;
	struct slot *slots;

	if (4 * (ix->used + 1) <= 3 * ix->size)
		return;
	slots = mem_array(size, sizeof(*slots));
	for (size_t i = 0; i < ix->size; i++)
		if (ix->slots[i].place != 0)
			*free_slot(slots, size, ix->slots[i].hash) = ix->slots[i];
	free(ix->slots);
	ix->slots = slots;
	ix->size = size;
}

static uint32_t
hash_of(const struct volume_index *ix, const char *key)
{
	return (uint32_t)XXH3_64bits_withSeed(key, strlen(key), ix->seed);
}

/* 1 and KEY's slot, 0 and *OUT NULL, -1. */
static int
find_slot(struct volume_index *ix, const char *key, struct slot **out, struct volume_member *member, struct err *e)
{
	uint32_t hash = hash_of(ix, key);
	char there[STORE_KEY_MAX + 1];
	struct entry entry;

	*out = NULL;
	for (size_t i = hash & (ix->size - 1); ix->slots[i].place != 0; i = (i + 1) & (ix->size - 1)) {
		if (ix->slots[i].hash != hash)
			continue;
		if (read_entry(ix, &ix->slots[i], &entry, there, e) < 0)
			return -1;
		if (strcmp(there, key) != 0)
			continue;
		*out = &ix->slots[i];
		*member = entry.member;
		return 1;
	}
	return 0;
}

static int
append(struct volume_index *ix, const char *key, const struct volume_member *member, uint32_t *place, struct err *e)
{
	static const char zeros[UNIT];
	struct entry entry;
	uint64_t at;

	memset(&entry, 0, sizeof(entry));
	entry.member = *member;
	entry.key_len = strlen(key);
	if (ix->tail.len >= TAIL_SIZE) {
		/* a write that failed may have left a part of it: the next one stands in the same place */
		if (file_write_at(ix->fd, ix->tail.data, ix->tail.len, ix->written) < 0)
			return file_err_sys(e, "write to", "a temporary file");
		ix->written += ix->tail.len;
		buf_reset(&ix->tail);
	}
	at = (ix->written + ix->tail.len) / UNIT + 1;
	if (at > UINT32_MAX || ix->used > UINT32_MAX / 2)
		return err_set(e, ERR_FAILED, "there are more objects in the volumes than this program can keep track of");
	*place = (uint32_t)at;
	return buf_add(&ix->tail, &entry, sizeof(entry), e) < 0 || buf_add(&ix->tail, key, entry.key_len, e) < 0 ||
	    buf_add(&ix->tail, zeros, (UNIT - entry.key_len % UNIT) % UNIT, e) < 0 ? -1 : 0;
}

int
volume_index_set(struct volume_index *ix, const char *key, const struct volume_member *member, struct err *e)
{
	struct volume_member old;
	struct slot *slot;
	uint32_t place = 0, hash;

	if (strlen(key) > STORE_KEY_MAX)
		return err_set(e, ERR_FAILED, "a key is too long");
	if (find_slot(ix, key, &slot, &old, e) < 0 || append(ix, key, member, &place, e) < 0)
		return -1;
	if (slot != NULL) {
		slot->place = place;
		return 0;
	}
	make_room(ix);
	hash = hash_of(ix, key);
	*free_slot(ix->slots, ix->size, hash) = (struct slot){ hash, place };
	ix->used++;
	return 0;
}

int
volume_index_find(struct volume_index *ix, const char *key, struct volume_member *out, struct err *e)
{
	struct slot *slot;
	int rc = find_slot(ix, key, &slot, out, e);

	return rc > 0 && out->gone ? 0 : rc;
}

int
volume_index_each(struct volume_index *ix, volume_index_fn *fn, void *ctx, struct err *e)
{
	char key[STORE_KEY_MAX + 1];
	struct entry entry;

	for (size_t i = 0; i < ix->size; i++) {
		if (ix->slots[i].place == 0)
			continue;
		if (read_entry(ix, &ix->slots[i], &entry, key, e) < 0)
			return -1;
		if (!entry.member.gone && fn(ctx, key, &entry.member, e) < 0)
			return -1;
	}
	return 0;
}
