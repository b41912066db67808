/* seal.c -- manifests last: what makes a run loadable. */
#include "prelude.h"

#include <inttypes.h>
#include <openssl/evp.h>

#include "atomic.h"
#include "claim.h"
#include "err.h"
#include "log.h"
#include "manifests.h"
#include "parse.h"
#include "predecessor.h"
#include "seal.h"
#include "send.h"
#include "signature.h"
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

/* --- tables ---------------------------------------------------------------------------------- */

static int
add_chunk_sums(struct sealing *s, const struct rec_done *done, struct err *e)
{
	const struct stored_list *list = stored_list(s->push->stored, done->table, done->attempt);
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < stored_len(list); i++) {
		struct rec_chunk c;
		char *object;

		if (stored_read(s->push->stored, list, i, &c, e) < 0)
			return -1;
		object = c.base != NULL ? mem_printf("../%s/%s", c.base, c.key) : mem_str(c.key);
		rc = add_sum(s, c.stored_sha256, object, e);
		free(object);
		record_free_fields(REC_CHUNK, &c);
	}
	return rc;
}

/* A table whose manifest is stored, named by the root manifest and with its objects by SHA256SUMS. */
static int
name_table(struct sealing *s, const struct view_table *t, const struct table_stored *stored,
    const struct rec_table *table, const struct rec_done *done, struct err *e)
{
	struct rec_manifest line = {
		.table = table->table, .schema = table->schema, .name = table->name,
		.key = manifests_key(t), .attempt = done->attempt,
		.chunks = done->chunks, .batches = done->batches, .rows = done->rows,
		.digest = done->digest, .plain_bytes = done->plain_bytes, .data_bytes = stored->data_bytes,
		.stored_bytes = stored->hash.size,
	};
	int rc;

	memcpy(line.stored_sha256, stored->hash.sha256, sizeof(line.stored_sha256));
	rc = add_chunk_sums(s, done, e);
	if (rc == 0)
		rc = add_sum(s, line.stored_sha256, line.key, e);
	if (rc == 0)
		rc = manifest_add(s->root, REC_MANIFEST, &line, e);
	s->totals.tables++;
	s->totals.rows += line.rows;
	s->totals.plain_bytes += line.plain_bytes;
	s->totals.stored_bytes += line.data_bytes;
	free(line.key);
	return rc;
}

static int
seal_table(struct sealing *s, const struct view_table *t, const struct table_stored *stored, struct err *e)
{
	struct record table, done;
	int rc;

	if (run_view_line(s->export, t->table_place, REC_TABLE, &table, e) < 0)
		return -1;
	if (run_view_line(s->export, t->done_place, REC_DONE, &done, e) < 0) {
		record_release(&table);
		return -1;
	}
	rc = name_table(s, t, stored, &table.u.table, &done.u.done, e);
	record_release(&table);
	record_release(&done);
	return rc;
}

/* All manifests of tables are stored before the first of them is named. */
static int
seal_tables(struct sealing *s, struct err *e)
{
	struct run_view *v = &s->push->view;
	struct table_stored *stored = mem_array(v->ntables, sizeof(*stored));
	int rc = manifests_store(s->push, s->export, stored, e);

	for (size_t i = 0; rc == 0 && i < v->ntables; i++)
		if (stored[i].is_stored)
			rc = seal_table(s, &v->tables[i], &stored[i], e);
	free(stored);
	return rc;
}

/* --- the root manifest ----------------------------------------------------------------------- */

