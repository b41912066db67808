/* part.c -- what each of several hosts says of its share of a run. */
#include "prelude.h"

#include "err.h"
#include "manifest.h"
#include "part.h"
#include "piece.h"
#include "predecessor.h"
#include "send.h"

#define PART_NAME "part.jsonl" /* in the spool, until it is stored */

struct part {
	struct push *push;
	struct manifest_writer *w;
	struct rec_end sums; /* of the chunk lines */
};

/* --- writing --------------------------------------------------------------------------------- */

static int
begin(struct part *part, struct err *e)
{
	struct push *p = part->push;
	struct rec_push options = *stored_options(p->stored);
	char *path = spool_run_path(p->run, PART_NAME);
	int rc = manifest_begin(path, PART_FORMAT, spool_run_id(p->run), &part->w, e);

	free(path);
	options.url = NULL; /* as in the root manifest */
	return rc < 0 ? -1 : manifest_add(part->w, REC_PUSH, &options, e);
}

/* The chunks of attempts that count. */
static int
add_chunks(struct part *part, struct err *e)
{
	struct push *p = part->push;

	for (uint64_t number = 1; number <= p->view.ntables; number++) {
		uint64_t attempt = p->view.tables[number - 1].attempt;
		const struct stored_list *list = stored_list(p->stored, number, attempt);

		for (size_t i = 0; i < stored_len(list) && run_view_counts(&p->view, number, attempt); i++) {
			struct rec_chunk c;
			int rc;

			if (stored_read(p->stored, list, i, &c, e) < 0)
				return -1;
			part->sums.chunks++;
			part->sums.rows += c.rows;
			part->sums.plain_bytes += c.plain_bytes;
			part->sums.stored_bytes += c.stored_bytes;
			rc = manifest_add(part->w, REC_CHUNK, &c, e);
			record_free_fields(REC_CHUNK, &c);
			if (rc < 0)
				return -1;
		}
	}
	return 0;
}

/* The last line, and into the bucket under KEY. */
static int
end(struct part *part, const char *key, struct err *e)
{
	struct push *p = part->push;
	struct manifest_writer *w = part->w;
	char *path = spool_run_path(p->run, PART_NAME);
	struct file_hash hash;
	int rc;

	part->w = NULL;
	rc = manifest_end(w, &part->sums, &hash, e);
	if (rc == 0)
		rc = send_file(p, path, key, &hash, e);
	if (rc == 0)
		rc = spool_run_remove(p->run, PART_NAME, e);
	free(path);
	return rc;
}

/* --- the export's part ----------------------------------------------------------------------- */

/* The schema as it is now, unless it is stored so already. */
static int
store_schema(struct push *p, struct err *e)
{
	for (size_t i = 0; i < p->view.nschema; i++) {
		const struct rec_file *have;
		struct rec_file file;
		int rc;

		if ((have = send_schema_find(p, &p->view.schema[i])) != NULL)
			continue;
		if (send_schema(p, &p->view.schema[i], &file, e) < 0)
			return -1;
		rc = stored_add_file(p->stored, &file, e);
		record_free_fields(REC_FILE, &file);
		if (rc < 0)
			return -1;
	}
	return 0;
}

static int
add_journal_line(void *ctx, struct record *r, struct journal_place place, struct err *e)
{
	struct part *part = ctx;

	(void)place;
	if (r->type == REC_RUN) /* with the run that it follows: this host knows it, wherever it is sealed */
		return manifest_add(part->w, REC_RUN, &part->push->view.header, e);
	/* the chunk lines are those of what is stored; an end that came just now is for the next time */
	if (r->type == REC_CHUNK || (r->type == REC_END && !part->push->view.ended))
		return 0;
	return manifest_add(part->w, r->type, &r->u, e);
}

static int
add_schema(struct part *part, struct err *e)
{
	struct push *p = part->push;

	for (size_t i = 0; i < p->view.nschema; i++) {
		const struct rec_file *have = send_schema_find(p, &p->view.schema[i]);

		if (have != NULL && manifest_add(part->w, REC_FILE, have, e) < 0)
			return -1;
	}
	return 0;
}

int
part_store_export(struct push *p, struct err *e)
{
	struct part part = { .push = p };
	char *key = part_key(PART_EXPORT);
	int rc = -1;

	if (predecessor_find(p, e) == 0 && store_schema(p, e) == 0 && begin(&part, e) == 0 && run_view_each(&p->view, add_journal_line, &part, e) == 0 &&
	    add_schema(&part, e) == 0 && add_chunks(&part, e) == 0)
		rc = end(&part, key, e);
	manifest_abort(part.w);
	free(key);
	return rc;
}

/* --- a host's -------------------------------------------------------------------------------- */

int
part_store_host(struct push *p, const struct rec_piece *extra, size_t nextra, struct err *e)
{
	struct part part = { .push = p };
	const struct rec_piece *piece;
	char *key = part_key(p->part);
	int rc = begin(&part, e);

	if (rc == 0)
		rc = add_chunks(&part, e);
	for (size_t i = 0; rc == 0 && (piece = stored_piece(p->stored, i)) != NULL; i++)
		if (run_view_counts(&p->view, piece->table, piece->attempt))
			rc = manifest_add(part.w, REC_PIECE, piece, e);
	for (size_t i = 0; rc == 0 && i < nextra; i++)
		rc = manifest_add(part.w, REC_PIECE, &extra[i], e);
	if (rc == 0)
		rc = end(&part, key, e);
	manifest_abort(part.w);
	free(key);
	return rc;
}

/* --- reading --------------------------------------------------------------------------------- */

int
part_fetch_export(struct push *p, struct manifest **out, struct err *e)
{
	char *name = part_key(PART_EXPORT), *key = push_key(p, name);
	int rc = manifest_fetch(p->store, key, PART_FORMAT, spool_run_id(p->run), NULL, out, e);

	free(key);
	free(name);
	return rc;
}

bool
part_is_stored(const struct record *r)
{
	static const unsigned char none[sizeof(r->u.file.stored_sha256)];

	return r->type == REC_PUSH || r->type == REC_CHUNK || r->type == REC_PIECE ||
	    (r->type == REC_FILE && memcmp(r->u.file.stored_sha256, none, sizeof(none)) != 0);
}

static int
no_chunk(void *ctx, struct rec_chunk *rec, struct err *e)
{
	(void)ctx;
	(void)rec;
	return err_set(e, ERR_SYSTEM, "a chunk line among the export's"); /* never: part_is_stored */
}

int
part_read_export(struct manifest *m, struct run_view *v, struct rec_push *push, struct err *e)
{
	const struct journal_place nowhere = { 0, 0 };
	struct record r;
	int rc;

	memset(push, 0, sizeof(*push));
	manifest_rewind(m);
	while ((rc = manifest_next(m, &r, e)) > 0) {
		if (r.type == REC_PUSH) {
			record_free_fields(REC_PUSH, push);
			record_take(&r, push);
		} else if (!part_is_stored(&r)) {
			rc = run_view_see(v, &r, nowhere, no_chunk, NULL, e);
		}
		record_release(&r);
		if (rc < 0)
			break;
	}
	if (rc == 0 && (push->compression == NULL || !v->has_header))
		rc = err_set(e, ERR_DIFFERS, "the part of gpm-export does not say what the run is");
	if (rc < 0)
		record_free_fields(REC_PUSH, push);
	return rc < 0 ? -1 : 0;
}
