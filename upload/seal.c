/* seal.c -- manifests last: what makes a run loadable. */
#include "prelude.h"

#include <inttypes.h>
#include <openssl/evp.h>

#include "atomic.h"
#include "err.h"
#include "log.h"
#include "parse.h"
#include "seal.h"
#include "send.h"
#include "tidy.h"

struct sealing {
	struct push *push;
	struct journal *export;         /* to read lines of the export's journal */
	struct manifest_writer *root;
	struct atomic_file *sums;       /* SHA256SUMS */
	EVP_MD_CTX *sums_hash;
	struct rec_end totals;          /* of the root manifest */
	uint64_t moment;                /* while the export's journal is read again */
};

/* --- SHA256SUMS ------------------------------------------------------------------------------ */

static int
add_sum(struct sealing *s, const unsigned char sha256[32], const char *key, struct err *e)
{
	char hex[65], *line = mem_printf("%s  %s\n", format_hex(sha256, 32, hex), key);
	int rc = atomic_write(s->sums, line, strlen(line), e);

	if (rc == 0 && EVP_DigestUpdate(s->sums_hash, line, strlen(line)) != 1)
		rc = err_set(e, ERR_SYSTEM, "SHA-256 failed");
	free(line);
	return rc;
}

/* --- table manifests ------------------------------------------------------------------------- */

/* A line of the export's journal, as it stands. */
static int
read_export_line(struct sealing *s, struct journal_place place, enum record_type type, struct record *out,
    struct err *e)
{
	if (journal_record_at(s->export, place, out, e) < 0)
		return -1;
	if (out->type == type)
		return 0;
	record_release(out);
	return err_set(e, ERR_DIFFERS, "the export's journal changed under way");
}

