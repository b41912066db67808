/* store_volume.c -- volumes on disks that are carried, as a store (store_volume.h). */
#include "prelude.h"

#include <ctype.h>
#include <openssl/evp.h>
#include <unistd.h>

#include "atomic.h"
#include "buf.h"
#include "err.h"
#include "parse.h"
#include "store_volume.h"
#include "volume_sort.h"

#define URL_HINT "write volume:///media/disk?size=500GB, several folders as volume:///media/disk1,/media/disk2; other bytes as %%XX, a comma too"
#define SIZE_DEFAULT ((uint64_t)64 << 30)
#define SIZE_MIN ((uint64_t)64 << 10)

/* --- names --- */

char *
volume_name(const struct volume *v, const char *kind)
{
	return mem_printf("%s.v%04llu%s", v->set, (unsigned long long)v->number, kind);
}

char *
volume_path(const char *folder, const struct volume *v, const char *kind)
{
	char *name = volume_name(v, kind), *path = mem_printf("%s/%s", folder, name);

	free(name);
	return path;
}

char *
volume_tar_path(const struct volume_store *s, const struct volume *v)
{
	return volume_path(s->folders[v->tar].path, v, v->part ? VOLUME_PART : VOLUME_TAR);
}

static const char *
known_kind(const char *text)
{
	static const char *const kinds[] = { VOLUME_TAR, VOLUME_PART, VOLUME_LIST, VOLUME_SUM, VOLUME_JOURNAL };

	for (size_t i = 0; i < GPM_ARRAY_LEN(kinds); i++)
		if (strcmp(text, kinds[i]) == 0)
			return text;
	return NULL;
}

bool
volume_parse(const char *name, char **set, uint64_t *number, const char **kind)
{
	struct volume v = { .set = NULL };
	struct err ignored;
	const char *dot = NULL;
	char digits[16], *again;
	bool same;

	for (const char *p = strstr(name, ".v"); p != NULL; p = strstr(p + 1, ".v"))
		if (isdigit((unsigned char)p[2]))
			dot = p;
	if (dot == NULL || dot == name || dot - name > VOLUME_SET_MAX)
		return false;
	snprintf(digits, sizeof(digits), "%.*s", (int)strspn(dot + 2, "0123456789"), dot + 2);
	if ((*kind = known_kind(dot + 2 + strspn(dot + 2, "0123456789"))) == NULL || parse_u64(digits, 1, VOLUME_NUMBER_MAX, number, &ignored) < 0)
		return false;
	v.set = mem_strn(name, (size_t)(dot - name));
	v.number = *number;
	again = volume_name(&v, *kind);
	same = strcmp(again, name) == 0 && store_key_check(v.set, &ignored) == 0 && strchr(v.set, '/') == NULL;
	free(again);
	if (same)
		*set = v.set;
	else
		free(v.set);
	return same;
}

char *
volume_set_of(const char *key)
{
	return mem_strn(key, strcspn(key, "/"));
}

static struct volume_store *
locked(struct store *store)
{
	struct volume_store *s = (struct volume_store *)store;

	pthread_mutex_lock(&s->mutex);
	return s;
}

static int
unlock(struct volume_store *s, int rc)
{
	pthread_mutex_unlock(&s->mutex);
	return rc;
}

/* --- what is there --- */

/* With a state of its own the store is its writer's, who knows what is on disks that are elsewhere. */
static bool
is_present(const struct volume_store *s, const struct volume_member *m)
{
	return s->has_state || s->volumes[m->volume].tar != NOWHERE;
}

/* The member of KEY, if it is present: 1, 0, -1. */
static int
find_present(const struct volume_store *s, const char *key, struct volume_member *out, struct err *e)
{
	int rc = volume_index_find(s->index, key, out, e);

	return rc > 0 ? is_present(s, out) : rc;
}

/* --- put --- */

static int
hash_piece(void *ctx, const void *data, size_t len, struct err *e)
{
	return EVP_DigestUpdate(ctx, data, len) == 1 ? 0 : err_set(e, ERR_SYSTEM, "SHA-256 failed");
}

static int
hash_body(const struct store_body *body, unsigned char sha256[32], struct err *e)
{
	EVP_MD_CTX *hash = EVP_MD_CTX_new();
	int rc = 0;

	if (hash == NULL || EVP_DigestInit_ex(hash, EVP_sha256(), NULL) != 1)
		rc = err_set(e, ERR_SYSTEM, "SHA-256 is not to be had");
	if (rc == 0)
		rc = store_body_each(body, NULL, hash_piece, hash, e);
	if (rc == 0 && EVP_DigestFinal_ex(hash, sha256, NULL) != 1)
		rc = err_set(e, ERR_SYSTEM, "SHA-256 failed");
	EVP_MD_CTX_free(hash);
	return rc;
}

