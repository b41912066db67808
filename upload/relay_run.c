/* relay_run.c -- one run from one store into another: each object compared with the hash that it is named by, and the manifests in the order
 * in which a push stores them.
 *
 * The root manifest of a run in volumes is on the last disk.  As long as it was not there, what the other disks hold is brought over by
 * their lists; it is compared with the manifests when those are. */
#include "prelude.h"

#include <inttypes.h>

#include "err.h"
#include "log.h"
#include "manifest.h"
#include "relay_internal.h"
#include "send.h"
#include "sign.h"
#include "stop.h"
#include "store_opts.h"
#include "tidy.h"

const char *
relay_run_id(const struct relay *r)
{
	return spool_run_id(r->p.run);
}

/* --- objects --------------------------------------------------------------------------------- */

static void
free_object(void *job)
{
	struct relay_object *o = job;

	free(o->key);
	free(o);
}

static void
note_missing(struct relay *r, const char *key)
{
	pthread_mutex_lock(&r->mutex);
	if (r->missing++ == 0) {
		free(r->first_missing);
		r->first_missing = mem_str(key);
	}
	pthread_mutex_unlock(&r->mutex);
}

/* What is damaged is told, and the rest goes on. */
static int
settle(struct relay *r, const struct err *e)
{
	if (e->code != ERR_DIFFERS)
		return -1;
	log_error("%s", e->text);
	pthread_mutex_lock(&r->mutex);
	r->damaged++;
	pthread_mutex_unlock(&r->mutex);
	return 0;
}

static int
bring(struct relay *r, unsigned worker, struct relay_object *o, struct err *e)
{
	int rc = allowance_begin(r->p.allowance, e) < 0 ? -1 : relay_copy(&r->p, r->from, r->books, &r->rooms[worker], o, e);

	if (rc < 0)
		return settle(r, e);
	if (rc == 0) {
		note_missing(r, o->key);
		return 0;
	}
	pthread_mutex_lock(&r->mutex);
	r->objects++;
	r->bytes += o->bytes;
	pthread_mutex_unlock(&r->mutex);
	progress_add(r->p.progress, 0, o->bytes);
	return 0;
}

static int
work(void *ctx, unsigned worker, void *job, struct err *e)
{
	int rc = bring(ctx, worker, job, e);

	free_object(job);
	return rc;
}

/* To a worker, unless it is there already.  SHA256 may be NULL. */
static int
give(struct relay *r, const char *key, uint64_t bytes, const unsigned char *sha256, struct err *e)
{
	struct relay_object *o = mem_alloc(sizeof(*o));
	int rc;

	o->key = mem_str(key);
	o->bytes = bytes;
	o->hashed = sha256 != NULL;
	if (sha256 != NULL)
		memcpy(o->sha256, sha256, sizeof(o->sha256));
	if (r->named != NULL)
		keyset_add(r->named, key);
	if ((rc = relay_books_have(r->books, o, e)) != 0) {
		free_object(o);
		return rc < 0 ? -1 : 0;
	}
	progress_expect(r->p.progress, bytes);
	return pool_put(r->pool, o, e);
}

/* A key that a manifest names has its place; nothing else may come before the root manifest under that name. */
static int
check_place(const char *key, const char *folder, struct err *e)
{
	return strncmp(key, folder, strlen(folder)) == 0 ? 0 : err_set(e, ERR_DIFFERS, "'%.200s' does not stand below '%s'", key, folder);
}

typedef int pass_fn(struct relay *, struct manifest *root, struct err *);

/* PASS, with workers at hand, until all that it gave them is done. */
static int
with_workers(struct relay *r, pass_fn *pass, struct manifest *root, struct err *e)
{
	r->pool = pool_start(r->p.jobs, work, free_object, r);
	if (pass(r, root, e) < 0) {
		pool_abort(r->pool);
		return -1;
	}
	return pool_finish(r->pool, e);
}

typedef int line_fn(struct relay *, struct record *, struct err *);

static int
each_line(struct relay *r, struct manifest *m, line_fn *fn, struct err *e)
{
	struct record rec;
	int rc;

	manifest_rewind(m);
	while ((rc = manifest_next(m, &rec, e)) > 0) {
		rc = stop_asked(e) < 0 ? -1 : fn(r, &rec, e);
		record_release(&rec);
		if (rc < 0)
			return -1;
	}
	return rc;
}

/* --- a run whose root manifest is there ------------------------------------------------------ */

