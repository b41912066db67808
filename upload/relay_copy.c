/* relay_copy.c -- one object from store to store, compared on its way. */
#include "prelude.h"

#include <inttypes.h>
#include <openssl/evp.h>
#include <unistd.h>

#include "atomic.h"
#include "err.h"
#include "relay_copy.h"
#include "send.h"
#include "stop.h"

void
relay_room_init(struct relay_room *room)
{
	buf_init(&room->memory, RELAY_MEMORY);
	room->fd = -1;
}

void
relay_room_release(struct relay_room *room)
{
	buf_release(&room->memory);
	if (room->fd >= 0)
		close(room->fd);
}

struct taking {
	const struct relay_object *object;
	struct relay_room *room;  /* NULL: only the hash is asked for */
	EVP_MD_CTX *hash;
	uint64_t got;
	bool in_file;
};

static int
take_piece(void *ctx, const void *data, size_t len, struct err *e)
{
	struct taking *t = ctx;

	if (stop_check(e) < 0)
		return -1;
	if (len > t->object->bytes - t->got)
		return err_set(e, ERR_DIFFERS, "'%s' is larger than the %" PRIu64 " bytes that it should have", t->object->key, t->object->bytes);
	t->got += len;
	if (EVP_DigestUpdate(t->hash, data, len) != 1)
		return err_set(e, ERR_SYSTEM, "SHA-256 failed");
	if (t->room == NULL)
		return 0;
	return t->in_file ? file_write_all(t->room->fd, data, len, "a temporary file", e) : buf_add(&t->room->memory, data, len, e);
}

static int
make_room(struct taking *t, struct err *e)
{
	struct relay_room *room = t->room;

	if (room == NULL)
		return 0;
	buf_reset(&room->memory);
	t->in_file = t->object->bytes > RELAY_MEMORY;
	if (!t->in_file)
		return buf_reserve(&room->memory, t->object->bytes, e);
	if (room->fd < 0 && file_temp(&room->fd, e) < 0)
		return -1;
	return ftruncate(room->fd, 0) < 0 || lseek(room->fd, 0, SEEK_SET) < 0 ? err_sys(e, "cannot empty a temporary file") : 0;
}

/* What STORE has under FULL, into the room; in SHA256 what it is.  1, 0 absent, -1; another size is ERR_DIFFERS. */
static int
take(struct taking *t, struct store *store, const char *full, unsigned char sha256[32], struct err *e)
{
	int rc = -1;

	t->got = 0;
	t->hash = EVP_MD_CTX_new();
	if (t->hash == NULL || EVP_DigestInit_ex(t->hash, EVP_sha256(), NULL) != 1)
		err_set(e, ERR_SYSTEM, "SHA-256 is not to be had");
	else if (make_room(t, e) == 0)
		rc = store_get(store, full, 0, 0, take_piece, t, e);
	if (rc > 0 && t->got != t->object->bytes)
		rc = err_set(e, ERR_DIFFERS, "'%s' has %" PRIu64 " bytes, it should have %" PRIu64, full, t->got, t->object->bytes);
	if (rc > 0 && EVP_DigestFinal_ex(t->hash, sha256, NULL) != 1)
		rc = err_set(e, ERR_SYSTEM, "SHA-256 failed");
	EVP_MD_CTX_free(t->hash);
	return rc;
}

/* The source does not have it: was it brought there before, and the journal is lost? */
static int
look_there(struct push *p, const char *full, const struct relay_object *o, struct err *e)
{
	struct taking t = { .object = o };
	struct store_object there;
	unsigned char sha256[32];
	int rc;

	if (!o->hashed || store_is_carried(store_url(p->store)))
		return 0;
	if ((rc = store_head(p->store, full, &there, e)) <= 0 || there.size != o->bytes)
		return rc < 0 ? -1 : 0;
	rc = take(&t, p->store, full, sha256, e);
	return rc > 0 && memcmp(sha256, o->sha256, 32) != 0 ? 0 : rc;
}

static int
put(struct push *p, const struct taking *t, struct err *e)
{
	struct store_body body = { .data = t->in_file ? NULL : t->room->memory.data, .fd = t->room->fd, .len = t->got };

	if (!t->in_file && body.data == NULL)
		body.data = "";
	return allowance_take(p->allowance, body.len, e) < 0 ? -1 : send_body(p, t->object->key, &body, e);
}

int
relay_copy(struct push *p, struct store *from, struct relay_books *books, struct relay_room *room, struct relay_object *o, struct err *e)
{
	struct taking t = { .object = o, .room = room };
	char *full = push_key(p, o->key);
	unsigned char sha256[32];
	int rc = take(&t, from, full, sha256, e);

	if (rc > 0 && o->hashed && memcmp(sha256, o->sha256, 32) != 0)
		rc = err_set(e, ERR_DIFFERS, "'%s' has another SHA-256 than its manifest says", full);
	if (rc > 0) {
		memcpy(o->sha256, sha256, sizeof(o->sha256));
		rc = relay_books_void(books, o, e) < 0 || put(p, &t, e) < 0 ? -1 : 1;
	} else if (rc == 0) {
		rc = look_there(p, full, o, e);
	}
	free(full);
	return rc > 0 && relay_books_add(books, o, e) < 0 ? -1 : rc;
}