/* Is it what MEMBER holds already?  1, 0, -1. */
static int
is_same(const struct volume_member *member, const struct store_body *body, struct err *e)
{
	unsigned char sha256[32];

	if (!member->hashed || member->bytes != body->len)
		return 0;
	return hash_body(body, sha256, e) < 0 ? -1 : memcmp(sha256, member->sha256, 32) == 0;
}

static int
check_set(const char *key, struct err *e)
{
	if (strcspn(key, "/") <= VOLUME_SET_MAX)
		return 0;
	return err_set(e, ERR_FAILED, "'%.80s…' is too long for the name of a volume", key);
}

static int
put(struct store *store, const char *key, const struct store_body *body, struct err *e)
{
	struct volume_store *s;
	struct volume_member there;
	int rc;

	if (check_set(key, e) < 0)
		return -1;
	s = locked(store);
	if ((rc = find_present(s, key, &there, e)) > 0)
		rc = is_same(&there, body, e);
	return unlock(s, rc < 0 ? -1 : rc > 0 ? 0 : volume_append(s, key, body, e));
}

static int
create(struct store *store, const char *key, const struct store_body *body, struct err *e)
{
	struct volume_store *s;
	struct volume_member there;
	int rc;

	if (check_set(key, e) < 0)
		return -1;
	s = locked(store);
	if ((rc = find_present(s, key, &there, e)) == 0)
		rc = volume_append(s, key, body, e) < 0 ? -1 : 2;
	return unlock(s, rc < 0 ? -1 : rc == 2);
}

/* --- head, get, list, remove --- */

static struct store_object
describe(uint64_t bytes, const unsigned char *sha256)
{
	struct store_object o = { .size = bytes, .hashed = sha256 != NULL };

	if (sha256 != NULL)
		memcpy(o.sha256, sha256, sizeof(o.sha256));
	return o;
}

static int
head(struct store *store, const char *key, struct store_object *out, struct err *e)
{
	struct volume_store *s = locked(store);
	struct volume_member m;
	int rc = find_present(s, key, &m, e);

	if (rc > 0)
		*out = describe(m.bytes, m.hashed ? m.sha256 : NULL);
	return unlock(s, rc);
}

static int
get(struct store *store, const char *key, uint64_t offset, uint64_t len, store_sink_fn *fn, void *ctx, struct err *e)
{
	struct volume_store *s = locked(store);
	struct volume_member m;
	struct opened opened;
	int rc = unlock(s, volume_index_find(s->index, key, &m, e));

	if (rc <= 0 || (rc = volume_open_member(s, &m, key, &opened, e)) <= 0)
		return rc;
	rc = volume_read_member(&m, key, &opened, offset, len, fn, ctx, e);
	volume_close_member(&opened);
	return rc < 0 ? -1 : 1;
}

struct listing {
	struct volume_store *s;
	const char *prefix;
	int flags;
	struct volume_sort *sort;
};

static int
see_key(void *ctx, const char *key, const struct volume_member *m, struct err *e)
{
	struct listing *l = ctx;
	size_t len = strlen(l->prefix);
	const char *slash;

	if (strncmp(key, l->prefix, len) != 0 || !is_present(l->s, m))
		return 0;
	slash = (l->flags & STORE_LIST_RECURSIVE) != 0 ? NULL : strchr(key + len, '/');
	if (slash == NULL)
		return volume_sort_add(l->sort, key, strlen(key), describe(m->bytes, m->hashed ? m->sha256 : NULL), e);
	return volume_sort_add(l->sort, key, (size_t)(slash + 1 - key), (struct store_object){ .size = 0 }, e);
}

static int
list(struct store *store, const char *prefix, int flags, store_list_fn *fn, void *ctx, struct err *e)
{
	struct volume_store *s = locked(store);
	struct listing l = { .s = s, .prefix = prefix, .flags = flags, .sort = volume_sort_new() };
	int rc = unlock(s, volume_index_each(s->index, see_key, &l, e));

	if (rc == 0)
		rc = volume_sort_each(l.sort, fn, ctx, e);
	volume_sort_free(l.sort);
	return rc;
}

static int
drop(struct store *store, const char *key, struct err *e)
{
	struct volume_store *s = locked(store);
	struct volume_member m;
	int rc = find_present(s, key, &m, e);

	return unlock(s, rc <= 0 ? rc : volume_remove(s, key, e) < 0 ? -1 : 1);
}

