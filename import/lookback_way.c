/* lookback_way.c -- under --replace: what the run has otherwise than it is here, or not any more. */
#include "prelude.h"

#include "anew.h"
#include "err.h"
#include "ledger.h"
#include "left_over.h"
#include "lookback_internal.h"
#include "opt.h"

/* The uppermost table here that TABLE is a partition of, or itself: partitions go and come with their root. */
static const char *
top(const struct lookback *l, const char *table)
{
	for (int level = 0; level < LOOKBACK_DEEPEST; level++) {
		const char *next = lookback_above(l, table);

		if (next == NULL || !keyset_has(l->here, next))
			break;
		table = next;
	}
	return table;
}

/* THING goes, or is told; -1 when that ends the load. */
static int
drop(struct lookback *l, const struct anew *a, const char *thing, struct err *e)
{
	if (anew_drop(a, thing, e) == 0) {
		keyset_free(l->here);
		l->here = NULL;
		return made_here(a->db, &l->here, e);
	}
	if (e->code != ERR_DATABASE && e->code != ERR_DIFFERS)
		return -1;
	findings_warn(l->findings, NULL, NULL, "%s %s, and stays: %s%s%s", thing, keyset_has(a->things, thing) ? "is otherwise in the run" : "is gone at the source",
	    e->text, e->hint[0] != '\0' ? "; " : "", e->hint);
	return 0;
}

static bool
is_droppable(const char *thing)
{
	return strncmp(thing, TABLE, strlen(TABLE)) == 0 || strncmp(thing, "view ", strlen("view ")) == 0 ||
	    strncmp(thing, "materialized view ", strlen("materialized view ")) == 0;
}

/* TABLE is a partition of something here. */
static bool
is_attached(const struct lookback *l, const char *table)
{
	char *thing = mem_printf(PARTITION "%s", table + strlen(TABLE));
	bool attached = keyset_has(l->here, thing);

	free(thing);
	return attached;
}

static int
drop_altered(struct lookback *l, const struct anew *a, const struct keyset *done, struct err *e)
{
	struct keyset *tried = keyset_new();
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < l->n; i++) {
		const char *thing = l->at[i].made.thing;

		if (thing != NULL && strncmp(thing, TABLE, strlen(TABLE)) == 0 && lookback_above(l, thing) == NULL && is_attached(l, thing))
			keyset_add(l->differs, thing);
		if (!lookback_is_new(l, &l->at[i], done) || !is_droppable(thing) || !keyset_has(l->here, thing))
			continue;
		keyset_add(l->differs, thing);
		thing = top(l, thing);
		if (keyset_has(a->made, thing) && !keyset_has(tried, thing))
			rc = drop(l, a, thing, e);
		keyset_add(tried, thing);
	}
	keyset_free(tried);
	return rc;
}

static int
drop_gone(struct lookback *l, const struct anew *a, char *const *made, size_t n, struct err *e)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < n; i++)
		if (strncmp(made[i], TABLE, strlen(TABLE)) == 0 && keyset_has(l->here, made[i]) && !keyset_has(l->things, made[i]))
			rc = drop(l, a, made[i], e);
	return rc;
}

static int
drop_all(struct lookback *l, struct db *db, const struct keyset *done, char *const *made, size_t n, struct err *e)
{
	struct anew a = { .db = db, .run = l->run, .made = l->made, .things = l->things, .gone = opt_flag(l->opts, OPT_ID_drop_gone) };

	if (a.gone && !left_over_is_told(l->run))
		return err_set(e, ERR_USAGE, "--drop-gone: run %s has only a part of its database, so that nothing says what is gone", l->run->id);
	if (a.gone && drop_gone(l, &a, made, n, e) < 0)
		return -1;
	return drop_altered(l, &a, done, e);
}

/* Tables and partitions are told when the rows are there (left_over.h). */
int
lookback_tell_gone(const struct lookback *l, struct db *db, struct err *e)
{
	char **made;
	size_t n;

	if (!left_over_is_told(l->run))
		return 0;
	if (ledger_made(db, l->run->header.source_id, &made, &n, e) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		if (strncmp(made[i], TABLE, strlen(TABLE)) != 0 && strncmp(made[i], PARTITION, strlen(PARTITION)) != 0 && keyset_has(l->here, made[i]) &&
		    !keyset_has(l->things, made[i]))
			findings_warn(l->findings, NULL, NULL, "%s was made by an earlier run; this run does not have it, and it stays: drop it where it is not needed", made[i]);
		free(made[i]);
	}
	free(made);
	return 0;
}

int
lookback_clear(struct lookback *l, struct db *db, const struct keyset *done, struct err *e)
{
	char **made;
	size_t n;
	int rc = ledger_made(db, l->run->header.source_id, &made, &n, e);

	if (rc < 0)
		return -1;
	l->made = keyset_new();
	for (size_t i = 0; i < n; i++)
		keyset_add(l->made, made[i]);
	if (!opt_flag(l->opts, OPT_ID_schema_only))
		rc = drop_all(l, db, done, made, n, e);
	for (size_t i = 0; i < n; i++)
		free(made[i]);
	free(made);
	return rc;
}
