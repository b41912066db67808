/* gp_out.c -- rows of a table straight from Greenplum's segments. */
#include "prelude.h"

#include <inttypes.h>
#include <pthread.h>

#include "chunk_writer.h"
#include "db_copy.h"
#include "db_wait.h"
#include "err.h"
#include "gp_out.h"
#include "gp_table.h"
#include "receivers.h"

/* The rows of one table on their way: the receivers' threads push them into lanes, each a writer of chunks. */
struct flow {
	const struct copyout *x;
	struct table *table;
	struct route {
		struct flow *flow;
		size_t first_lane;
		struct reception *reception;
	} *routes;                   /* one a receiver */
	size_t nroutes;
	struct chunk_writer **lanes; /* made with their first rows */
	pthread_mutex_t mutex;       /* over what follows */
	bool failed;
	struct err err;              /* why the first lane failed */
};

/* --- receiving ------------------------------------------------------------------------------- */

static void
note_error(struct flow *f, const struct err *e)
{
	pthread_mutex_lock(&f->mutex);
	if (!f->failed)
		f->err = *e;
	f->failed = true;
	pthread_mutex_unlock(&f->mutex);
}

/* reception_sink: the rows of one body. */
static int
take_body(void *ctx, unsigned lane, const char *data, size_t len, struct err *e)
{
	struct route *r = ctx;
	struct flow *f = r->flow;
	size_t i = r->first_lane + lane;

	if (f->lanes[i] == NULL)
		f->lanes[i] = chunk_writer_new(f->x->state, f->x->space, f->table, i);
	if (chunk_writer_add(f->lanes[i], data, len, e) < 0) {
		note_error(f, e);
		return -1;
	}
	progress_add(f->x->progress, 0, len);
	return 0;
}

static int
open_routes(struct flow *f, struct err *e)
{
	for (; f->nroutes < f->x->receivers->len; f->nroutes++) {
		struct route *r = &f->routes[f->nroutes];

		r->flow = f;
		r->first_lane = f->nroutes * GP_OUT_LANES;
		if (reception_open(f->x->receivers->at[f->nroutes], GP_OUT_LANES, take_body, r, &r->reception, e) < 0)
			return -1;
	}
	return 0;
}

/* Nothing is received any more; RC and E so far, or what a receiver says is wrong. */
static int
close_routes(struct flow *f, int rc, struct err *e)
{
	struct err mine;

	while (f->nroutes > 0)
		if (reception_close(f->routes[--f->nroutes].reception, NULL, &mine) < 0 && rc == 0) {
			*e = mine;
			rc = -1;
		}
	return rc;
}

/* --- SQL ------------------------------------------------------------------------------------- */

static int
create_table(struct flow *f, struct db *db, struct err *e)
{
	const char **urls = mem_array(f->nroutes, sizeof(char *));
	int rc = receivers_pin(db, RECEIVERS_RETRY_S, f->x->receivers->buffer_kb, e);

	for (size_t i = 0; i < f->nroutes; i++)
		urls[i] = reception_url(f->routes[i].reception);
	if (rc == 0)
		rc = gp_table_create(db, &f->table->rec, urls, f->nroutes, e);
	free(urls);
	return rc;
}

static int
insert_rows(struct flow *f, struct db *db, uint64_t *sent, struct err *e)
{
	int rc = gp_table_insert(db, &f->table->rec, sent, e);

	/* what a lane says is the cause of what the segments say */
	if (rc < 0 && f->failed)
		*e = f->err;
	return rc;
}

/* --- the whole ------------------------------------------------------------------------------- */

/* Close every lane; *DONE gets the sums. */
static int
finish_lanes(struct flow *f, size_t n, struct rec_done *done, struct err *e)
{
	int rc = 0;

	memset(done, 0, sizeof(*done));
	for (size_t i = 0; i < n; i++) {
		struct chunk_writer *w = f->lanes[i];
		struct rec_done part;

		f->lanes[i] = NULL;
		if (w == NULL)
			continue;
		if (rc < 0) {
			chunk_writer_abort(w);
			continue;
		}
		if ((rc = chunk_writer_finish(w, &part, e)) == 0)
			attempt_sum(done, &part);
	}
	return rc;
}

int
gp_out_rows(const struct copyout *x, struct db *db, struct table *t, struct rec_done *done, struct err *e)
{
	size_t nlanes = x->receivers->len * GP_OUT_LANES;
	struct flow f = {
		.x = x, .table = t, .routes = mem_array(x->receivers->len, sizeof(struct route)),
		.lanes = mem_array(nlanes, sizeof(struct chunk_writer *)),
	};
	uint64_t sent = 0;
	int rc;

	pthread_mutex_init(&f.mutex, NULL);
	rc = open_routes(&f, e);
	if (rc == 0)
		rc = create_table(&f, db, e);
	if (rc == 0)
		rc = insert_rows(&f, db, &sent, e);
	rc = close_routes(&f, rc, e);
	if (rc == 0)
		rc = finish_lanes(&f, nlanes, done, e);
	for (size_t i = 0; i < nlanes; i++)
		chunk_writer_abort(f.lanes[i]);
	if (rc == 0 && done->rows != sent)
		rc = err_set(e, ERR_DIFFERS, "the segments sent %" PRIu64 " rows, %" PRIu64 " arrived", sent, done->rows);
	if (rc == 0)
		progress_add(x->progress, done->rows, 0);
	free(f.lanes);
	free(f.routes);
	pthread_mutex_destroy(&f.mutex);
	return rc;
}
