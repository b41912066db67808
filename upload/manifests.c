/* manifests.c -- the manifests of a run's tables. */
#include "prelude.h"

#include <inttypes.h>
#include <unistd.h>

#include "err.h"
#include "manifests.h"
#include "pool.h"
#include "send.h"
#include "stop.h"

#define FOLDER "tables/"

struct storing {
	struct push *push;
	struct journal *export;         /* to read lines of the export's journal */
	struct table_stored *stored;    /* by number - 1; each is one worker's */
	bool *seen;                     /* by number - 1: listed by the store, with the right size */
	size_t prefix_len;              /* of "<run>/" in a listed key */
};

char *
manifests_key(const struct view_table *t)
{
	return mem_printf(FOLDER "%s.jsonl", t->label);
}

/* --- one manifest ---------------------------------------------------------------------------- */

/* The chunk lines of a table, in order, summed up. */
static int
add_chunks(struct push *p, struct manifest_writer *w, const struct stored_list *list, struct rec_end *sum,
    struct digest *digest, struct err *e)
{
	for (size_t i = 0; i < stored_len(list); i++) {
		struct rec_chunk c;
		int rc;

		if (stored_read(p->stored, list, i, &c, e) < 0)
			return -1;
		sum->chunks++;
		sum->rows += c.rows;
		sum->plain_bytes += c.plain_bytes;
		sum->stored_bytes += c.stored_bytes;
		*digest = digest_add(*digest, c.digest);
		c.table = c.attempt = 0; /* the head says them */
		rc = manifest_add(w, REC_CHUNK, &c, e);
		record_free_fields(REC_CHUNK, &c);
		if (rc < 0)
			return -1;
	}
	return 0;
}

static int
compare_sums(const struct view_table *t, const struct rec_done *done, const struct rec_end *sum,
    struct digest digest, struct err *e)
{
	if (sum->chunks == done->chunks && sum->rows == done->rows && sum->plain_bytes == done->plain_bytes &&
	    digest_equal(digest, done->digest))
		return 0;
	return err_set(e, ERR_DIFFERS, "%s: %" PRIu64 " rows in %" PRIu64 " chunks are stored, gpm-export took out %"
	    PRIu64 " in %" PRIu64, t->label, sum->rows, sum->chunks, done->rows, done->chunks);
}

/* The manifest of T as an open file without a name, beside PATH in the spool. */
static int
write_manifest(struct push *p, const struct view_table *t, const char *path, const struct rec_table *table,
    const struct rec_done *done, struct table_stored *out, int *fd, struct err *e)
{
	struct manifest_writer *w;
	struct rec_end end = { 0 };
	struct digest digest = { 0 };
	const struct stored_list *list = stored_list(p->stored, table->table, t->attempt);

	if (manifest_begin(path, "gpm-table", spool_run_id(p->run), &w, e) < 0)
		return -1;
	if (manifest_add(w, REC_TABLE, table, e) < 0 || manifest_add(w, REC_DONE, done, e) < 0 ||
	    add_chunks(p, w, list, &end, &digest, e) < 0 || compare_sums(t, done, &end, digest, e) < 0) {
		manifest_abort(w);
		return -1;
	}
	out->data_bytes = end.stored_bytes;
	return manifest_end_open(w, &end, &out->hash, fd, e);
}

static int
store_manifest(struct push *p, const struct view_table *t, const struct rec_table *table, const struct rec_done *done,
    struct table_stored *out, struct err *e)
{
	char *key = manifests_key(t), *path = spool_run_path(p->run, key);
	int fd, rc = write_manifest(p, t, path, table, done, out, &fd, e);

	if (rc == 0) {
		rc = send_unchecked(p, fd, key, out->hash.size, e);
		close(fd);
	}
	free(path);
	free(key);
	return rc;
}

static int
worker(void *ctx, unsigned index, void *job, struct err *e)
{
	struct storing *s = ctx;
	const struct view_table *t = job;
	struct record table, done;
	int rc;

	(void)index;
	if (stop_asked(e) < 0 || run_view_line(s->export, t->table_place, REC_TABLE, &table, e) < 0)
		return -1;
	if (run_view_line(s->export, t->done_place, REC_DONE, &done, e) < 0) {
		record_release(&table);
		return -1;
	}
	rc = store_manifest(s->push, t, &table.u.table, &done.u.done, &s->stored[t - s->push->view.tables], e);
	record_release(&table);
	record_release(&done);
	return rc;
}

/* --- are they there? ------------------------------------------------------------------------- */

/* A listed object: the manifest of a table, with as many bytes as were put? */
static int
look_at(void *ctx, const char *full, bool is_folder, const struct store_object *object, struct err *e)
{
	struct storing *s = ctx;
	struct run_view *v = &s->push->view;
	const struct view_table *t;
	uint64_t number;
	char *key;

	(void)e; /* cannot fail */
	if (is_folder || object->strange || sscanf(full + s->prefix_len, FOLDER "%" SCNu64 "-", &number) != 1 ||
	    (t = run_view_table(v, number)) == NULL)
		return 0;
	key = manifests_key(t);
	s->seen[number - 1] = strcmp(key, full + s->prefix_len) == 0 && object->size == s->stored[number - 1].hash.size;
	free(key);
	return 0;
}

static int
check_one(struct storing *s, size_t i, struct err *e)
{
	char *key = manifests_key(&s->push->view.tables[i]);
	int rc = send_check(s->push, key, s->stored[i].hash.size, e);

	free(key);
	return rc;
}

/* One list tells the sizes of a thousand.  It may lag behind: what it does not show as it should be is asked for
 * by itself. */
static int
check_all(struct storing *s, struct err *e)
{
	char *prefix = push_key(s->push, FOLDER);
	int rc;

	s->prefix_len = strlen(prefix) - strlen(FOLDER);
	rc = store_list(s->push->store, prefix, STORE_LIST_RECURSIVE, look_at, s, e);
	free(prefix);
	for (size_t i = 0; rc >= 0 && i < s->push->view.ntables; i++)
		if (s->stored[i].is_stored && !s->seen[i])
			rc = stop_asked(e) < 0 ? -1 : check_one(s, i, e);
	return rc < 0 ? -1 : 0;
}

/* --- all of them ----------------------------------------------------------------------------- */

static int
store_all(struct storing *s, struct err *e)
{
	struct run_view *v = &s->push->view;
	struct pool *pool = pool_start(s->push->jobs, worker, NULL, s);

	for (size_t i = 0; i < v->ntables; i++) {
		s->stored[i].is_stored = v->tables[i].listed && v->tables[i].is_done;
		if (s->stored[i].is_stored && pool_put(pool, &v->tables[i], e) < 0) {
			pool_abort(pool);
			return -1;
		}
	}
	return pool_finish(pool, e);
}

int
manifests_store(struct push *p, struct journal *export, struct table_stored *stored, struct err *e)
{
	struct storing s = { .push = p, .export = export, .stored = stored, .seen = mem_array(p->view.ntables, sizeof(bool)) };
	int rc = spool_run_begin_dirs(p->run, FOLDER, e);

	stored_settle(p->stored);
	if (rc == 0)
		rc = store_all(&s, e);
	if (rc == 0 && !p->trust_response)
		rc = check_all(&s, e);
	free(s.seen);
	return rc < 0 ? -1 : spool_run_remove(p->run, FOLDER, e);
}
