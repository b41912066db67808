/* push_options.c -- what the options say of how runs are stored, and what was said when a run's push began. */
#include "prelude.h"

#include "encryption.h"
#include "err.h"
#include "log.h"
#include "opt.h"
#include "push_options.h"
#include "sign.h"
#include "signature.h"
#include "store_opts.h"
#include "target.h"

/* --- as they are given now ------------------------------------------------------------------- */

/* --for and --compress, as they are given now. */
static int
choose_target(const struct opts *opts, const struct target **target, struct compression *how, struct err *e)
{
	const char *compress = opt_is_set(opts, OPT_ID_compress) ? opt_string(opts, OPT_ID_compress) : NULL;

	return target_choose(opt_string(opts, OPT_ID_for), compress, opt_string(opts, OPT_ID_encrypt_key) != NULL, target, how, e);
}

int
push_options_check(const struct opts *opts, struct push *p, struct err *e)
{
	const char *after_put = opt_string(opts, OPT_ID_after_put);
	const struct target *target;

	if (opt_require(opts, OPT_ID_spool, e) < 0 || opt_require(opts, OPT_ID_to, e) < 0)
		return -1;
	if (p->jobs < 1 || p->jobs > 256)
		return err_set(e, ERR_USAGE, "--jobs is from 1 to 256");
	if (strcmp(after_put, "head") != 0 && strcmp(after_put, "response") != 0)
		return err_set(e, ERR_USAGE, "--after-put is head or response, not '%s'", after_put);
	p->put_only = opt_flag(opts, OPT_ID_put_only);
	p->write_once = opt_flag(opts, OPT_ID_write_once);
	p->trust_response = p->put_only || strcmp(after_put, "response") == 0;
	if (opt_string(opts, OPT_ID_base) != NULL && (p->put_only || p->part != NULL || opt_flag(opts, OPT_ID_seal)))
		return err_set(e, ERR_USAGE, "--base reads the bucket, and knows no rows of other hosts: not with --put-only, --host-part or --seal");
	if (p->put_only && p->write_once)
		return err_set(e, ERR_USAGE, "--put-only and --write-once exclude each other: what is there has to be read");
	if ((p->put_only || p->write_once) && (p->part != NULL || opt_flag(opts, OPT_ID_seal)))
		return err_set(e, ERR_USAGE, "--host-part and --seal read and replace parts in the bucket; neither --put-only nor --write-once goes with them");
	if (store_is_carried(opt_string(opts, OPT_ID_to)) && (p->part != NULL || opt_flag(opts, OPT_ID_seal)))
		return err_set(e, ERR_USAGE, "--host-part and --seal need a place that all hosts reach, and volumes are written by one");
	if (opt_flag(opts, OPT_ID_seal) && (p->part != NULL || opt_flag(opts, OPT_ID_follow)))
		return err_set(e, ERR_USAGE, "--seal goes with neither --host-part nor --follow");
	return choose_target(opts, &target, &p->how, e) < 0 ? -1 : allowance_new(opts, &p->allowance, e);
}

/* --- pinned -------------------------------------------------------------------------------- */

/* The run record, which the export writes before all else: a push beside it may come a moment too early. */
static int
read_header(struct push *p, struct rec_run *out, struct err *e)
{
	int rc;

	while ((rc = journal_first(p->view.path, VIEW_FORMAT, spool_run_id(p->run), REC_RUN, out, e)) == 0) {
		if (p->patience == NULL)
			return err_set(e, ERR_UNFINISHED, "run %s has only just begun", spool_run_id(p->run));
		if (allowance_begin(p->allowance, e) < 0 || patience_wait(p->patience, "the run's first line", e) < 0)
			return -1;
	}
	return rc < 0 ? -1 : 0;
}

/* OWN: the base is not this push's choice, but the export's. */
static int
refuse_base(const char *own, struct err *e, const char *why)
{
	err_set(e, ERR_USAGE, "%s", why);
	return own == NULL ? -1 : err_hint(e, "the export left tables to run %s: push without that option, or export again without --base (gpm-export --new-run)", own);
}

/* The export left tables to an earlier run: that one is the base, and this one is stored as it was, for readers that take it. */
static int
check_own_base(const struct push *p, const struct rec_push *options, const char *base, const char *wanted, struct err *e)
{
	const struct rec_push *there = base_push(p->base);

	if (wanted != NULL && strcmp(wanted, "latest") != 0 && strcmp(wanted, base) != 0)
		return err_set(e, ERR_USAGE, "run %s has tables that are in run %s, which therefore is its --base, not '%.60s'", spool_run_id(p->run), base, wanted);
	if (strcmp(there->target, options->target) == 0 && strcmp(there->compression, options->compression) == 0)
		return 0;
	err_set(e, ERR_USAGE, "run %s has tables that are in run %s, which was stored with --for %s --compress %s, not --for %s --compress %s",
	    spool_run_id(p->run), base, there->target, there->compression, options->target, options->compression);
	return err_hint(e, "give the same options, or export again without --base (gpm-export --new-run)");
}

