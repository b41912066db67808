/* gather.c -- the parts of a run, joined. */
#include "prelude.h"

#include <inttypes.h>

#include "err.h"
#include "gather.h"
#include "log.h"
#include "manifest.h"
#include "part.h"
#include "piece.h"
#include "send.h"

#define TELL_MAX 100 /* missing pieces that are named one by one */

/* One piece that must be there. */
struct due {
	bool found;
	struct rec_piece says;   /* its own line */
	struct rec_piece chunks; /* what its chunk lines add up to */
};

struct gathering {
	struct push *push;
	struct rec_push how;     /* how the run is stored */
	struct journal *journal; /* the push journal that is written */
	struct due **due;        /* by table - 1, in the order of its pieces; NULL: none */
	const char *host;        /* whose part is read; NULL: the export's */
	const char *key;         /* its name */
	size_t missing, wrong;
};

/* --- what is due ----------------------------------------------------------------------------- */

static bool
is_due(const struct view_table *t)
{
	return t->listed && t->is_done && t->pieces.len > 0;
}

/* The place of a piece that this host may bring; NULL. */
static struct due *
find_due(struct gathering *g, uint64_t table, uint64_t attempt, uint64_t piece)
{
	const struct view_table *t = run_view_table(&g->push->view, table);

	if (g->host == NULL || t == NULL || !is_due(t) || t->attempt != attempt || !run_view_has(&g->push->view, g->host, t, piece))
		return NULL;
	for (size_t i = 0; i < t->pieces.len; i++)
		if (t->pieces.at[i] == piece)
			return &g->due[table - 1][i];
	return NULL;
}

/* --- reading a part -------------------------------------------------------------------------- */

static int
strange(const struct gathering *g, const char *what, struct err *e)
{
	return err_set(e, ERR_DIFFERS, "'%s' holds %s", g->key, what);
}

/* Does the export's own spool bring chunks of this attempt?  One that does not count is passed over. */
static bool
is_spooled(struct gathering *g, const struct rec_chunk *c)
{
	const struct view_table *t = run_view_table(&g->push->view, c->table);

	return g->host == NULL && t != NULL && t->listed && t->is_done && t->pieces.len == 0 && t->attempt == c->attempt;
}

/* The key is a place in the bucket: it must be the one that the numbers give. */
static int
check_key(struct gathering *g, const struct rec_chunk *c, struct err *e)
{
	const struct view_table *t = run_view_table(&g->push->view, c->table);
	char *want = chunk_key(t->label, c->attempt, c->batch, c->seq, compression_suffix(&g->push->how));
	bool same = strcmp(want, c->key) == 0 && c->compression != NULL && strcmp(c->compression, g->push->how.name) == 0;

	free(want);
	if ((c->encryption != NULL) != (g->how.encryption != NULL))
		return strange(g, "a chunk that is not encrypted as the run is", e);
	return same ? 0 : strange(g, "a chunk under another name than its numbers give", e);
}

static int
take_chunk(struct gathering *g, const struct rec_chunk *c, struct err *e)
{
	struct due *due;

	if (c->batch == 0 || c->seq == 0)
		return strange(g, "a chunk without its numbers", e);
	due = find_due(g, c->table, c->attempt, piece_of_batch(c->batch));
	if (due == NULL && !is_spooled(g, c))
		return 0;
	if (check_key(g, c, e) < 0)
		return -1;
	if (due != NULL) {
		due->chunks.chunks++;
		due->chunks.rows += c->rows;
		due->chunks.plain_bytes += c->plain_bytes;
		due->chunks.digest = digest_add(due->chunks.digest, c->digest);
	}
	return journal_note(g->journal, REC_CHUNK, c, e);
}

static int
take_piece(struct gathering *g, const struct rec_piece *p, struct err *e)
{
	struct due *due = find_due(g, p->table, p->attempt, p->piece);

	if (due == NULL)
		return 0;
	if (due->found)
		return strange(g, "a piece twice", e);
	due->found = true;
	due->says = *p;
	return 0;
}

static int
take_push(struct gathering *g, struct rec_push *push, struct err *e)
{
	if (strcmp(push->compression, g->how.compression) == 0 && strcmp(push->target, g->how.target) == 0)
		return 0;
	return strange(g, "objects that are stored in another way than the export's", e);
}

static int
take_file(struct gathering *g, const struct rec_file *f, struct err *e)
{
	if (g->host != NULL || store_key_check(f->key, e) < 0)
		return strange(g, "a file that does not belong there", e);
	return journal_note(g->journal, REC_FILE, f, e);
}

