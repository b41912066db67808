/* base.c -- an earlier run of the bucket, whose objects need not be stored again. */
#include "prelude.h"

#include <pthread.h>

#include "base.h"
#include "err.h"
#include "log.h"
#include "manifest.h"
#include "runs.h"

#define TABLES "tables/"

struct object {
	unsigned char sha256[32];
	uint64_t size;
	char *key;
	const char *run;       /* whose folder it is in: the base's */
};

struct base_table {
	uint64_t number;
	char *key;             /* of its manifest */
	const char *name;      /* in KEY, behind the table's number */
	struct file_hash hash;
	bool loaded;
	struct object *at;     /* by hash */
	size_t n;
};

struct base {
	struct store *store;
	char id[RUNID_LEN + 1];
	struct rec_run header;
	struct rec_push push;  /* how it is stored, and the runs to which it refers itself */
	struct base_table *tables; /* by number */
	struct base_table **by_name;
	size_t ntables;
	pthread_mutex_t mutex; /* over what the tables have loaded */
};

/* "000012-sales.lines" without its number, in a label or a manifest's key. */
static const char *
name_in(const char *label)
{
	const char *dash = strchr(label, '-');

	return dash != NULL ? dash + 1 : label;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp((*(struct base_table *const *)a)->name, (*(struct base_table *const *)b)->name);
}

static int
by_number(const void *a, const void *b)
{
	const struct base_table *x = a, *y = b;

	return x->number < y->number ? -1 : x->number > y->number;
}

static int
by_hash(const void *a, const void *b)
{
	return memcmp(((const struct object *)a)->sha256, ((const struct object *)b)->sha256, 32);
}

/* --- the run --------------------------------------------------------------------------------- */

static void
add_table(struct base *b, const struct rec_manifest *line)
{
	struct base_table *t;
	size_t len = strlen(line->key), tail = strlen(".jsonl");

	if (strncmp(line->key, TABLES, strlen(TABLES)) != 0 || len <= strlen(TABLES) + tail)
		return; /* a reader would refuse it */
	b->tables = mem_grow(b->tables, (b->ntables + 1) * sizeof(*b->tables));
	t = &b->tables[b->ntables++];
	*t = (struct base_table){ .number = line->table, .key = mem_str(line->key), .hash = { .size = line->stored_bytes } };
	memcpy(t->hash.sha256, line->stored_sha256, sizeof(t->hash.sha256));
}

static int
read_root(struct base *b, struct manifest *root, struct err *e)
{
	struct record r;
	int rc;

	while ((rc = manifest_next(root, &r, e)) > 0) {
		if (r.type == REC_RUN)
			record_take(&r, &b->header);
		else if (r.type == REC_PUSH)
			record_take(&r, &b->push);
		else if (r.type == REC_MANIFEST)
			add_table(b, &r.u.manifest);
		record_release(&r);
	}
	if (b->ntables > 0)
		qsort(b->tables, b->ntables, sizeof(*b->tables), by_number);
	b->by_name = mem_array(b->ntables, sizeof(*b->by_name));
	for (size_t i = 0; i < b->ntables; i++) {
		b->tables[i].name = name_in(b->tables[i].key + strlen(TABLES));
		b->by_name[i] = &b->tables[i];
	}
	if (b->ntables > 0)
		qsort(b->by_name, b->ntables, sizeof(*b->by_name), by_name);
	return rc;
}

/* 1, 0 when it is not sealed, -1. */
static int
open_sealed(struct store *store, const char *id, struct base **out, struct err *e)
{
	char *key = mem_printf("%s/" MANIFEST_ROOT, id);
	struct manifest *root = NULL;
	int rc = manifest_fetch(store, key, "gpm-run", id, NULL, &root, e);
	struct base *b;

	free(key);
	if (rc <= 0)
		return rc;
	b = mem_alloc(sizeof(*b));
	b->store = store;
	memcpy(b->id, id, sizeof(b->id));
	pthread_mutex_init(&b->mutex, NULL);
	rc = read_root(b, root, e);
	manifest_close(root);
	if (rc < 0) {
		base_close(b);
		return -1;
	}
	*out = b;
	return 1;
}

int
base_open(struct store *store, const char *id, struct base **out, struct err *e)
{
	int rc = runid_valid(id) ? open_sealed(store, id, out, e) : 0;

	if (rc != 0)
		return rc < 0 ? -1 : 0;
	err_set(e, ERR_NO_RUN, "--base: there is no sealed run '%.60s' in '%s'", id, store_url(store));
	return err_hint(e, "gpm-push list shows what there is");
}

void
base_close(struct base *b)
{
	if (b == NULL)
		return;
	for (size_t i = 0; i < b->ntables; i++) {
		for (size_t k = 0; k < b->tables[i].n; k++)
			free(b->tables[i].at[k].key);
		free(b->tables[i].at);
		free(b->tables[i].key);
	}
	free(b->tables);
	free(b->by_name);
	record_free_fields(REC_PUSH, &b->push);
	record_free_fields(REC_RUN, &b->header);
	pthread_mutex_destroy(&b->mutex);
	free(b);
}

static void
add_run(struct strings *out, const char *id)
{
	out->at = mem_grow(out->at, (out->len + 1) * sizeof(char *));
	out->at[out->len++] = mem_str(id);
}

void
base_runs(const struct base *b, struct strings *out)
{
	*out = (struct strings){ .len = 0 };
	add_run(out, b->id);
	for (size_t i = 0; i < b->push.bases.len; i++)
		add_run(out, b->push.bases.at[i]);
}

/* --- which one ------------------------------------------------------------------------------- */

