/* relay_books.c -- what of a run is at the destination of a relay already. */
#include "prelude.h"

#include <inttypes.h>
#include <pthread.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "err.h"
#include "journal.h"
#include "keyset.h"
#include "parse.h"
#include "relay_books.h"

#define FORMAT "gpm-relay-journal"

struct relay_books {
	struct store *to;
	char *run;
	struct journal *journal;  /* NULL: the store knows */
	pthread_mutex_t mutex;    /* over what follows */
	struct keyset *lines;     /* "<n> <key>": there is an nth line of KEY; "<n> <sha256> <key>": that says this was put */
	struct keyset *there;     /* "<bytes> <key>" */
	size_t prefix_len;
};

/* --- lines of the journal: of one key the last one counts --- */

static bool
has_line(const struct relay_books *b, uint64_t n, const char *key)
{
	char *text = mem_printf("%" PRIu64 " %s", n, key);
	bool has = keyset_has(b->lines, text);

	free(text);
	return has;
}

/* A key has hardly ever more than one. */
static uint64_t
count_lines(const struct relay_books *b, const char *key)
{
	uint64_t n = 0;

	while (has_line(b, n + 1, key))
		n++;
	return n;
}

static char *
put_text(uint64_t n, const unsigned char sha256[32], const char *key)
{
	char hex[65];

	return mem_printf("%" PRIu64 " %s %s", n, format_hex(sha256, 32, hex), key);
}

/* SHA256 is NULL when what was put does not count any more. */
static void
note_line(struct relay_books *b, const char *key, const unsigned char *sha256)
{
	uint64_t n = count_lines(b, key) + 1;
	char *text = mem_printf("%" PRIu64 " %s", n, key);

	keyset_add(b->lines, text);
	free(text);
	if (sha256 == NULL)
		return;
	text = put_text(n, sha256, key);
	keyset_add(b->lines, text);
	free(text);
}

static bool
was_put(const struct relay_books *b, const struct relay_object *o)
{
	char *text = put_text(count_lines(b, o->key), o->sha256, o->key);
	bool put = keyset_has(b->lines, text);

	free(text);
	return put;
}

/* --- what the destination lists --- */

static void
note_there(struct relay_books *b, const char *key, uint64_t bytes)
{
	char *text = mem_printf("%" PRIu64 " %s", bytes, key);

	keyset_add(b->there, text);
	free(text);
}

static int
replay(void *ctx, struct record *r, struct journal_place place, struct err *e)
{
	struct relay_books *b = ctx;

	(void)place;
	if (r->type == REC_RELAYED)
		note_line(b, r->u.relayed.key, r->u.relayed.sha256);
	else if (r->type == REC_REMOVED)
		note_line(b, r->u.removed.key, NULL);
	else
		return err_set(e, ERR_DIFFERS, "it holds a %s line", record_type_name(r->type));
	return 0;
}

static int
see_object(void *ctx, const char *key, bool is_folder, const struct store_object *object, struct err *e)
{
	struct relay_books *b = ctx;

	(void)e; /* cannot fail */
	if (!is_folder && !object->strange)
		note_there(b, key + b->prefix_len, object->size);
	return 0;
}

/* A journal for each destination: what one has another may lack. */
static int
open_journal(struct relay_books *b, struct spool_run *run, struct err *e)
{
	const char *url = store_url(b->to);
	char *name = mem_printf("relay-%016" PRIx64 ".jsonl", (uint64_t)XXH3_64bits(url, strlen(url))), *path = spool_run_path(run, name);
	int rc = journal_open(path, FORMAT, b->run, replay, b, &b->journal, e);

	free(path);
	free(name);
	return rc;
}

int
relay_books_open(struct spool_run *run, struct store *to, struct relay_books **out, struct err *e)
{
	struct relay_books *b = mem_alloc(sizeof(*b));
	char *prefix = mem_printf("%s/", spool_run_id(run));
	int rc = 0;

	b->to = to;
	b->run = mem_str(spool_run_id(run));
	b->lines = keyset_new();
	b->there = keyset_new();
	b->prefix_len = strlen(prefix);
	pthread_mutex_init(&b->mutex, NULL);
	if (!store_is_carried(store_url(to)) && (rc = open_journal(b, run, e)) == 0)
		rc = store_list(to, prefix, STORE_LIST_RECURSIVE, see_object, b, e) < 0 ? -1 : 0;
	free(prefix);
	if (rc < 0) {
		relay_books_close(b);
		return -1;
	}
	*out = b;
	return 0;
}

void
relay_books_close(struct relay_books *b)
{
	if (b == NULL)
		return;
	journal_close(b->journal);
	keyset_free(b->lines);
	keyset_free(b->there);
	pthread_mutex_destroy(&b->mutex);
	free(b->run);
	free(b);
}

int
relay_books_have(struct relay_books *b, const struct relay_object *o, struct err *e)
{
	char *text;
	int rc;

	if (!o->hashed)
		return 0;
	if (b->journal == NULL) {
		text = mem_printf("%s/%s", b->run, o->key);
		rc = store_knows(b->to, text, o->bytes, o->sha256, e);
		free(text);
		return rc;
	}
	text = mem_printf("%" PRIu64 " %s", o->bytes, o->key);
	pthread_mutex_lock(&b->mutex);
	rc = keyset_has(b->there, text) && was_put(b, o);
	pthread_mutex_unlock(&b->mutex);
	free(text);
	return rc;
}

int
relay_books_void(struct relay_books *b, const struct relay_object *o, struct err *e)
{
	struct rec_removed rec = { .key = o->key };
	bool noted;

	if (b->journal == NULL)
		return 0;
	pthread_mutex_lock(&b->mutex);
	noted = has_line(b, 1, o->key);
	pthread_mutex_unlock(&b->mutex);
	if (!noted)
		return 0;
	if (journal_append(b->journal, REC_REMOVED, &rec, NULL, e) < 0)
		return -1;
	pthread_mutex_lock(&b->mutex);
	note_line(b, o->key, NULL);
	pthread_mutex_unlock(&b->mutex);
	return 0;
}

int
relay_books_add(struct relay_books *b, const struct relay_object *o, struct err *e)
{
	struct rec_relayed rec = { .key = o->key, .bytes = o->bytes };

	if (b->journal == NULL)
		return 0;
	memcpy(rec.sha256, o->sha256, sizeof(rec.sha256));
	if (journal_append(b->journal, REC_RELAYED, &rec, NULL, e) < 0)
		return -1;
	pthread_mutex_lock(&b->mutex);
	note_line(b, o->key, o->sha256);
	note_there(b, o->key, o->bytes);
	pthread_mutex_unlock(&b->mutex);
	return 0;
}
