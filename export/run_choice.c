/* run_choice.c -- which run an export works on. */
#include "prelude.h"

#include "err.h"
#include "log.h"
#include "opt.h"
#include "run_choice.h"
#include "selection.h"
#include "source.h"

#define BATCH_CHUNKS 1000

/* What this export would write as its run record. */
static int
wanted_header(const struct opts *opts, struct rec_run *out, struct err *e)
{
	struct db *db;
	int rc;

	if (source_connect(opts, NULL, "start", &db, e) < 0)
		return -1;
	rc = source_identify(db, out, e);
	db_close(db);
	out->chunk_size = opt_u64(opts, OPT_ID_chunk_size);
	out->batch_size = opt_u64(opts, OPT_ID_batch_size);
	out->batch_chunks = BATCH_CHUNKS;
	out->selection = selection_json(opts);
	if (rc == 0 && (out->chunk_size < 4096 || out->chunk_size > (uint64_t)1 << 30))
		rc = err_set(e, ERR_USAGE, "--chunk-size is from 4KB to 1GB");
	if (rc == 0 && out->batch_size < out->chunk_size)
		rc = err_set(e, ERR_USAGE, "--batch-size is at least --chunk-size");
	return rc;
}

/* The same source, and the same bytes to come? */
static bool
same_run(const struct rec_run *a, const struct rec_run *b)
{
	return strcmp(a->source_id, b->source_id) == 0 && strcmp(a->database, b->database) == 0 &&
	    strcmp(a->digest, b->digest) == 0 && a->chunk_size == b->chunk_size &&
	    a->batch_size == b->batch_size && a->batch_chunks == b->batch_chunks &&
	    json_equal(a->settings, b->settings) && json_equal(a->selection, b->selection);
}

/* Can run ID go on?  One without a run record is what a process left that died at its very start: the
 * spool's lock, which is held now, was held then.  It goes on as well. */
static int
can_go_on(struct spool *spool, const char *id, const struct rec_run *wanted, struct err *e)
{
	struct rec_run header;
	bool ended;
	int rc = state_peek(spool, id, &header, &ended, e);

	if (rc < 0) {
		log_warning("run %s cannot go on: %s", id, e->text);
		return 0;
	}
	if (rc == 0)
		return 1;
	rc = !ended && same_run(&header, wanted);
	record_free_fields(REC_RUN, &header);
	return rc;
}

/* The newest run that can go on into ID; 1, 0 none, -1. */
static int
find_unfinished(struct spool *spool, const struct rec_run *wanted, spool_id id, struct err *e)
{
	spool_id *ids;
	size_t n;
	int rc = 0;

	if (spool_runs(spool, &ids, &n, e) < 0)
		return -1;
	while (rc == 0 && n-- > 0) {
		rc = can_go_on(spool, ids[n], wanted, e);
		if (rc > 0)
			memcpy(id, ids[n], sizeof(spool_id));
	}
	free(ids);
	return rc;
}

/* The run ID, from its run record on. */
static int
start(struct spool *spool, const char *id, struct rec_run *header, struct state **out, struct err *e)
{
	if (state_open(spool, id, true, out, e) < 0)
		return -1;
	if ((*out)->has_header) {
		log_info("run %s goes on", id);
		return 0;
	}
	if (journal_append((*out)->journal, REC_RUN, header, NULL, e) < 0) {
		state_close(*out);
		*out = NULL;
		return -1;
	}
	(*out)->header = *header;
	(*out)->has_header = true;
	memset(header, 0, sizeof(*header));
	log_info("run %s starts", id);
	return 0;
}

int
run_choose(const struct opts *opts, struct spool *spool, struct state **out, struct err *e)
{
	struct rec_run header = { 0 };
	spool_id id;
	int rc = wanted_header(opts, &header, e);

	if (rc == 0 && (rc = spool_lock(spool, e)) == 0) {
		if (!opt_flag(opts, OPT_ID_new_run))
			rc = find_unfinished(spool, &header, id, e);
		if (rc == 0)
			rc = runid_new(id, e);
		if (rc >= 0)
			rc = start(spool, id, &header, out, e);
		spool_unlock(spool);
	}
	record_free_fields(REC_RUN, &header);
	return rc;
}
