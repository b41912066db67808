/* unchanged.c -- tables that nobody wrote to since an earlier run. */
#include "prelude.h"

#include "err.h"
#include "log.h"
#include "opt.h"
#include "parse.h"
#include "sealed_run.h"
#include "unchanged.h"

int
unchanged_check(const struct opts *opts, struct err *e)
{
	const char *base = opt_string(opts, OPT_ID_base), *method = opt_string(opts, OPT_ID_method);

	if (base == NULL)
		return 0;
	if (strcmp(opt_string(opts, OPT_ID_snapshot), "table") == 0)
		return err_set(e, ERR_USAGE, "--base needs one moment for all tables: --snapshot run");
	if (opt_list_len(opts, OPT_ID_receiver) > 0 || (method != NULL && strcmp(method, "copy") != 0 && strcmp(method, "gpfdist") != 0))
		return err_set(e, ERR_USAGE, "--base knows no rows of other hosts: not with --receiver, --method on-segment or gpfdist-url");
	if (opt_flag(opts, OPT_ID_all_databases) && strcmp(base, "latest") != 0)
		return err_set(e, ERR_USAGE, "--base %s is a run of one database; with --all-databases it is latest", base);
	return 0;
}

/* --- the base -------------------------------------------------------------------------------- */

/* Objects of an encrypted run are bound to it, and readers of whole folders find them in no other. */
static const char *
no_base_because(const struct sealed_run *base)
{
	if (base->push.encryption != NULL)
		return "it is encrypted, and its objects are bound to it";
	if (strcmp(base->push.target, "any") != 0 && strcmp(base->push.target, "gpfdist") != 0)
		return "its readers take whole folders";
	return NULL;
}

int
unchanged_choose(const struct opts *opts, struct spool *spool, struct rec_run *header, struct err *e)
{
	const char *wanted = opt_string(opts, OPT_ID_base), *why;
	struct sealed_run base = { .id = "" };
	bool latest;
	int found;

	if (wanted == NULL)
		return 0;
	if (strcmp(header->system, "PostgreSQL") == 0) {
		log_info("PostgreSQL does not tell which tables were written to: every table is read; gpm-push --base sends what changed");
		return 0;
	}
	latest = strcmp(wanted, "latest") == 0;
	found = latest ? sealed_run_find(spool, header, NULL, &base, e) : sealed_run_look(spool, header, wanted, &base);
	if (found == 0 && latest) {
		log_info("this spool knows of no sealed run of the database yet: every table is read");
		return 0;
	}
	if (found == 0) {
		err_set(e, ERR_NO_RUN, "--base: the spool '%s' knows of no sealed run '%.60s' of this database", spool_dir(spool), wanted);
		return err_hint(e, "gpm-push status --spool DIR shows what there is; without --base every table is read");
	}
	if (found > 0 && (why = no_base_because(&base)) != NULL) {
		err_set(e, ERR_USAGE, "run %s is no --base: %s", base.id, why);
		found = -1;
	}
	if (found > 0)
		header->base = mem_str(base.id);
	sealed_run_release(&base);
	return found < 0 ? -1 : 0;
}

/* --- what the newest moment shows ------------------------------------------------------------ */

static int
note(void *ctx, const char *schema, const char *name, const char *change, struct err *e)
{
	struct table *t = state_find(ctx, schema, name);

	(void)e; /* cannot fail */
	/* what holds no rows of its own, or gives only some of them, is none of ours */
	if (t != NULL && t->listed && t->rec.filter == NULL) {
		free(t->change);
		t->change = mem_str(change);
	}
	return 0;
}

int
unchanged_note(const struct catalog *c, struct db *db, const char *condition, struct state *state, struct err *e)
{
	return catalog_changes(c, db, condition, note, state, e);
}

/* --- what is as it was ----------------------------------------------------------------------- */

/* Would T's rows be, byte for byte but for their order, those of OLD, the base's table of its name? */
static bool
is_unchanged(const struct table *t, const struct table *old, bool measure)
{
	if (t->change == NULL || old == NULL || !old->listed || !old->is_done || old->done.change == NULL || strcmp(old->done.change, t->change) != 0)
		return false;
	/* those of other hosts add up at the seal only */
	if (old->done.pieces.len > 0 || (measure && old->done.aggregates == NULL))
		return false;
	return table_same_shape(&t->rec, &old->rec) && strcmp(t->rec.encoding, old->rec.encoding) == 0 &&
	    json_equal(t->rec.dialect, old->rec.dialect) != 0;
}

static int
take(struct state *s, struct table *t, const struct rec_done *old, struct err *e)
{
	struct rec_done done = {
		.chunks = old->chunks, .batches = old->batches, .rows = old->rows, .digest = old->digest, .plain_bytes = old->plain_bytes,
		.base_table = old->table,
	};

	if (state_begin_attempt(s, t, "base", e) < 0)
		return -1;
	done.aggregates = json_incref(old->aggregates);
	done.base = mem_str(s->header.base);
	return state_finish_attempt(s, t, &done, e);
}

static int
take_all(struct state *s, const struct state *base, bool measure, struct err *e)
{
	char tables[FORMAT_SIZE_LEN], rows[FORMAT_SIZE_LEN];
	uint64_t ntables = 0, nrows = 0;

	for (size_t i = 0; i < s->ntables; i++) {
		struct table *t = s->tables[i];
		const struct table *old = state_find(base, t->rec.schema, t->rec.name);

		if (!t->listed || t->is_done || !is_unchanged(t, old, measure))
			continue;
		if (take(s, t, &old->done, e) < 0)
			return -1;
		ntables++;
		nrows += old->done.rows;
	}
	log_info("%s tables, %s rows, are as they were in run %s, and are not read", format_count(ntables, tables), format_count(nrows, rows),
	    s->header.base);
	return 0;
}

int
unchanged_take(struct state *s, bool measure, struct spool *spool, struct err *e)
{
	struct state *base;
	struct err trouble;
	int rc = 0;

	if (s->header.base == NULL)
		return 0;
	/* a run that goes on may find that its base was removed from the spool: what is out already does not need it any more */
	if (state_load(spool, s->header.base, &base, &trouble) < 0) {
		log_warning("run %s cannot be compared with: %s; every table that is not out yet is read", s->header.base, trouble.text);
		return 0;
	}
	if (!base->has_header || strcmp(base->header.digest, s->header.digest) != 0 || json_equal(base->header.settings, s->header.settings) == 0)
		log_warning("run %s was written under other settings: every table is read", s->header.base);
	else
		rc = take_all(s, base, measure, e);
	state_close(base);
	return rc;
}