/* The newest sealed run of HEADER's database before ID; one that is damaged is passed over: it is no base. */
static int
find_latest(struct store *store, const struct rec_run *header, const char *id, struct base **out, struct err *e)
{
	spool_id *ids;
	struct err why;
	size_t n;
	int rc = 0;

	if (runs_of_store(store, &ids, &n, e) < 0)
		return -1;
	while (rc == 0 && n-- > 0) {
		int found = strcmp(ids[n], id) >= 0 ? 0 : open_sealed(store, ids[n], out, &why);

		if (found < 0 && why.code != ERR_DIFFERS) {
			*e = why;
			rc = -1;
		} else if (found < 0) {
			log_warning("run %s is no base: %s", ids[n], why.text);
		} else if (found > 0) {
			rc = strcmp((*out)->header.source_id, header->source_id) == 0 && strcmp((*out)->header.database, header->database) == 0;
			if (rc == 0)
				base_close(*out);
		}
	}
	free(ids);
	return rc;
}

int
base_choose(struct store *store, const char *wanted, const struct rec_run *header, const char *id, struct base **out, struct err *e)
{
	if (strcmp(wanted, "latest") != 0)
		return base_open(store, wanted, out, e) < 0 ? -1 : 1;
	return find_latest(store, header, id, out, e);
}

const struct rec_push *
base_push(const struct base *b)
{
	return &b->push;
}

/* --- its objects ----------------------------------------------------------------------------- */

/* The folder of a chunk of the base: its own, or that of a run that it names. */
static const char *
folder_of(const struct base *b, const struct rec_chunk *c)
{
	if (c->base == NULL)
		return b->id;
	for (size_t i = 0; i < b->push.bases.len; i++)
		if (strcmp(b->push.bases.at[i], c->base) == 0)
			return b->push.bases.at[i];
	return NULL;
}

/* The chunks of T, one after the other; C's content may be taken.  ERR_DIFFERS when its manifest, or a line of it, is not as it should be. */
static int
each_chunk(const struct base *b, const struct base_table *t, base_chunk_fn *fn, void *ctx, struct err *e)
{
	char *key = mem_printf("%s/%s", b->id, t->key);
	struct manifest *m = NULL;
	struct record r;
	int rc = manifest_fetch(b->store, key, "gpm-table", b->id, &t->hash, &m, e);

	if (rc == 0)
		rc = err_set(e, ERR_DIFFERS, "'%s' is not there", key);
	while (rc > 0 && (rc = manifest_next(m, &r, e)) > 0) {
		struct rec_chunk *c = &r.u.chunk;

		if (r.type == REC_CHUNK && folder_of(b, c) == NULL)
			rc = err_set(e, ERR_DIFFERS, "'%s' names a run that its run does not", key);
		else if (r.type == REC_CHUNK)
			rc = store_key_check(c->key, e) < 0 || fn(ctx, c, folder_of(b, c), e) < 0 ? -1 : 1;
		record_release(&r);
	}
	manifest_close(m);
	free(key);
	return rc;
}

int
base_chunks(struct base *b, uint64_t table, base_chunk_fn *fn, void *ctx, struct err *e)
{
	struct base_table wanted = { .number = table }, *t = NULL;

	if (b->ntables > 0)
		t = bsearch(&wanted, b->tables, b->ntables, sizeof(*b->tables), by_number);
	if (t == NULL)
		return err_set(e, ERR_DIFFERS, "run %s has no table of the number %llu", b->id, (unsigned long long)table);
	return each_chunk(b, t, fn, ctx, e);
}

static int
add_object(void *ctx, struct rec_chunk *c, const char *run, struct err *e)
{
	struct base_table *t = ctx;

	(void)e; /* cannot fail */
	if (c->encryption != NULL)
		return 0; /* it is bound to its run */
	t->at = mem_grow(t->at, (t->n + 1) * sizeof(*t->at));
	t->at[t->n] = (struct object){ .size = c->stored_bytes, .key = c->key, .run = run };
	memcpy(t->at[t->n++].sha256, c->stored_sha256, sizeof(t->at->sha256));
	c->key = NULL;
	return 0;
}

/* A manifest that is not as it should be only means that everything is stored anew. */
static int
load(const struct base *b, struct base_table *t, struct err *e)
{
	int rc = each_chunk(b, t, add_object, t, e);

	if (rc < 0 && e->code != ERR_DIFFERS)
		return -1;
	if (rc < 0)
		log_warning("%s is stored anew: %s", t->name, e->text);
	if (t->n > 0)
		qsort(t->at, t->n, sizeof(*t->at), by_hash);
	t->loaded = true;
	return 0;
}

int
base_find(struct base *b, const char *label, const unsigned char sha256[32], uint64_t size, const char **key, const char **run,
    struct err *e)
{
	char *name = mem_printf("%s.jsonl", name_in(label));
	struct base_table wanted = { .name = name }, *key_of = &wanted, **at, *t;
	const struct object *o = NULL;
	struct object same;
	int rc = 0;

	memcpy(same.sha256, sha256, sizeof(same.sha256));
	at = b->ntables == 0 ? NULL : bsearch(&key_of, b->by_name, b->ntables, sizeof(*b->by_name), by_name);
	t = at != NULL ? *at : NULL;
	free(name);
	pthread_mutex_lock(&b->mutex);
	if (t != NULL && !t->loaded)
		rc = load(b, t, e);
	pthread_mutex_unlock(&b->mutex);
	if (rc == 0 && t != NULL && t->n > 0)
		o = bsearch(&same, t->at, t->n, sizeof(*t->at), by_hash);
	if (o == NULL || o->size != size)
		return rc;
	*key = o->key;
	*run = o->run;
	return 1;
}