static int
give_chunk(struct relay *r, struct record *rec, struct err *e)
{
	const struct rec_chunk *c = &rec->u.chunk;

	if (rec->type != REC_CHUNK)
		return 0;
	if (c->base != NULL) {
		err_set(e, ERR_FAILED, "run %s names objects of run %s (gpm-push --base), and cannot be carried alone", relay_run_id(r), c->base);
		return err_hint(e, "push a run without --base for it");
	}
	return check_place(c->key, "data/", e) < 0 ? -1 : give(r, c->key, c->stored_bytes, c->stored_sha256, e);
}

/* The manifest of a table, from the source, or from where it was brought before.  1, 0, -1. */
static int
fetch_table(struct relay *r, const struct rec_manifest *line, struct manifest **out, struct err *e)
{
	struct file_hash hash = { .size = line->stored_bytes };
	char *key = push_key(&r->p, line->key);
	int rc;

	memcpy(hash.sha256, line->stored_sha256, sizeof(hash.sha256));
	rc = manifest_fetch(r->from, key, "gpm-table", relay_run_id(r), &hash, out, e);
	if (rc == 0 && !store_is_carried(store_url(r->p.store)))
		rc = manifest_fetch(r->p.store, key, "gpm-table", relay_run_id(r), &hash, out, e);
	free(key);
	return rc;
}

static int
give_table(struct relay *r, struct record *rec, struct err *e)
{
	const struct rec_manifest *line = &rec->u.manifest;
	struct manifest *m = NULL;
	int rc;

	if (rec->type == REC_FILE && strcmp(rec->u.file.key, MANIFEST_SUMS) != 0)
		return check_place(rec->u.file.key, "schema/", e) < 0 ? -1 : give(r, rec->u.file.key, rec->u.file.stored_bytes, rec->u.file.stored_sha256, e);
	if (rec->type != REC_MANIFEST)
		return 0;
	if (check_place(line->key, "tables/", e) < 0)
		return -1;
	progress_table(r->p.progress, line->schema, line->name);
	if ((rc = fetch_table(r, line, &m, e)) == 0)
		note_missing(r, line->key);
	if (rc > 0)
		rc = each_line(r, m, give_chunk, e);
	manifest_close(m);
	return rc < 0 ? settle(r, e) : 0;
}

static int
give_objects(struct relay *r, struct manifest *root, struct err *e)
{
	return each_line(r, root, give_table, e);
}

static int
give_manifest(struct relay *r, struct record *rec, struct err *e)
{
	const struct rec_manifest *line = &rec->u.manifest;

	return rec->type == REC_MANIFEST ? give(r, line->key, line->stored_bytes, line->stored_sha256, e) : 0;
}

static int
give_manifests(struct relay *r, struct manifest *root, struct err *e)
{
	return each_line(r, root, give_manifest, e);
}

static int
give_sums(struct relay *r, struct record *rec, struct err *e)
{
	return rec->type == REC_FILE && strcmp(rec->u.file.key, MANIFEST_SUMS) == 0 ?
	    give(r, rec->u.file.key, rec->u.file.stored_bytes, rec->u.file.stored_sha256, e) : 0;
}

static int
give_all_sums(struct relay *r, struct manifest *root, struct err *e)
{
	return each_line(r, root, give_sums, e);
}

/* Whatever was missing or damaged keeps the rest from being stored: 0 when nothing was. */
static int
judge(struct relay *r, struct err *e)
{
	if (r->damaged > 0)
		return err_set(e, ERR_DIFFERS, "run %s: %" PRIu64 " troubles, all named above; the rest was brought over", relay_run_id(r), r->damaged);
	if (r->missing == 0)
		return 0;
	if (!store_is_carried(store_url(r->from)))
		return err_set(e, ERR_DIFFERS, "run %s: %" PRIu64 " objects are missing, '%s' among them; the rest was brought over", relay_run_id(r), r->missing,
		    r->first_missing);
	err_set(e, ERR_LIMIT, "run %s: %" PRIu64 " objects are in volumes that are not here, '%s' among them; what is here was brought over", relay_run_id(r),
	    r->missing, r->first_missing);
	return err_hint(e, "mount another disk of this run and start again with its folder as --from");
}