/* --base, and what gpm-export's was: OPTIONS name the runs whose objects may be named. */
static int
choose_base(struct push *p, const struct rec_run *header, const struct opts *opts, struct rec_push *options, struct err *e)
{
	const char *wanted = opt_string(opts, OPT_ID_base), *own = header->base;
	int rc;

	if (wanted == NULL && own == NULL)
		return 0;
	if (p->master_key != NULL)
		return refuse_base(own, e, "--base: each object of an encrypted run is bound to its run, and none is another's");
	if (strcmp(options->target, "any") != 0 && strcmp(options->target, "gpfdist") != 0)
		return refuse_base(own, e, "--base goes with --for any and gpfdist: other readers take the folders of one run");
	if (p->put_only)
		return err_set(e, ERR_USAGE, "run %s has tables that are in run %s, which has to be read: not with --put-only", spool_run_id(p->run), own);
	if ((rc = base_choose(p->store, own != NULL ? own : wanted, header, spool_run_id(p->run), &p->base, e)) < 0)
		return -1;
	if (own != NULL && check_own_base(p, options, own, wanted, e) < 0)
		return -1;
	if (rc == 0)
		log_info("run %s is the first of its database here: everything is stored", spool_run_id(p->run));
	else
		base_runs(p->base, &options->bases);
	return 0;
}

/* A push that goes on has the base that it began with. */
static int
reopen_base(struct push *p, const struct rec_run *header, const struct rec_push *pinned, const struct opts *opts, struct err *e)
{
	const char *wanted = opt_string(opts, OPT_ID_base);

	if (pinned->bases.len == 0) {
		if (wanted != NULL && strcmp(wanted, "latest") != 0)
			log_warning("run %s goes on without --base, as it began", spool_run_id(p->run));
		return 0;
	}
	if (base_open(p->store, pinned->bases.at[0], &p->base, e) == 0)
		return 0;
	if (e->code != ERR_NO_RUN || header->base != NULL)
		return -1;
	/* what was named before is looked for when the run is sealed */
	log_warning("run %s, whose objects run %s was to name, is not there any more: what is not stored yet is stored", pinned->bases.at[0],
	    spool_run_id(p->run));
	return 0;
}

/* For the first time: OPTIONS are what is given now. */
static int
pin(struct push *p, const struct rec_run *header, const struct target *target, const struct opts *opts, struct rec_push *options, struct err *e)
{
	target_describe(target, options);
	options->compression = mem_printf(p->how.level > 0 ? "%s:%d" : "%s", p->how.name, p->how.level);
	encryption_describe(p, options);
	options->signed_by = p->sign_key != NULL ? mem_str(sign_key_name(p->sign_key)) : NULL;
	options->url = mem_str(opt_string(opts, OPT_ID_to));
	return choose_base(p, header, opts, options, e) < 0 ? -1 : stored_pin(p->stored, options, e);
}

/* It was pinned before; WANTED is the compression that is given now. */
static int
go_on(struct push *p, const struct rec_run *header, const struct compression *wanted, const struct opts *opts, struct err *e)
{
	const struct rec_push *pinned = stored_options(p->stored);

	if (compression_parse(pinned->compression, &p->how, e) < 0 || signature_check_pinned(p, e) < 0 || encryption_check_pinned(p, e) < 0)
		return -1;
	if (opt_is_set(opts, OPT_ID_for) && strcmp(pinned->target, opt_string(opts, OPT_ID_for)) != 0)
		log_warning("run %s goes on with --for %s, as it began", spool_run_id(p->run), pinned->target);
	if (opt_is_set(opts, OPT_ID_compress) && (wanted->level != p->how.level || strcmp(wanted->name, p->how.name) != 0))
		log_warning("run %s goes on with --compress %s, as it began", spool_run_id(p->run), pinned->compression);
	return reopen_base(p, header, pinned, opts, e);
}

int
push_options_pin(struct push *p, const struct opts *opts, struct err *e)
{
	const struct target *target;
	struct compression wanted;
	struct rec_push options = { 0 };
	struct rec_run header = { 0 };
	int rc;

	if (choose_target(opts, &target, &wanted, e) < 0 || read_header(p, &header, e) < 0)
		return -1;
	if (stored_options(p->stored) == NULL) {
		p->how = wanted; /* another run may have had its own */
		rc = pin(p, &header, target, opts, &options, e);
	} else {
		rc = go_on(p, &header, &wanted, opts, e);
	}
	record_free_fields(REC_PUSH, &options);
	record_free_fields(REC_RUN, &header);
	return rc;
}