static int
take(struct gathering *g, struct record *r, struct err *e)
{
	if (!part_is_stored(r)) /* the export's journal was read before */
		return g->host == NULL ? 0 : strange(g, "what only gpm-export can say", e);
	switch (r->type) {
	case REC_PUSH:
		return take_push(g, &r->u.push, e);
	case REC_CHUNK:
		return take_chunk(g, &r->u.chunk, e);
	case REC_PIECE:
		return take_piece(g, &r->u.piece, e);
	default:
		return take_file(g, &r->u.file, e);
	}
}

static int
take_all(struct gathering *g, struct manifest *m, struct err *e)
{
	struct record r;
	int rc;

	manifest_rewind(m);
	while ((rc = manifest_next(m, &r, e)) > 0) {
		rc = take(g, &r, e);
		record_release(&r);
		if (rc < 0)
			return -1;
	}
	return rc;
}

/* The part of HOST; one that is not there yet is missed piece by piece later. */
static int
read_host(struct gathering *g, const char *host, struct err *e)
{
	struct push *p = g->push;
	char *name = part_key(host), *key = push_key(p, name);
	struct manifest *m = NULL;
	int rc = manifest_fetch(p->store, key, PART_FORMAT, spool_run_id(p->run), NULL, &m, e);

	g->host = host;
	g->key = key;
	if (rc == 0)
		log_error("run %s: '%s' is not there: gpm-push --host-part '%s' was not run yet", spool_run_id(p->run), key, host);
	if (rc > 0)
		rc = take_all(g, m, e);
	manifest_close(m);
	free(key);
	free(name);
	return rc;
}

/* Is this the first line about that host, and is a piece of it due? */
static bool
is_wanted(struct run_view *v, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (strcmp(v->hosts[k].host, v->hosts[i].host) == 0)
			return false;
	for (size_t n = 0; n < v->ntables; n++) {
		const struct view_table *t = &v->tables[n];

		for (size_t k = 0; is_due(t) && k < t->pieces.len; k++)
			if (run_view_has(v, v->hosts[i].host, t, t->pieces.at[k]))
				return true;
	}
	return false;
}

static int
read_hosts(struct gathering *g, struct err *e)
{
	struct run_view *v = &g->push->view;

	for (size_t i = 0; i < v->nhosts; i++)
		if (is_wanted(v, i) && read_host(g, v->hosts[i].host, e) < 0)
			return -1;
	return 0;
}

/* --- comparing ------------------------------------------------------------------------------- */

static void
tell_missing(struct gathering *g, const struct view_table *t, uint64_t piece)
{
	const char *host = run_view_host_of(&g->push->view, t, piece);

	if (g->missing++ < TELL_MAX)
		log_error("%s: the rows of %s %" PRIu64 " are missing (host '%s')", t->label, t->by_url ? "URL" : "segment", piece,
		    host != NULL ? host : "unknown");
}

static bool
same_sums(const struct rec_piece *a, const struct rec_piece *b)
{
	return a->chunks == b->chunks && a->rows == b->rows && a->plain_bytes == b->plain_bytes &&
	    digest_equal(a->digest, b->digest);
}

/* All pieces of a table, and together as many rows as the export counted? */
static void
check_table(struct gathering *g, const struct view_table *t, const struct due *due)
{
	uint64_t rows = 0;
	bool whole = true;

	for (size_t i = 0; i < t->pieces.len; i++) {
		if (!due[i].found) {
			tell_missing(g, t, t->pieces.at[i]);
			whole = false;
		} else if (!same_sums(&due[i].says, &due[i].chunks)) {
			log_error("%s: the chunks of %s %" PRIu64 " do not add up to it", t->label, t->by_url ? "URL" : "segment",
			    t->pieces.at[i]);
			g->wrong++;
			whole = false;
		}
		rows += due[i].chunks.rows;
	}
	if (!whole || rows == t->rows)
		return;
	log_error("%s: %" PRIu64 " rows are stored, the server counted %" PRIu64 " when it wrote them", t->label, rows, t->rows);
	g->wrong++;
}

static int
check_tables(struct gathering *g, struct err *e)
{
	struct run_view *v = &g->push->view;

	for (size_t i = 0; i < v->ntables; i++)
		if (is_due(&v->tables[i]))
			check_table(g, &v->tables[i], g->due[i]);
	if (g->wrong > 0) {
		err_set(e, ERR_DIFFERS, "run %s: the rows of %zu tables or pieces do not add up; they are named above",
		    spool_run_id(g->push->run), g->wrong);
		return err_hint(e, "a file was lost or cut on its host; gpm-export --new-run takes the rows out anew");
	}
	if (g->missing == 0)
		return 0;
	err_set(e, ERR_UNFINISHED, "run %s is not complete: %zu pieces are missing", spool_run_id(g->push->run), g->missing);
	return err_hint(e, "gpm-push --host-part on the hosts named above, then --seal again");
}