/* Of a signed run: the signature is brought over when it is that of the root manifest. */
static int
bring_signature(struct relay *r, struct manifest *root, const char *by, struct err *e)
{
	char *key = push_key(&r->p, MANIFEST_SIGNATURE);
	struct buf bytes;
	int rc;

	buf_init(&bytes, SIGN_LEN);
	rc = store_get_buf(r->from, key, &bytes, e);
	if (rc > 0 && bytes.len != SIGN_LEN)
		rc = err_set(e, ERR_DIFFERS, "'%s' has %zu bytes; a signature has %d", key, bytes.len, SIGN_LEN);
	if (rc == 0) {
		note_missing(r, MANIFEST_SIGNATURE);
		rc = judge(r, e);
	} else if (rc > 0) {
		rc = sign_check_file(by, manifest_fd(root), manifest_hash(root)->size, (const unsigned char *)bytes.data, e);
		if (rc == 0)
			rc = err_set(e, ERR_DIFFERS, "'%s/" MANIFEST_ROOT "' is not what key %.64s signed", relay_run_id(r), by);
		else if (rc > 0)
			rc = send_bytes(&r->p, MANIFEST_SIGNATURE, bytes.data, bytes.len, e);
	}
	buf_release(&bytes);
	free(key);
	return rc < 0 ? -1 : 0;
}

/* Who signed it, by its second line; NULL.  The caller frees. */
static int
signer(struct manifest *root, char **out, struct err *e)
{
	struct record rec;
	int rc;

	*out = NULL;
	manifest_rewind(root);
	while ((rc = manifest_next(root, &rec, e)) > 0) {
		bool found = rec.type == REC_PUSH;

		if (found)
			*out = mem_str(rec.u.push.signed_by);
		record_release(&rec);
		if (found)
			return 0;
	}
	return rc < 0 ? -1 : err_set(e, ERR_DIFFERS, "a root manifest without a push line");
}

static int
bring_root(struct relay *r, struct manifest *root, struct err *e)
{
	struct store_body body = { .fd = manifest_fd(root), .len = manifest_hash(root)->size };
	char *prefix = push_key(&r->p, ""), *by = NULL;
	int rc = signer(root, &by, e);

	if (rc == 0 && by != NULL && (rc = bring_signature(r, root, by, e)) == 0)
		keyset_add(r->named, MANIFEST_SIGNATURE);
	/* of a put that died, or of a disk whose objects a later one takes back.  (Volumes may have the root manifest already.) */
	keyset_add(r->named, MANIFEST_ROOT);
	if (rc == 0)
		rc = tidy_unnamed(&r->p, r->named, e);
	if (rc == 0)
		rc = send_body(&r->p, MANIFEST_ROOT, &body, e);
	if (rc == 0)
		rc = store_finish(r->p.store, prefix, e);
	free(by);
	free(prefix);
	return rc;
}

int
relay_bring_run(struct relay *r, struct manifest *root, struct err *e)
{
	if (with_workers(r, give_objects, root, e) < 0 || judge(r, e) < 0)
		return -1;
	if (with_workers(r, give_manifests, root, e) < 0 || judge(r, e) < 0)
		return -1;
	if (with_workers(r, give_all_sums, root, e) < 0 || judge(r, e) < 0)
		return -1;
	return bring_root(r, root, e);
}

/* --- volumes without the one that holds the root manifest ------------------------------------ */

static bool
is_of_run(const char *key)
{
	return strncmp(key, "data/", 5) == 0 || strncmp(key, "schema/", 7) == 0 || strncmp(key, "tables/", 7) == 0 || strcmp(key, MANIFEST_SUMS) == 0;
}

static int
see_object(void *ctx, const char *full, bool is_folder, const struct store_object *object, struct err *e)
{
	struct relay *r = ctx;
	const char *key = full + strlen(relay_run_id(r)) + 1;

	if (is_folder || object->strange || !is_of_run(key))
		return 0;
	return stop_asked(e) < 0 ? -1 : give(r, key, object->size, object->hashed ? object->sha256 : NULL, e);
}

static int
give_what_is_here(struct relay *r, struct manifest *root, struct err *e)
{
	char *prefix = push_key(&r->p, "");
	int rc = store_list(r->from, prefix, STORE_LIST_RECURSIVE, see_object, r, e);

	(void)root; /* there is none */
	free(prefix);
	return rc < 0 ? -1 : 0;
}

int
relay_bring_what_is_here(struct relay *r, struct err *e)
{
	if (with_workers(r, give_what_is_here, NULL, e) < 0)
		return -1;
	r->missing = 0;
	if (judge(r, e) < 0)
		return -1;
	err_set(e, ERR_LIMIT, "run %s: its root manifest is in a volume that is not here; what is here was brought over", relay_run_id(r));
	return err_hint(e, "mount another disk of this run and start again with its folder as --from; the run may also not be sealed yet");
}
