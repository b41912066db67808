/* adapt.h -- a statement of the source's schema, made fit for another kind of destination.
 *
 * Statements come from sqlsplit, one after another in the order of the text: what is known of one (an external
 * table that is passed over, the partitions of a root) decides what becomes of later ones, so an adapter
 * sees all of a run's statements, pre-data before post-data, also those that were done by an earlier start.
 * What it does stands in one table of rules (adapt_rules.c).  Every change is told in a note.
 *
 * The text is hostile: whatever it is, an adapter ends, and gives statements that hold what the text held, in
 * quotes where it stood in quotes.  Memory: 16 bytes a token of one statement, and what it makes of it. */
#ifndef GPM_ADAPT_H
#define GPM_ADAPT_H

#include "buf.h"
#include "sqlsplit.h"

struct err;

/* The kinds of destinations; bits. */
enum adapt_to {
	ADAPT_POSTGRESQL = 1,
	ADAPT_GREENPLUM6 = 2,
	ADAPT_GREENPLUM7 = 4   /* and its kin: WarehousePG 7, Cloudberry, AnalyticDB for PostgreSQL 7 */
};

/* Names that are others at the destination. */
struct adapt_map {
	struct adapt_pair {
		const char *old, *new;
	} *at;
	size_t len;
};

struct adapter;

/* adapter_new(to, owners, tablespaces): both maps must outlive it; NULL is an empty one. */
struct adapter *adapter_new(enum adapt_to, const struct adapt_map *owners, const struct adapt_map *tablespaces) GPM_NODISCARD;
void adapter_free(struct adapter *); /* NULL is fine */

enum adapt_what {
	ADAPT_CHANGED,         /* the statement means what it meant, as far as this destination can */
	ADAPT_PASSED,          /* it is not run: what it makes has no place there */
	ADAPT_FOLLOWS          /* it is not run: it is about something that was passed over */
};

struct adapt_note {
	enum adapt_what what;
	const char *rule;      /* its name; static */
	char *text;            /* what was done, or why not */
};

/* What became of one statement. */
struct adapted {
	struct sql_statement *at; /* to be run in this order, all with the number and line of the one they came from, and parts
	                       * from 0 on; none when it is passed over */
	size_t len;
	struct adapt_note *notes;
	size_t nnotes;
	char *object;          /* what the statement is about: "table sales.lines"; never NULL */
};

/* adapter_take(a, s, out, e): ERR_FAILED for a statement of more than ADAPT_TOKENS tokens, which is not
 * adapted; the next one may be taken.  The caller releases OUT after 0. */
#define ADAPT_TOKENS ((size_t)16 << 20)
int adapter_take(struct adapter *, const struct sql_statement *s, struct adapted *out, struct err *) GPM_NODISCARD;
void adapted_release(struct adapted *);

/* adapter_each(a, section, text, fn, ctx, e): FN is given what becomes of each statement of TEXT, one after the other, until it fails. E names the
 * line of SECTION whose statement cannot be split or adapted. */
typedef int adapter_fn(void *ctx, const struct sql_statement *, struct err *);
int adapter_each(struct adapter *, const char *section, const struct buf *text, adapter_fn *, void *ctx, struct err *) GPM_NODISCARD;

/* adapt_object(s): what a statement is about, as in struct adapted; the caller frees. */
char *adapt_object(const struct sql_statement *) GPM_NODISCARD;

/* adapt_name(map, name): what NAME is at the destination; NAME itself when the map does not know it. */
const char *adapt_name(const struct adapt_map *, const char *name) GPM_NODISCARD;

#endif
