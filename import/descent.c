/* descent.c -- is a run newer than what was loaded here, and does it follow it?
 *
 * A bucket that shows an old state of itself is a way to bring old rows back: every run in it is good, signed and sealed.
 * What was loaded here is known from gpm.steps, a step "manifest <sha256> <source>" for each run. */
#include "prelude.h"

#include "descent.h"
#include "err.h"
#include "ledger.h"
#include "log.h"
#include "opt.h"
#include "parse.h"

#define STEP_BEGIN "manifest "

struct loaded {               /* the newest other run of the same source that was loaded here */
	char id[RUNID_LEN + 1];
	char sha256[65];
};

static char *
step_of(const struct run *run)
{
	char hex[65];

	return mem_printf(STEP_BEGIN "%s %s", format_hex(manifest_hash(run->root)->sha256, 32, hex), run->header.source_id);
}

/* The hash of a step of that SOURCE; false for any other. */
static bool
read_step(const char *step, const char *source, char sha256[65])
{
	size_t begin = strlen(STEP_BEGIN);

	if (strlen(step) < begin + 65 || step[begin + 64] != ' ' || strcmp(step + begin + 65, source) != 0)
		return false;
	memcpy(sha256, step + begin, 64);
	sha256[64] = '\0';
	return true;
}

/* The steps of all runs: *OWN is whether RUN was noted before. */
static int
read_steps(struct db *db, const struct run *run, bool *own, struct loaded *newest, struct err *e)
{
	char *step = step_of(run);
	PGresult *res;
	int rc = 0;

	if (db_query(db, "SELECT run, step FROM gpm.steps WHERE step LIKE '" STEP_BEGIN "%'", 0, NULL, &res, e) < 0) {
		free(step);
		return -1;
	}
	for (int i = 0; rc == 0 && i < PQntuples(res); i++) {
		const char *id = PQgetvalue(res, i, 0), *noted = PQgetvalue(res, i, 1);
		struct loaded other;

		if (strcmp(id, run->id) == 0) {
			*own = true;
			if (strcmp(noted, step) != 0) {
				err_set(e, ERR_DIFFERS, "run %s was begun here with another root manifest than the bucket holds now",
				    run->id);
				rc = err_hint(e, "somebody replaced the run; what was loaded of it is of the old one");
			}
		} else if (runid_valid(id) && read_step(noted, run->header.source_id, other.sha256) &&
		    strcmp(id, newest->id) > 0) {
			memcpy(other.id, id, sizeof(other.id));
			*newest = other;
		}
	}
	PQclear(res);
	free(step);
	return rc;
}

/* RUN is older than what was loaded. */
static int
settle_older(const struct opts *opts, const struct run *run, const struct loaded *newest, struct err *e)
{
	const char *named = opt_string(opts, OPT_ID_run);

	if (named != NULL && strcmp(named, "latest") != 0) {
		log_warning("run %s is older than run %s, which was loaded here", run->id, newest->id);
		return 0;
	}
	err_set(e, ERR_DIFFERS, "the newest run of the bucket, %s, is older than run %s, which was loaded here", run->id,
	    newest->id);
	return err_hint(e, "somebody took a run away, or the bucket shows an old state; --run %s says that the old rows are wanted",
	    run->id);
}

/* What RUN says that it follows, if that is the one that was loaded: 1; 0 it is another; -1 under another hash. */
static int
is_child(const struct rec_run *header, const char *id, const struct loaded *newest, struct err *e)
{
	if (strcmp(header->predecessor, newest->id) != 0)
		return 0;
	if (header->predecessor_sha256 != NULL && strcmp(header->predecessor_sha256, newest->sha256) == 0)
		return 1;
	return err_set(e, ERR_DIFFERS, "run %s follows a run %s of another root manifest than the one that was loaded here", id,
	    newest->id);
}

/* The run that CHILD says that it follows, still in the bucket and still the same; NULL: the way ends here. */
static struct run *
open_parent(const struct run *child)
{
	struct run *parent;
	struct err e;
	char hex[65];

	if (run_open(child->store, child->header.predecessor, &parent, &e) < 0) {
		log_debug("run %s, which %s follows: %s", child->header.predecessor, child->id, e.text);
		return NULL;
	}
	if (child->header.predecessor_sha256 != NULL &&
	    strcmp(child->header.predecessor_sha256, format_hex(manifest_hash(parent->root)->sha256, 32, hex)) == 0)
		return parent;
	log_warning("run %s follows a run %s of another root manifest than the one in the bucket", child->id, parent->id);
	run_close(parent);
	return NULL;
}

/* From parent to parent, each older than the one before, until the one that was loaded. */
static int
walk(struct run *run, const struct loaded *newest, struct err *e)
{
	struct run *at = run, *parent;
	int rc = 0;

	while (at->header.predecessor != NULL && strcmp(at->header.predecessor, at->id) < 0 &&
	    strcmp(at->header.predecessor, newest->id) >= 0 && (rc = is_child(&at->header, at->id, newest, e)) == 0 &&
	    (parent = open_parent(at)) != NULL) {
		if (at != run)
			run_close(at);
		at = parent;
	}
	if (at != run)
		run_close(at);
	return rc;
}

static int
settle_newer(struct run *run, const struct loaded *newest, struct err *e)
{
	int rc;

	if (run->header.predecessor == NULL) {
		log_info("run %s does not say which run it follows; %s was loaded here", run->id, newest->id);
		return 0;
	}
	if ((rc = walk(run, newest, e)) == 0)
		log_warning("run %s does not descend from run %s, which was loaded here: it says that it follows %.40s", run->id,
		    newest->id, run->header.predecessor);
	return rc < 0 ? -1 : 0;
}

int
descent_check(const struct opts *opts, struct run *run, struct db *db, struct err *e)
{
	struct loaded newest = { "", "" };
	bool own = false;
	char *step;
	int rc;

	if (read_steps(db, run, &own, &newest, e) < 0)
		return -1;
	if (newest.id[0] != '\0' && (strcmp(newest.id, run->id) > 0 ? settle_older(opts, run, &newest, e) :
	    settle_newer(run, &newest, e)) < 0)
		return -1;
	if (own)
		return 0;
	step = step_of(run);
	rc = ledger_add_step(db, run->id, step, e);
	free(step);
	return rc;
}