static int
add_header(struct sealing *s, struct err *e)
{
	struct rec_push options = *stored_options(s->push->stored);

	if (predecessor_find(s->push, e) < 0)
		return -1;
	options.url = NULL; /* where it was pushed to is nobody's business */
	options.bases = *stored_bases(s->push->stored); /* those that are needed, of those that might have been */
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
		if (run_view_line(s->export, t->failed_place, REC_FAILED, &r, e) < 0)
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
		const struct rec_file *have = send_schema_find(s->push, &v->schema[i]);
		struct rec_file file = { 0 };
		int rc;

		if (have == NULL && send_schema(s->push, &v->schema[i], &file, e) < 0)
			return -1;
		rc = manifest_add(s->root, REC_FILE, have != NULL ? have : &file, e);
		if (rc == 0)
			rc = have != NULL ? add_sum(s, have->stored_sha256, have->key, e) : add_sum(s, file.stored_sha256, file.key, e);
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

/* Where objects are gathered before others can read them, all of the run is to be read before it is called sealed. */
static int
finish_store(struct push *p, struct err *e)
{
	char *prefix = push_key(p, "");
	int rc = store_finish(p->store, prefix, e);

	free(prefix);
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
		rc = signature_store(p, path, &hash, e);
	if (rc == 0)
		rc = claim_check(p, e);
	if (rc == 0)
		rc = send_file(p, path, MANIFEST_ROOT, &hash, e);
	if (rc == 0)
		rc = finish_store(p, e);
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

	if ((!p->put_only && tidy_run(p, e) < 0) || begin(&s, e) < 0 || add_header(&s, e) < 0 ||
	    run_view_each_but(&p->view, REC_CHUNK, add_moment, &s, e) < 0 || add_schema(&s, e) < 0)
		goto done;
	if (seal_tables(&s, e) < 0 || run_view_each_but(&p->view, REC_CHUNK, add_rest, &s, e) < 0 || add_failed(&s, e) < 0)
		goto done;
	if (store_sums(&s, e) < 0)
		goto done;
	rc = store_root(&s, e);
	if (rc == 0 && p->view.nhosts > 0)
		rc = tidy_parts(p, e);
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

int
seal_read(struct push *p, struct err *e)
{
	return run_view_read(&p->view, drop_chunk, NULL, e);
}

/* A run that is found is not signed now: what it holds was compared by its sums, not byte for byte. */
static int
compare_signer(struct push *p, struct manifest *m, struct err *e)
{
	const char *want = stored_options(p->stored)->signed_by;
	struct record r;
	bool same = want == NULL;
	int rc;

	while (!same && (rc = manifest_next(m, &r, e)) != 0) {
		if (rc < 0)
			return -1;
		same = r.type == REC_PUSH && r.u.push.signed_by != NULL && strcmp(r.u.push.signed_by, want) == 0;
		record_release(&r);
	}
	return same ? 0 : err_set(e, ERR_FAILED, "run %s is sealed in the bucket, but not signed by key %s",
	    spool_run_id(p->run), want);
}

/* Is the sealed run the one that this export wrote, all of it? */
static int
compare_found(struct push *p, struct manifest *m, struct err *e)
{
	const struct rec_end *there = manifest_totals(m), *here = &p->view.end;

	if (seal_read(p, e) < 0)
		return -1;
	/* the bytes of what other hosts stored the export never knew */
	if (p->view.ended && there->tables == here->tables && there->failed == here->failed &&
	    there->rows == here->rows && (there->plain_bytes == here->plain_bytes || p->view.nhosts > 0))
		return compare_signer(p, m, e);
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
	if (rc > 0 && (rc = compare_found(p, m, e)) == 0 && (rc = finish_store(p, e)) == 0) {
		sealed.stored_bytes = manifest_hash(m)->size;
		memcpy(sealed.stored_sha256, manifest_hash(m)->sha256, sizeof(sealed.stored_sha256));
		rc = stored_seal(p->stored, &sealed, e);
	}
	manifest_close(m);
	record_free_fields(REC_SEALED, &sealed);
	free(key);
	return rc;
}

void
seal_tell(struct push *p)
{
	char tables[FORMAT_SIZE_LEN], rows[FORMAT_SIZE_LEN], size[FORMAT_SIZE_LEN];

	log_info("run %s is sealed: %s tables, %s rows, %s of plain rows", spool_run_id(p->run),
	    format_count(p->view.end.tables, tables), format_count(p->view.end.rows, rows),
	    format_size(p->view.end.plain_bytes, size));
}