/* --- the export's journal, with what only the hosts knew ------------------------------------- */

/* The sums of a finished attempt whose rows hosts brought; *BYTES grows by them. */
static void
fill_done(struct gathering *g, struct rec_done *done, uint64_t *bytes)
{
	const struct view_table *t = run_view_table(&g->push->view, done->table);

	if (!is_due(t) || t->attempt != done->attempt)
		return;
	for (size_t i = 0; i < t->pieces.len; i++) {
		const struct rec_piece *says = &g->due[done->table - 1][i].says;

		done->chunks += says->chunks;
		done->batches += says->batches;
		done->plain_bytes += says->plain_bytes;
		done->digest = digest_add(done->digest, says->digest);
	}
	*bytes += done->plain_bytes;
	free(done->pieces.at);
	memset(&done->pieces, 0, sizeof(done->pieces));
}

static int
write_journal(struct gathering *g, struct journal *j, struct manifest *m, struct err *e)
{
	struct record r;
	uint64_t bytes = 0;
	int rc;

	manifest_rewind(m);
	while ((rc = manifest_next(m, &r, e)) > 0) {
		if (r.type == REC_DONE)
			fill_done(g, &r.u.done, &bytes);
		if (r.type == REC_END)
			r.u.end.plain_bytes += bytes;
		rc = part_is_stored(&r) ? 0 : journal_note(j, r.type, &r.u, e);
		record_release(&r);
		if (rc < 0)
			return -1;
	}
	return rc;
}

/* --- the whole ------------------------------------------------------------------------------- */

static int
no_line(void *ctx, struct record *r, struct journal_place place, struct err *e)
{
	(void)ctx;
	(void)r;
	(void)place;
	return err_set(e, ERR_SYSTEM, "a journal that was to be new holds lines");
}

static int
new_journal(struct push *p, const char *name, const char *format, struct journal **out, struct err *e)
{
	char *path = spool_run_path(p->run, name);
	int rc = spool_run_remove(p->run, name, e);

	if (rc == 0)
		rc = journal_open(path, format, spool_run_id(p->run), no_line, NULL, out, e);
	free(path);
	return rc;
}

/* Everything that is stored, into the push journal. */
static int
gather_stored(struct gathering *g, struct manifest *m, struct err *e)
{
	struct push *p = g->push;
	char *name = part_key(PART_EXPORT);
	int rc = new_journal(p, STORED_JOURNAL, STORED_FORMAT, &g->journal, e);

	g->key = name;
	g->due = mem_array(p->view.ntables, sizeof(struct due *));
	for (size_t i = 0; i < p->view.ntables; i++)
		if (is_due(&p->view.tables[i]))
			g->due[i] = mem_array(p->view.tables[i].pieces.len, sizeof(struct due));
	if (rc == 0 && (rc = journal_note(g->journal, REC_PUSH, &g->how, e)) == 0 && (rc = take_all(g, m, e)) == 0)
		rc = read_hosts(g, e);
	journal_close(g->journal);
	free(name);
	return rc;
}

static int
gather_export(struct gathering *g, struct manifest *m, struct err *e)
{
	struct journal *j = NULL;
	int rc = new_journal(g->push, VIEW_JOURNAL, VIEW_FORMAT, &j, e);

	if (rc == 0)
		rc = write_journal(g, j, m, e);
	journal_close(j);
	return rc;
}

static int
gather(struct gathering *g, struct manifest *m, struct err *e)
{
	struct push *p = g->push;

	if (part_read_export(m, &p->view, &g->how, e) < 0 || compression_parse(g->how.compression, &p->how, e) < 0)
		return -1;
	if (!p->view.ended) {
		err_set(e, ERR_UNFINISHED, "run %s is not complete: gpm-export has not finished it, or gpm-push there does not know yet",
		    spool_run_id(p->run));
		return err_hint(e, "run gpm-push on the export's host after gpm-export, then --seal again");
	}
	if (gather_stored(g, m, e) < 0 || check_tables(g, e) < 0)
		return -1;
	return gather_export(g, m, e);
}

int
gather_run(struct push *p, struct err *e)
{
	struct gathering g = { .push = p };
	struct manifest *m = NULL;
	int rc = part_fetch_export(p, &m, e);

	if (rc == 0) {
		rc = err_set(e, ERR_UNFINISHED, "there is no part of run %s in the bucket", spool_run_id(p->run));
		err_hint(e, "run gpm-push on the export's host first");
	} else if (rc > 0) {
		rc = gather(&g, m, e);
	}
	for (size_t i = 0; g.due != NULL && i < p->view.ntables; i++)
		free(g.due[i]);
	free(g.due);
	record_free_fields(REC_PUSH, &g.how);
	manifest_close(m);
	return rc < 0 ? -1 : 0;
}
