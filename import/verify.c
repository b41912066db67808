/* verify.c -- gpm-import verify: objects against manifests. */
#include "prelude.h"

#include <inttypes.h>
#include <pthread.h>

#include "err.h"
#include "find.h"
#include "import.h"
#include "keyset.h"
#include "log.h"
#include "opt.h"
#include "parse.h"
#include "pool.h"
#include "progress.h"
#include "report.h"
#include "stop.h"
#include "unpack.h"

struct verify {
	struct run *run;
	bool full;
	struct report *report;
	struct keyset *named;      /* keys that a manifest names; only under --full */
	struct keyset *unread;     /* labels of tables whose manifests cannot tell what they name; the same */
	struct progress *progress;
	struct pool *pool;
	struct buf *objects;       /* a worker's */
	size_t nobjects;           /* seen */
};

struct job {
	struct run_table *table; /* shared with the table's other jobs */
	struct rec_chunk chunk;
};

static void
free_job(void *arg)
{
	struct job *job = arg;

	run_table_close(job->table);
	record_free_fields(REC_CHUNK, &job->chunk);
	free(job);
}

/* --- one object ------------------------------------------------------------------------------ */

/* The size as the store tells it. */
static int
check_size(struct verify *v, const char *key, uint64_t want, struct err *e)
{
	struct store_object there;
	int rc = store_head(v->run->store, key, &there, e);

	if (rc == 0)
		return err_set(e, ERR_DIFFERS, "'%s' is missing", key);
	if (rc > 0 && there.size != want)
		return err_set(e, ERR_DIFFERS, "'%s' has %" PRIu64 " bytes, its manifest says %" PRIu64, key, there.size, want);
	return rc < 0 ? -1 : 0;
}

static bool
hashes_only(const struct run *run)
{
	return run->push.encryption != NULL && run->master_key == NULL;
}

static int
check_chunk(struct verify *v, struct job *job, const char *key, struct buf *object, struct err *e)
{
	const struct rec_chunk *c = &job->chunk;

	if (!v->full)
		return check_size(v, key, c->stored_bytes, e);
	/* who has not the key can still say that the objects are those that were stored */
	if (hashes_only(v->run))
		return unpack_fetch(v->run->store, key, c->stored_bytes, c->stored_sha256, object, e);
	if (unpack_fetch_chunk(v->run, c, object, e) < 0)
		return -1;
	if (unpack_chunk(object, c, &job->table->table.columns, NULL, NULL, e) < 0)
		return err_context(e, "'%s'", key);
	return 0;
}

/* What differs is reported and the rest goes on; a store that does not answer ends it. */
static int
settle(struct verify *v, int rc, const struct err *e)
{
	if (rc == 0)
		return 0;
	if (e->code != ERR_DIFFERS)
		return -1;
	report_trouble(v->report, e, "run %s", v->run->id);
	return 0;
}

static int
worker(void *ctx, unsigned index, void *arg, struct err *e)
{
	struct verify *v = ctx;
	struct job *job = arg;
	char *key = run_chunk_key(v->run, &job->chunk);
	int rc = stop_check(e);

	if (rc == 0)
		rc = settle(v, check_chunk(v, job, key, &v->objects[index], e), e);
	if (rc == 0)
		progress_add(v->progress, job->chunk.rows, job->chunk.plain_bytes);
	free(key);
	free_job(job);
	return rc;
}

/* --- manifests ------------------------------------------------------------------------------- */

/* KEY: NULL for an object of another run's folder. */
static void
note_key(struct verify *v, const char *key)
{
	v->nobjects++;
	if (v->named != NULL && key != NULL)
		keyset_add(v->named, key);
}

static int
verify_file(void *ctx, struct record *r, struct err *e)
{
	struct verify *v = ctx;
	const struct rec_file *f = &r->u.file;
	struct buf object;
	char *key;
	int rc;

	if (store_key_check(f->key, e) < 0)
		return settle(v, -1, e);
	note_key(v, f->key);
	key = run_key(v->run, f->key);
	buf_init(&object, 0);
	rc = v->full ? unpack_fetch(v->run->store, key, f->stored_bytes, f->stored_sha256, &object, e) :
	    check_size(v, key, f->stored_bytes, e);
	buf_release(&object);
	free(key);
	return settle(v, rc, e);
}

/* "tables/<label>.jsonl" cannot be used: it is told once, not for each of its objects. */
static void
note_unread(struct verify *v, const char *key)
{
	size_t skip = strlen("tables/"), tail = strlen(".jsonl"), len = strlen(key);
	char *label;

	if (v->unread == NULL || len <= skip + tail)
		return;
	label = mem_strn(key + skip, len - skip - tail);
	keyset_add(v->unread, label);
	free(label);
}

