/* share.c -- consecutive chunks of one batch, cut and loaded. */
#include "prelude.h"

#include <inttypes.h>

#include "err.h"
#include "ledger.h"
#include "log.h"
#include "share.h"
#include "stop.h"

#define TRIES 3 /* at a share whose method says that another one may do */

/* --- cutting --------------------------------------------------------------------------------- */

static struct share *
new_share(struct run_table *t)
{
	struct share *s = mem_alloc(sizeof(*s));

	s->table = run_table_share(t);
	return s;
}

void
share_free(struct share *s)
{
	for (size_t i = 0; i < s->n; i++)
		record_free_fields(REC_CHUNK, &s->chunks[i]);
	free(s->chunks);
	run_table_close(s->table);
	free(s);
}

static void
add_chunk(struct share *s, const struct rec_chunk *c)
{
	s->chunks = mem_grow(s->chunks, (s->n + 1) * sizeof(*s->chunks));
	s->chunks[s->n++] = *c;
	s->rows += c->rows;
	s->bytes += c->plain_bytes;
}

/* A share is put when the chunk after it is known: only that tells whether it is the last of its batch. */
int
share_cut(struct run_table *t, uint64_t size, share_put_fn *put, void *ctx, struct err *e)
{
	struct share *s = NULL;
	struct rec_chunk c;
	int rc;

	while ((rc = run_table_chunk(t, &c, e)) > 0) {
		if (s != NULL && (s->bytes >= size || s->chunks[0].batch != c.batch)) {
			s->last = s->chunks[0].batch != c.batch;
			rc = put(ctx, s, e);
			s = NULL;
		}
		if (rc < 0) {
			record_free_fields(REC_CHUNK, &c);
			return -1;
		}
		if (s == NULL)
			s = new_share(t);
		add_chunk(s, &c);
	}
	if (s == NULL)
		return rc;
	if (rc < 0) {
		share_free(s);
		return -1;
	}
	s->last = true;
	return put(ctx, s, e);
}

/* --- loading --------------------------------------------------------------------------------- */

static int
load_once(struct loader *l, const struct method *method, const struct share *s, const struct rec_chunk **left, struct err *e)
{
	const struct rec_table *t = &s->table->table;
	size_t n;
	int rc = ledger_begin_share(l->db, l->run->id, t, s->chunks, s->n, s->last, left, &n, e);

	if (rc == 0 && n > 0 && n < s->n && method->whole) {
		rc = err_set(e, ERR_DATABASE, "batch %" PRIu64 " was loaded in part, and --method %s reads whole batches",
		    s->chunks[0].batch, method->name);
		err_hint(e, "go on with --method copy");
	}
	if (rc == 0 && n > 0) {
		rc = method->put(l, t, left, n, e);
		if (rc == 0)
			rc = ledger_commit(l->db, e);
	}
	if (rc < 0 && !ledger_roll_back(l->db, e))
		l->again = false;
	return rc;
}

int
share_load(struct loader *l, const struct method *method, const struct share *s, struct err *e)
{
	const struct rec_chunk **left = mem_array(s->n, sizeof(*left));
	struct err stopped;
	int rc, tries = 0;

	do {
		if (tries > 0)
			log_warning("%s.%s is tried again: %s", s->table->table.schema, s->table->table.name, e->text);
		l->again = false;
		rc = load_once(l, method, s, left, e);
	} while (rc < 0 && l->again && ++tries < TRIES && stop_check(&stopped) == 0);
	free(left);
	return rc;
}