/* The chunk lines of a table, in order, summed up. */
static int
add_chunks(struct sealing *s, struct manifest_writer *w, size_t from, size_t to, struct rec_end *sum,
    struct digest *digest, struct err *e)
{
	for (size_t i = from; i < to; i++) {
		struct rec_chunk c;
		int rc;

		if (stored_read(s->push->stored, i, &c, e) < 0)
			return -1;
		sum->chunks++;
		sum->rows += c.rows;
		sum->plain_bytes += c.plain_bytes;
		sum->stored_bytes += c.stored_bytes;
		*digest = digest_add(*digest, c.digest);
		c.table = c.attempt = 0; /* the head says them */
		rc = manifest_add(w, REC_CHUNK, &c, e);
		if (rc == 0)
			rc = add_sum(s, c.stored_sha256, c.key, e);
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

/* Write the manifest of T into PATH and fill its line of the root manifest. */
static int
write_table_manifest(struct sealing *s, const struct view_table *t, const char *path,
    const struct rec_table *table, const struct rec_done *done, struct rec_manifest *line, struct err *e)
{
	struct push *p = s->push;
	struct manifest_writer *w;
	struct rec_end end = { 0 };
	struct digest digest = { 0 };
	struct file_hash hash;
	size_t from, to;

	if (manifest_begin(path, "gpm-table", spool_run_id(p->run), &w, e) < 0)
		return -1;
	stored_range(p->stored, table->table, t->attempt, &from, &to);
	if (manifest_add(w, REC_TABLE, table, e) < 0 || manifest_add(w, REC_DONE, done, e) < 0 ||
	    add_chunks(s, w, from, to, &end, &digest, e) < 0 || compare_sums(t, done, &end, digest, e) < 0) {
		manifest_abort(w);
		return -1;
	}
	if (manifest_end(w, &end, &hash, e) < 0)
		return -1;
	line->data_bytes = end.stored_bytes;
	line->stored_bytes = hash.size;
	memcpy(line->stored_sha256, hash.sha256, sizeof(line->stored_sha256));
	return 0;
}

static int
store_table_manifest(struct sealing *s, const struct view_table *t, const struct rec_table *table,
    const struct rec_done *done, struct err *e)
{
	struct push *p = s->push;
	struct rec_manifest line = {
		.table = table->table, .schema = table->schema, .name = table->name,
		.key = mem_printf("tables/%s.jsonl", t->label), .attempt = done->attempt,
		.chunks = done->chunks, .batches = done->batches, .rows = done->rows,
		.digest = done->digest, .plain_bytes = done->plain_bytes,
	};
	char *path = spool_run_path(p->run, line.key);
	struct file_hash hash;
	int rc = -1;

	if (spool_run_make_dirs(p->run, line.key, e) < 0 ||
	    write_table_manifest(s, t, path, table, done, &line, e) < 0)
		goto done;
	hash.size = line.stored_bytes;
	memcpy(hash.sha256, line.stored_sha256, sizeof(hash.sha256));
	if (send_file(p, path, line.key, &hash, e) < 0 || add_sum(s, line.stored_sha256, line.key, e) < 0 ||
	    manifest_add(s->root, REC_MANIFEST, &line, e) < 0)
		goto done;
	s->totals.tables++;
	s->totals.rows += line.rows;
	s->totals.plain_bytes += line.plain_bytes;
	s->totals.stored_bytes += line.data_bytes;
	rc = spool_run_remove(p->run, line.key, e);
done:
	free(path);
	free(line.key);
	return rc;
}

static int
seal_table(struct sealing *s, const struct view_table *t, struct err *e)
{
	struct record table, done;
	int rc;

	if (read_export_line(s, t->table_place, REC_TABLE, &table, e) < 0)
		return -1;
	if (read_export_line(s, t->done_place, REC_DONE, &done, e) < 0) {
		record_release(&table);
		return -1;
	}
	rc = store_table_manifest(s, t, &table.u.table, &done.u.done, e);
	record_release(&table);
	record_release(&done);
	return rc;
}

static int
seal_tables(struct sealing *s, struct err *e)
{
	struct run_view *v = &s->push->view;

	for (size_t i = 0; i < v->ntables; i++)
		if (v->tables[i].listed && v->tables[i].is_done && seal_table(s, &v->tables[i], e) < 0)
			return -1;
	return 0;
}

/* --- the root manifest ----------------------------------------------------------------------- */

static int
add_header(struct sealing *s, struct err *e)
{
	struct rec_push options = *stored_options(s->push->stored);

	options.url = NULL; /* where it was pushed to is nobody's business */
	if (manifest_add(s->root, REC_RUN, &s->push->view.header, e) < 0)
		return -1;
	return manifest_add(s->root, REC_PUSH, &options, e);
}

/* Moments come before, sequences and the like after the tables: two passes over the journal. */
static int
add_moment(void *ctx, struct record *r, struct journal_place place, struct err *e)
{
	struct sealing *s = ctx;

	(void)place;
	return r->type == REC_MOMENT ? manifest_add(s->root, REC_MOMENT, &r->u, e) : 0;
}

static int
add_rest(void *ctx, struct record *r, struct journal_place place, struct err *e)
{
	struct sealing *s = ctx;

	(void)place;
	if (r->type == REC_MOMENT)
		s->moment = r->u.moment.moment;
	if (s->moment != s->push->view.moment ||
	    (r->type != REC_SEQUENCE && r->type != REC_MATVIEW && r->type != REC_SKIPPED))
		return 0;
	return manifest_add(s->root, r->type, &r->u, e);
}

static int
add_failed(struct sealing *s, struct err *e)
{
	struct run_view *v = &s->push->view;

	for (size_t i = 0; i < v->ntables; i++) {
		const struct view_table *t = &v->tables[i];
		struct record r;
		int rc;

		if (!t->listed || t->is_done)
			continue;
		if (!t->has_failed_place)
			return err_set(e, ERR_DIFFERS, "%s is neither done nor failed in the export's journal", t->label);
		if (read_export_line(s, t->failed_place, REC_FAILED, &r, e) < 0)
			return -1;
		rc = manifest_add(s->root, REC_FAILED, &r.u, e);
		record_release(&r);
		if (rc < 0)
			return -1;
		s->totals.failed++;
	}
	return 0;
}

static int
add_schema(struct sealing *s, struct err *e)
{
	const struct run_view *v = &s->push->view;

	for (size_t i = 0; i < v->nschema; i++) {
		struct rec_file file;
		int rc;

		if (send_schema(s->push, &v->schema[i], &file, e) < 0)
			return -1;
		rc = manifest_add(s->root, REC_FILE, &file, e);
		if (rc == 0)
			rc = add_sum(s, file.stored_sha256, file.key, e);
		record_free_fields(REC_FILE, &file);
		if (rc < 0)
			return -1;
	}
	return 0;
}

/* SHA256SUMS is complete: store it and name it. */
static int
store_sums(struct sealing *s, struct err *e)
{
	struct rec_file rec = { .key = mem_str(MANIFEST_SUMS) };
	char *path = spool_run_path(s->push->run, MANIFEST_SUMS);
	struct atomic_file *sums = s->sums;
	struct file_hash hash;
	int rc = -1;

	s->sums = NULL;
	hash.size = rec.plain_bytes = rec.stored_bytes = atomic_size(sums);
	if (EVP_DigestFinal_ex(s->sums_hash, hash.sha256, NULL) != 1) {
		err_set(e, ERR_SYSTEM, "SHA-256 failed");
		atomic_abort(sums);
	} else if (atomic_commit(sums, e) == 0 && send_file(s->push, path, MANIFEST_SUMS, &hash, e) == 0) {
		memcpy(rec.stored_sha256, hash.sha256, sizeof(rec.stored_sha256));
		rc = manifest_add(s->root, REC_FILE, &rec, e);
	}
	if (rc == 0)
		rc = spool_run_remove(s->push->run, MANIFEST_SUMS, e);
	free(path);
	free(rec.key);
	return rc;
}

static int
store_root(struct sealing *s, struct err *e)
{
	struct push *p = s->push;
	char *path = spool_run_path(p->run, MANIFEST_ROOT), now[TIME_LEN];
	struct manifest_writer *root = s->root;
	struct rec_sealed sealed = { .time = mem_str(time_now(now)) };
	struct file_hash hash;
	int rc;

	if (s->totals.tables != p->view.end.tables || s->totals.failed != p->view.end.failed ||
	    s->totals.rows != p->view.end.rows || s->totals.plain_bytes != p->view.end.plain_bytes) {
		free(path);
		record_free_fields(REC_SEALED, &sealed);
		return err_set(e, ERR_DIFFERS, "run %s: what is stored does not add up to what gpm-export took out",
		    spool_run_id(p->run));
	}
	/* the export's time, not now: a seal that is repeated writes the same bytes */
	s->totals.time = p->view.end.time;
	s->root = NULL;
	rc = manifest_end(root, &s->totals, &hash, e);
	if (rc == 0)
		rc = send_file(p, path, MANIFEST_ROOT, &hash, e);
	if (rc == 0) {
		sealed.stored_bytes = hash.size;
		memcpy(sealed.stored_sha256, hash.sha256, sizeof(sealed.stored_sha256));
		rc = stored_seal(p->stored, &sealed, e);
	}
	if (rc == 0)
		rc = spool_run_remove(p->run, MANIFEST_ROOT, e);
	record_free_fields(REC_SEALED, &sealed);
	free(path);
	return rc;
}

static int
begin(struct sealing *s, struct err *e)
{
	struct push *p = s->push;
	char *root = spool_run_path(p->run, MANIFEST_ROOT), *sums = spool_run_path(p->run, MANIFEST_SUMS);
	int rc = -1;

	s->sums_hash = EVP_MD_CTX_new();
	if (s->sums_hash == NULL || EVP_DigestInit_ex(s->sums_hash, EVP_sha256(), NULL) != 1)
		err_set(e, ERR_SYSTEM, "SHA-256 is not to be had");
	else if (journal_attach(p->view.path, &s->export, e) == 0 &&
	    manifest_begin(root, "gpm-run", spool_run_id(p->run), &s->root, e) == 0)
		rc = (s->sums = atomic_create(sums, e)) != NULL ? 0 : -1;
	free(root);
	free(sums);
	return rc;
}

int
seal_run(struct push *p, struct err *e)
{
	struct sealing s = { .push = p };
	int rc = -1;

	if (tidy_run(p, e) < 0 || begin(&s, e) < 0 || add_header(&s, e) < 0 ||
	    run_view_each(&p->view, add_moment, &s, e) < 0 || add_schema(&s, e) < 0)
		goto done;
	if (seal_tables(&s, e) < 0 || run_view_each(&p->view, add_rest, &s, e) < 0 || add_failed(&s, e) < 0)
		goto done;
	if (store_sums(&s, e) < 0)
		goto done;
	rc = store_root(&s, e);
done:
	atomic_abort(s.sums);
	manifest_abort(s.root);
	journal_close(s.export);
	EVP_MD_CTX_free(s.sums_hash);
	return rc;
}

int
seal_find(struct push *p, struct err *e)
{
	char *key = push_key(p, MANIFEST_ROOT);
	struct store_object ignored;
	int rc = store_head(p->store, key, &ignored, e);

	free(key);
	return rc;
}

static int
drop_chunk(void *ctx, struct rec_chunk *rec, struct err *e)
{
	(void)ctx; /* the chunks are stored already */
	(void)rec;
	(void)e;
	return 0;
}

/* Is the sealed run the one that this export wrote, all of it? */
static int
compare_found(struct push *p, const struct manifest *m, struct err *e)
{
	const struct rec_end *there = manifest_totals(m), *here = &p->view.end;

	if (run_view_read(&p->view, drop_chunk, NULL, e) < 0)
		return -1;
	if (p->view.ended && there->tables == here->tables && there->failed == here->failed &&
	    there->rows == here->rows && there->plain_bytes == here->plain_bytes)
		return 0;
	err_set(e, ERR_DIFFERS, "run %s is sealed in the bucket, but is not what this spool holds", spool_run_id(p->run));
	return err_hint(e, "another spool pushed a run of the same id; gpm-export --new-run starts anew");
}

int
seal_found(struct push *p, struct err *e)
{
	char *key = push_key(p, MANIFEST_ROOT), now[TIME_LEN];
	struct rec_sealed sealed = { .time = mem_str(time_now(now)) };
	struct manifest *m = NULL;
	int rc = manifest_fetch(p->store, key, "gpm-run", spool_run_id(p->run), NULL, &m, e);

	if (rc == 0)
		rc = err_set(e, ERR_TEMPORARY, "'%s' was there and is gone", key);
	if (rc > 0 && (rc = compare_found(p, m, e)) == 0) {
		sealed.stored_bytes = manifest_hash(m)->size;
		memcpy(sealed.stored_sha256, manifest_hash(m)->sha256, sizeof(sealed.stored_sha256));
		rc = stored_seal(p->stored, &sealed, e);
	}
	manifest_close(m);
	record_free_fields(REC_SEALED, &sealed);
	free(key);
	return rc;
}