/* Each chunk of a table as a job. */
static int
verify_chunks(struct verify *v, struct run_table *t, struct err *e)
{
	struct rec_chunk c;
	int rc;

	while ((rc = run_table_chunk(t, &c, e)) > 0) {
		struct job *job = mem_alloc(sizeof(*job));

		note_key(v, c.base == NULL ? c.key : NULL);
		job->table = run_table_share(t);
		job->chunk = c;
		if (pool_put(v->pool, job, e) < 0)
			return -1;
	}
	return rc < 0 ? settle(v, -1, e) : 0;
}

static int
verify_table(void *ctx, struct record *r, struct err *e)
{
	struct verify *v = ctx;
	struct run_table *t;
	int rc;

	if (store_key_check(r->u.manifest.key, e) < 0)
		return settle(v, -1, e);
	note_key(v, r->u.manifest.key);
	if (run_table_open(v->run, &r->u.manifest, &t, e) < 0) {
		note_unread(v, r->u.manifest.key);
		return settle(v, -1, e);
	}
	progress_table(v->progress, t->table.schema, t->table.name);
	rc = verify_chunks(v, t, e);
	run_table_close(t);
	return rc;
}

/* --- strangers ------------------------------------------------------------------------------- */

/* data/<label>/… of a table whose manifest cannot be used. */
static bool
is_of_unread(const struct verify *v, const char *key)
{
	size_t skip = strlen("data/");
	char *label;
	bool unread;

	if (strncmp(key, "data/", skip) != 0)
		return false;
	label = mem_strn(key + skip, strcspn(key + skip, "/"));
	unread = keyset_has(v->unread, label);
	free(label);
	return unread;
}

static int
see_object(void *ctx, const char *full, bool is_folder, const struct store_object *object, struct err *e)
{
	struct verify *v = ctx;
	const char *key = full + RUNID_LEN + 1;

	/* a claim stays where its push died after it sealed, or may not remove */
	if (is_folder || strcmp(key, MANIFEST_ROOT) == 0 || strcmp(key, MANIFEST_CLAIM) == 0 ||
	    (strcmp(key, MANIFEST_SIGNATURE) == 0 && v->run->push.signed_by != NULL && !object->strange) ||
	    (!object->strange && (keyset_has(v->named, key) || is_of_unread(v, key))))
		return 0;
	err_set(e, ERR_DIFFERS, "'%s' is in no manifest: a stranger", full);
	return settle(v, -1, e);
}

static int
find_strangers(struct verify *v, struct err *e)
{
	char *prefix = run_key(v->run, "");
	int rc = store_list(v->run->store, prefix, STORE_LIST_RECURSIVE | STORE_LIST_TEMPORARIES, see_object, v, e);

	free(prefix);
	return rc < 0 ? -1 : 0;
}

/* --- the whole ------------------------------------------------------------------------------- */

static int
verify_all(struct verify *v, struct err *e)
{
	int rc;

	if (run_expect(v->run, v->progress, e) < 0 ||
	    run_each(v->run, REC_FILE, verify_file, v, e) < 0)
		return -1;
	rc = run_each(v->run, REC_MANIFEST, verify_table, v, e);
	if (rc < 0) {
		pool_abort(v->pool);
		return -1;
	}
	if (pool_finish(v->pool, e) < 0)
		return -1;
	return v->full ? find_strangers(v, e) : 0;
}

static void
tell(const struct verify *v)
{
	const struct rec_end *end = manifest_totals(v->run->root);
	char rows[FORMAT_SIZE_LEN], plain[FORMAT_SIZE_LEN];

	printf("run %s of %s: %zu objects are as the manifests say%s; %" PRIu64 " tables, %s rows, %s\n", v->run->id,
	    v->run->header.database, v->nobjects, v->full ? (hashes_only(v->run) ? ", every byte read, none decrypted" : ", every byte read") : " by their sizes", end->tables,
	    format_count(end->rows, rows), format_size(end->plain_bytes, plain));
}

int
import_verify(const struct opts *opts, struct store *store, struct err *e)
{
	unsigned jobs = (unsigned)opt_u64(opts, OPT_ID_jobs);
	struct verify v = { .full = opt_flag(opts, OPT_ID_full) };
	int rc;

	if (find_run(store, opts, &v.run, e) < 0)
		return -1;
	v.report = report_new();
	v.named = v.full ? keyset_new() : NULL;
	v.unread = v.full ? keyset_new() : NULL;
	v.objects = mem_array(jobs, sizeof(*v.objects));
	v.progress = progress_start("verified", opt_u64(opts, OPT_ID_progress_interval));
	v.pool = pool_start(jobs, worker, free_job, &v);
	rc = verify_all(&v, e);
	progress_stop(v.progress);
	if (rc == 0 && (rc = report_result(v.report, "verify", e)) == 0)
		tell(&v);
	for (unsigned i = 0; i < jobs; i++)
		buf_release(&v.objects[i]);
	free(v.objects);
	keyset_free(v.named);
	keyset_free(v.unread);
	report_free(v.report);
	run_close(v.run);
	return rc;
}
