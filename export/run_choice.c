/* run_choice.c -- which run an export works on. */
#include "prelude.h"

#include "err.h"
#include "log.h"
#include "opt.h"
#include "run_choice.h"
#include "selection.h"
#include "source.h"
#include "unchanged.h"

#define BATCH_CHUNKS 1000

int
run_shape(const struct opts *opts, struct rec_run *out, struct err *e)
{
	out->chunk_size = opt_u64(opts, OPT_ID_chunk_size);
	out->batch_size = opt_u64(opts, OPT_ID_batch_size);
	out->batch_chunks = BATCH_CHUNKS;
	out->selection = selection_json(opts);
	if (out->chunk_size < 4096 || out->chunk_size > (uint64_t)1 << 30)
		return err_set(e, ERR_USAGE, "--chunk-size is from 4KB to 1GB");
	if (out->batch_size < out->chunk_size)
		return err_set(e, ERR_USAGE, "--batch-size is at least --chunk-size");
	return 0;
}

bool
run_same_shape(const struct rec_run *a, const struct rec_run *b)
{
	return strcmp(a->digest, b->digest) == 0 && a->chunk_size == b->chunk_size && a->batch_size == b->batch_size &&
	    a->batch_chunks == b->batch_chunks && json_equal(a->selection, b->selection);
}

/* What this export would write as its run record. */
static int
wanted_header(const struct opts *opts, const char *group, struct rec_run *out, struct err *e)
{
	struct db *db;
	int rc;

	if (source_connect(opts, NULL, "start", &db, e) < 0)
		return -1;
	rc = source_identify(db, out, e);
	db_close(db);
	out->group = mem_str(group);
	return rc < 0 ? -1 : run_shape(opts, out, e);
}

static bool
same_group(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* The same source, and the same bytes to come? */
static bool
same_run(const struct rec_run *a, const struct rec_run *b)
{
	return strcmp(a->source_id, b->source_id) == 0 && strcmp(a->database, b->database) == 0 && same_group(a->group, b->group) &&
	    run_same_shape(a, b) && json_equal(a->settings, b->settings);
}

/* Can run ID go on?  One without a run record is what a process left that died at its very start: the
 * spool's lock, which is held now, was held then.  It goes on as well. */
static int
can_go_on(struct spool *spool, const char *id, const struct rec_run *wanted, struct err *e)
{
	struct rec_run header;
	bool ended;
	uint64_t failed;
	int rc = state_peek(spool, id, &header, &ended, &failed, e);

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

/* An id behind those of all runs of the spool: the newest is what --follow takes. */
static int
new_id(struct spool *spool, spool_id id, struct err *e)
{
	spool_id *ids;
	size_t n;
	int rc;

	if (spool_runs(spool, &ids, &n, e) < 0)
		return -1;
	rc = runid_new(n > 0 ? ids[n - 1] : NULL, id, e);
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
run_choose(const struct opts *opts, const char *group, struct spool *spool, struct state **out, struct err *e)
{
	struct rec_run header = { 0 };
	spool_id id;
	int rc = wanted_header(opts, group, &header, e);

	if (rc == 0 && (rc = spool_lock(spool, e)) == 0) {
		/* what was frozen and let go may have been written to */
		if (!opt_flag(opts, OPT_ID_new_run) && !opt_flag(opts, OPT_ID_freeze))
			rc = find_unfinished(spool, &header, id, e);
		if (rc == 0)
			rc = unchanged_choose(opts, spool, &header, e) < 0 ? -1 : new_id(spool, id, e);
		if (rc >= 0)
			rc = start(spool, id, &header, out, e);
		spool_unlock(spool);
	}
	record_free_fields(REC_RUN, &header);
	return rc;
}