static int
finish(struct store *store, const char *prefix, struct err *e)
{
	struct volume_store *s = locked(store);
	char *set = volume_set_of(prefix);
	int rc = *set != '\0' ? volume_finish_set(s, set, e) : 0;

	for (size_t i = 0; *set == '\0' && rc == 0 && i < s->nvolumes; i++)
		if (s->volumes[i].open && s->volumes[i].tar != NOWHERE)
			rc = volume_finish_set(s, s->volumes[i].set, e);
	free(set);
	return unlock(s, rc);
}

static int
knows(struct store *store, const char *key, uint64_t size, const unsigned char *sha256, struct err *e)
{
	struct volume_store *s = locked(store);
	struct volume_member m;
	int rc = find_present(s, key, &m, e);

	return unlock(s, rc <= 0 ? rc : m.hashed && m.bytes == size && memcmp(m.sha256, sha256, 32) == 0);
}

/* --- opening --- */

static void
release_place(struct place *p)
{
	free(p->path);
	store_close(p->files);
}

static void
free_store(struct store *store)
{
	struct volume_store *s = (struct volume_store *)store;

	while (s->growing != NULL)
		volume_abandon(s, s->growing);
	for (size_t i = 0; i < s->nfolders; i++)
		release_place(&s->folders[i]);
	release_place(&s->state);
	for (size_t i = 0; i < s->nvolumes; i++)
		free(s->volumes[i].set);
	free(s->folders);
	free(s->volumes);
	volume_index_free(s->index);
	pthread_mutex_destroy(&s->mutex);
	free(s->url);
	free(s);
}

/* Takes PATH. */
static int
open_place(struct place *p, char *path, struct err *e)
{
	p->path = path;
	return store_file_open(path, false, &p->files, e);
}

static int
bad_url(const char *url, const char *why, struct err *e)
{
	err_set(e, ERR_USAGE, "'%s': %s", url, why);
	return err_hint(e, URL_HINT);
}

static int
parse_query(struct volume_store *s, const char *query, struct err *e)
{
	s->size = SIZE_DEFAULT;
	if (*query == '\0')
		return 0;
	if (strncmp(query, "?size=", strlen("?size=")) != 0)
		return bad_url(s->url, "behind '?' stands size=SIZE", e);
	if (parse_size(query + strlen("?size="), &s->size, e) < 0)
		return err_hint(e, URL_HINT);
	return s->size < SIZE_MIN ? bad_url(s->url, "a volume has 64KB at least", e) : 0;
}

static int
open_folders(struct volume_store *s, const struct store_settings *settings, struct err *e)
{
	const char *c = s->url + strlen("volume://"), *end = c + strcspn(c, "?");
	char *path;

	if (parse_query(s, end, e) < 0)
		return -1;
	for (;;) {
		size_t len = strcspn(c, ",?");

		if ((path = store_path_decode(s->url, c, len, e)) == NULL)
			return err_hint(e, URL_HINT);
		s->folders = mem_grow(s->folders, (s->nfolders + 1) * sizeof(*s->folders));
		memset(&s->folders[s->nfolders], 0, sizeof(*s->folders));
		if (open_place(&s->folders[s->nfolders++], path, e) < 0)
			return -1;
		c += len;
		if (*c != ',')
			break;
		c++;
	}
	s->has_state = settings != NULL && settings->volume_state != NULL;
	path = mem_str(s->has_state ? settings->volume_state : s->folders[0].path);
	if (s->has_state && file_mkdirs(path, e) < 0) {
		free(path);
		return -1;
	}
	return open_place(&s->state, path, e);
}

int
store_volume_open(const char *url, const struct store_settings *settings, struct store **out, struct err *e)
{
	static const struct store_ops ops = {
		.put = put, .create = create, .head = head, .get = get, .list = list, .remove = drop, .finish = finish, .knows = knows,
		.free = free_store,
	};
	struct volume_store *s = mem_alloc(sizeof(*s));

	s->store.ops = &ops;
	s->url = mem_str(url);
	pthread_mutex_init(&s->mutex, NULL);
	if (settings != NULL) {
		s->lost = settings->volumes_lost; /* for volume_load alone */
		s->nlost = settings->nvolumes_lost;
	}
	if (open_folders(s, settings, e) < 0 || volume_index_new(&s->index, e) < 0 || volume_load(s, e) < 0) {
		free_store(&s->store);
		return -1;
	}
	*out = &s->store;
	return 0;
}
